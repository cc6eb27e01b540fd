/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.DataLineFilter;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailHook;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;
import org.rempart.policy.ledger.Admission;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.submission.RateLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits how much an account submits, as {@code <rate>} of the policy says, so that anyone who has stolen its password is
 * noticed and contained. For submission listeners, behind {@link OwnFromHook}, so that what the former refuse does not
 * count:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.AccountLimitsHook"/>
 * }</pre>
 *
 * A message counts once it is accepted, with all its recipients, on whichever listener; one that a later hook refuses or
 * fails at does not. MAIL and RCPT already ask whether
 * there would be room. What exceeds a limit is answered {@code 452 4.7.28}; with {@code then="hold"} the account is held
 * at that moment, the postmaster is told, and it, and all that the account tries from then on, is answered
 * {@code 550 5.7.28} until an administrator releases it; with {@code <held mail="keep"/>} it is taken, and marked for the
 * matcher AccountIsHeld, which puts it aside. While the store
 * that a cluster shares is away, all that accounts try is answered {@code 451 4.3.0}. A session without an account is not this
 * hook's business.
 */
public final class AccountLimitsHook extends PolicyHook
        implements MailHook, RcptHook, DataLineFilter, JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(AccountLimitsHook.class);

    /** Marks what was taken of a held account. */
    private static final Attribute KEPT = new Attribute(MailAttributes.KEPT_FOR_HELD_ACCOUNT, AttributeValue.of(true));

    private final SubmissionLedger ledger;

    private final AccountActivity activity;
    private final PostmasterNotice postmaster;

    @Inject
    AccountLimitsHook(
            SubmissionLedger ledger, AccountActivity activity, PostmasterNotice postmaster, ServerPolicy server) {
        super(server);
        this.ledger = ledger;
        this.activity = activity;
        this.postmaster = postmaster;
    }

    @Override
    void ready(FileSystem files) throws IOException {
        if (policy().submission().heldMail() == HeldMail.KEEP) {
            HeldMailCheck.check(files);
        }
    }

    /** What is in memory alone is written down before the server ends. */
    @Override
    public void destroy() {
        ledger.flush();
    }

    private List<RateLimit> limits() {
        return policy().submission().rates();
    }

    @Override
    public HookResult doMail(SMTPSession session, MaybeSender sender) {
        return ask(session, 1);
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        List<MailAddress> before =
                session.getAttachment(SMTPSession.RCPT_LIST, State.Transaction).orElseGet(List::of);
        return ask(session, before.size() + 1);
    }

    private HookResult ask(SMTPSession session, int recipients) {
        try {
            return Transaction.of(session)
                    .account()
                    .map(account -> answer(session, account, ledger.ask(account, limits(), recipients)))
                    .orElse(HookResult.DECLINED);
        } catch (LedgerAwayException away) {
            return undecided(session, away);
        }
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Transaction transaction = Transaction.of(session);
        Optional<Username> account = transaction.account();
        if (account.isEmpty()) {
            return HookResult.DECLINED;
        }
        activity.sent(account.get(), transaction.client(), subject(mail));
        try {
            return enter(session, transaction, account.get(), mail);
        } catch (LedgerAwayException away) {
            return undecided(session, away);
        }
    }

    private HookResult enter(SMTPSession session, Transaction transaction, Username account, Mail mail) {
        Admission admission =
                ledger.enter(account, limits(), mail.getRecipients().size());
        transaction.admit(admission);
        HookResult answer = answer(session, account, admission);
        if (isKept(admission)) {
            mail.setAttribute(KEPT);
            AuditTrail.event("held-kept", session)
                    .with("mail", mail.getName())
                    .recipients(mail.getRecipients())
                    .log();
        } else {
            admission.limit().ifPresent(limit -> transaction.refuse(limit.rule()));
        }
        return answer;
    }

    /** Nobody can tell what the account has sent, and whether it is held: it is asked to come again. */
    private static HookResult undecided(SMTPSession session, LedgerAwayException away) {
        LOGGER.debug("A submission could not be decided", away);
        AuditTrail.event("rate-undecided", session).log();
        return Answers.cannotDecide();
    }

    private static String subject(Mail mail) {
        try {
            String subject = mail.getMessage().getSubject();
            return subject == null ? "" : subject;
        } catch (MessagingException | RuntimeException unreadable) {
            return "";
        }
    }

    /** A message that is not taken in the end, for whatever reason, was not submitted. */
    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        if (!StrictLinesFilter.isEndOfMessage(line)) {
            return next.onLine(session, line);
        }
        // James forgets it before it answers.
        Transaction transaction = Transaction.of(session);
        boolean taken = false;
        try {
            Response answer = next.onLine(session, line);
            taken = answer != null && answer.getRetCode().startsWith("2");
            return answer;
        } finally {
            if (!taken) {
                transaction.withdraw();
            }
        }
    }

    private HookResult answer(SMTPSession session, Username account, Admission admission) {
        if (admission.isAdmitted()) {
            return HookResult.DECLINED;
        }
        if (admission.limit().isEmpty()) {
            if (isKept(admission)) {
                return HookResult.DECLINED;
            }
            AuditTrail.event("held-refused", session).log();
            return refused();
        }
        RateLimit limit = admission.limit().get();
        audit("rate-exceeded", session, limit, admission);
        if (limit.then() == RateLimit.Then.DEFER) {
            return Answers.refuseForNow("452", "4.7.28 Too much mail for now, try again later");
        }
        audit("held", session, limit, admission);
        LOGGER.warn(
                "{} is held: {} ({} messages and {} recipients in the window)",
                account.asString(),
                limit.rule(),
                admission.messages(),
                admission.recipients());
        ledger.held(account)
                .ifPresent(hold -> postmaster.held(hold, policy().submission().heldMail()));
        return isKept(admission) ? HookResult.DECLINED : refused();
    }

    /** Whether it is of an account that is held, before or by it, and what such send is kept. */
    private boolean isKept(Admission admission) {
        boolean isOfAHeldAccount = admission.holds()
                || (!admission.isAdmitted() && admission.limit().isEmpty());
        return isOfAHeldAccount && policy().submission().heldMail() == HeldMail.KEEP;
    }

    private static HookResult refused() {
        return Answers.refuse("550", "5.7.28 Too much mail; the account is held");
    }

    private static void audit(String event, SMTPSession session, RateLimit limit, Admission admission) {
        AuditTrail.event(event, session)
                .with("messages", admission.messages())
                .with("recipientCount", admission.recipients())
                .rule(limit.rule())
                .log();
    }
}
