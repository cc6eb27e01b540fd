/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.queue.api.MailQueue;
import org.rempart.mailet.delivery.delay.DelayedQueue;
import org.rempart.mailet.delivery.delay.QueueDelay;
import org.rempart.mailet.delivery.delay.SharedDelayIndex;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.shared.SharedStore;

/**
 * The queue that a delivery takes its mail from, which has to keep delays: on one that hands out everything at once, a server
 * that says "later" would be asked a dozen times within seconds, and the sender told that it failed.
 */
final class OutgoingQueue {
    private static final String IN_THE_QUEUE = "queue";
    private static final String DELAYED = "file://var/delayed/";

    private OutgoingQueue() {}

    /**
     * The queue, with delays.
     *
     * @throws MessagingException when they would be lost, with the line to add
     */
    static MailQueue withDelays(
            MailQueue queue, DeliveryConfiguration configuration, MailRepositoryStore repositories, FileSystem files)
            throws MessagingException {
        String which = "SecureRemoteDelivery: the queue " + queue.getName().asString() + ", a "
                + queue.getClass().getSimpleName();
        Optional<String> place = configuration.delayedMail();
        boolean inTheQueue = place.isEmpty() || place.get().equals(IN_THE_QUEUE);
        QueueDelay delay = QueueDelay.of(queue);
        if (delay == QueueDelay.IGNORED && inTheQueue) {
            throw new MessagingException(which
                    + ", ignores delays, so that all tries of a mail would follow each other at once; add"
                    + " <delayedMail>cassandra://var/mail/delayed/</delayedMail>, and <shared store=\"…\"/> to the"
                    + " policy file");
        }
        if (delay == QueueDelay.UNKNOWN && place.isEmpty()) {
            throw new MessagingException(which
                    + ", is not known to keep delays; add <delayedMail>queue</delayedMail> if it does, else"
                    + " <delayedMail>URL of a mail repository</delayedMail>, and <shared store=\"…\"/> to the"
                    + " policy file");
        }
        if (delay == QueueDelay.KEPT && !inTheQueue) {
            throw new MessagingException(which + ", keeps delays itself; remove <delayedMail>");
        }
        return inTheQueue ? queue : delaying(queue, configuration, repositories, files);
    }

    private static MailQueue delaying(
            MailQueue queue, DeliveryConfiguration configuration, MailRepositoryStore repositories, FileSystem files)
            throws MessagingException {
        MailRepository repository = configuration.delayedMail(repositories);
        String name = queue.getName().asString();
        try {
            // As all that servers share, it is named there, whatever other policy file a mailet has.
            SharedPolicy shared = PolicyFile.read(PolicyFile.DEFAULT_URL, files::getResource)
                    .shared()
                    .orElseThrow(() -> new MessagingException("SecureRemoteDelivery: <delayedMail> needs the store by"
                            + " which servers agree who tries a mail again; add <shared store=\"…\"/> to the policy"
                            + " file"));
            SharedStore store = SharedStore.open(shared, files::getResource);
            return new DelayedQueue(
                    queue,
                    repository,
                    new SharedDelayIndex(store, name),
                    files.getFile(DELAYED).toPath().resolve(name.replaceAll("[^A-Za-z0-9_-]", "_")));
        } catch (PolicyException | IOException fault) {
            throw new MessagingException("SecureRemoteDelivery: " + fault.getMessage(), fault);
        }
    }
}
