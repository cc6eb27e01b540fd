/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.Collection;
import java.util.List;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMatcher;
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
 * It takes no condition.
 */
public final class AccountIsHeld extends GenericMatcher {
    private final SubmissionLedger ledger;

    @Inject
    public AccountIsHeld(SubmissionLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void init() throws MessagingException {
        if (!Conditions.isAbsent(getCondition())) {
            throw new MessagingException("AccountIsHeld=" + getCondition()
                    + ": it takes no condition; write match=\"org.rempart.matcher." + "AccountIsHeld\"");
        }
    }

    @Override
    public Collection<MailAddress> match(Mail mail) {
        return SubmittedBy.account(mail)
                        .flatMap(account -> ledger.held(Username.of(account)))
                        .isPresent()
                ? mail.getRecipients()
                : List.of();
    }

    @Override
    public String getMatcherInfo() {
        return "Matches mail of an account that is held";
    }
}
