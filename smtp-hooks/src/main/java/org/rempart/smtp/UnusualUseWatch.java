/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.UnusualUseLedger;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.submission.SubmissionPolicy;
import org.rempart.policy.submission.UnusualUse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what an account's owner hardly does, as {@code <unusual>} of the policy says. The postmaster is told, once within
 * the window; with {@code then="hold"} the account is held.
 */
final class UnusualUseWatch {
    private static final Logger LOGGER = LoggerFactory.getLogger(UnusualUseWatch.class);

    private final SubmissionLedger ledger;
    private final UnusualUseLedger signs;
    private final PostmasterNotice postmaster;

    @Inject
    UnusualUseWatch(SubmissionLedger ledger, UnusualUseLedger signs, PostmasterNotice postmaster) {
        this.ledger = ledger;
        this.signs = signs;
        this.postmaster = postmaster;
    }

    /** The account has logged in. */
    void loggedIn(SMTPSession session, Username account, SubmissionPolicy policy) {
        for (UnusualUse sign : policy.unusual()) {
            if (sign.sign() == UnusualUse.Sign.NETWORKS && signs.loggedIn(account, SmtpFacts.client(session), sign)) {
                act(sign, session, account, policy.heldMail());
            }
        }
    }

    /** A recipient was refused to the account. Those of a held account are no news: the postmaster was told. */
    void refused(SMTPSession session, Username account, SubmissionPolicy policy) {
        List<UnusualUse> bursts = policy.unusual().stream()
                .filter(sign -> sign.sign() == UnusualUse.Sign.REFUSED)
                .collect(Collectors.toList());
        // The ledger may be another server, and most policies ask for nothing of the kind.
        if (bursts.isEmpty() || ledger.keepsWaiting(account)) {
            return;
        }
        for (UnusualUse sign : bursts) {
            if (signs.refused(account, sign)) {
                act(sign, session, account, policy.heldMail());
            }
        }
    }

    /** Writes down what is in memory alone; called when the server stops. */
    void flush() {
        signs.flush();
    }

    private void act(UnusualUse sign, SMTPSession session, Username account, HeldMail mail) {
        AuditTrail.event("unusual", session).rule(sign.rule()).log();
        if (sign.then() == UnusualUse.Then.NOTIFY) {
            postmaster.unusual(account, sign.rule());
            return;
        }
        Hold hold = Hold.of(account, Instant.now(), sign.rule().toString(), 0, 0);
        try {
            if (ledger.hold(hold)) {
                AuditTrail.event("held", session).rule(sign.rule()).log();
                postmaster.held(hold, mail);
            }
        } catch (LedgerAwayException away) {
            LOGGER.error("{} could not be held: {}", account.asString(), away.getMessage());
            postmaster.unusual(account, sign.rule());
        }
    }
}
