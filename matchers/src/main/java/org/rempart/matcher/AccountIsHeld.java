/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.message.MailAttributes;
import org.rempart.message.MailOrigin;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.SubmissionLedger;

/**
 * Matches mail of an account that is held. In a James whose queue does not ask by itself (the packaged server's does), it
 * keeps what the account submitted before it was held from leaving, as far as it is not in an outgoing queue yet:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.AccountIsHeld" class="ToRepository">
 *   <repositoryPath>memory://var/mail/held/</repositoryPath>
 * </mailet>
 * }</pre>
 *
 * With the condition {@code kept} it matches only what such an account submitted while it was held already, which
 * {@code <held mail="keep"/>} of the policy has taken. That has to be put aside before anything else is done with it:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.AccountIsHeld=kept" class="ToRepository">
 *   <repositoryPath>memory://var/mail/held/</repositoryPath>
 *   <onMatchException>matchall</onMatchException>
 * </mailet>
 * }</pre>
 *
 * There is no other condition. While the store that a cluster shares is away, it throws for mail of accounts.
 */
public final class AccountIsHeld extends GenericMatcher {
    private static final String KEPT = "kept";

    private final SubmissionLedger ledger;
    private boolean keptOnly;

    @Inject
    public AccountIsHeld(SubmissionLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void init() throws MessagingException {
        keptOnly = KEPT.equals(getCondition());
        if (!keptOnly && !Conditions.isAbsent(getCondition())) {
            throw new MessagingException("AccountIsHeld=" + getCondition()
                    + ": there is no such condition; write match=\"org.rempart.matcher.AccountIsHeld\", or"
                    + " AccountIsHeld=kept for what was submitted while the account was held");
        }
    }

    @Override
    public Collection<MailAddress> match(Mail mail) throws MessagingException {
        if (keptOnly && mail.getAttribute(MailAttributes.KEPT_FOR_HELD_ACCOUNT).isEmpty()) {
            return List.of();
        }
        Optional<String> account = MailOrigin.account(mail);
        try {
            return account.flatMap(name -> ledger.held(Username.of(name))).isPresent()
                    ? mail.getRecipients()
                    : List.of();
        } catch (LedgerAwayException away) {
            throw new MessagingException(
                    "AccountIsHeld: can't tell whether " + account.orElseThrow() + " is held", away);
        }
    }

    @Override
    public String getMatcherInfo() {
        return "Matches mail of an account that is held";
    }
}
