/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.util.Optional;
import java.util.function.Predicate;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.mailet.Mail;
import org.rempart.message.MailOrigin;

/**
 * Keeps queues of outgoing mail from handing out what a held account has submitted. The question is asked each time a mail
 * is handed out, so there is no moment between the hold and the queue in which one slips through; what is being delivered
 * then is the last.
 */
final class HeldAccounts {
    /** No account is held. */
    static final HeldAccounts NONE = new HeldAccounts(account -> false);

    private final Predicate<String> isHeld;

    /** @param isHeld whether an account, in lower case, may not send */
    HeldAccounts(Predicate<String> isHeld) {
        this.isHeld = isHeld;
    }

    /** The account that the mail has to wait for, if it has to. What is in the spool goes on: part of it is for us. */
    Optional<String> of(MailQueueName queue, Mail mail) {
        return queue.equals(MailQueueFactory.SPOOL)
                ? Optional.empty()
                : MailOrigin.account(mail).filter(isHeld);
    }

    /** What such a mail is held for, in words. */
    static String reason(String account) {
        return "the account " + account + " is held";
    }
}
