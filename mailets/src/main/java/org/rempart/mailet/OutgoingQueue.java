/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import javax.mail.MessagingException;
import org.apache.james.queue.api.MailQueue;
import org.rempart.mailet.delivery.delay.QueueDelay;

/**
 * The queue that a delivery takes its mail from, which has to keep delays: on one that hands out everything at once, a server
 * that says "later" would be asked a dozen times within seconds, and the sender told that it failed.
 */
final class OutgoingQueue {
    private OutgoingQueue() {}

    /**
     * The queue, which keeps delays.
     *
     * @throws MessagingException when it does not, or is not known to
     */
    static MailQueue withDelays(MailQueue queue, DeliveryConfiguration configuration) throws MessagingException {
        String which = "SecureRemoteDelivery: the queue " + queue.getName().asString() + ", a "
                + queue.getClass().getSimpleName();
        QueueDelay delay = QueueDelay.of(queue);
        if (delay == QueueDelay.IGNORED) {
            throw new MessagingException(which
                    + ", ignores delays, so that all tries of a mail would follow each other at once; use a James whose"
                    + " queue keeps them, such as the packaged server");
        }
        if (delay == QueueDelay.UNKNOWN && !configuration.delaysAreInTheQueue()) {
            throw new MessagingException(
                    which + ", is not known to keep delays; add <delayedMail>queue</delayedMail> if it does");
        }
        return queue;
    }
}
