/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.util.List;
import org.apache.james.queue.api.MailQueue;

/** Whether a queue hands out mail only when its delay is over. James's API does not tell. */
public enum QueueDelay {
    /** It keeps delays. */
    KEPT,
    /** It hands out everything at once. */
    IGNORED,
    /** It is none of James's nor of ours. */
    UNKNOWN;

    private static final List<String> KEEPING = List.of(
            "org.apache.james.queue.memory.",
            "org.apache.james.queue.jms.",
            "org.apache.james.queue.activemq.",
            "org.apache.james.queue.pulsar.",
            "org.rempart.");

    private static final String IGNORING = "org.apache.james.queue.rabbitmq.";

    /** What is known of a queue, by the names of its class and of those that this extends. */
    public static QueueDelay of(MailQueue queue) {
        for (Class<?> kind = queue.getClass(); kind != null; kind = kind.getSuperclass()) {
            QueueDelay known = ofClass(kind.getName());
            if (known != UNKNOWN) {
                return known;
            }
        }
        return UNKNOWN;
    }

    static QueueDelay ofClass(String name) {
        if (name.startsWith(IGNORING)) {
            return IGNORED;
        }
        return KEEPING.stream().anyMatch(name::startsWith) ? KEPT : UNKNOWN;
    }
}
