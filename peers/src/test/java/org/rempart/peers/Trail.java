/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.LoggerFactory;

/** The audit trail of what is delivered while it is open, kept instead of written. */
final class Trail implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Logger logger = (Logger) LoggerFactory.getLogger(AuditEvent.LOGGER_NAME);
    private final ListAppender<ILoggingEvent> kept = new ListAppender<>();

    Trail() {
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        kept.start();
        logger.addAppender(kept);
    }

    /** The last that is said of a domain; waited for, since a peer has a mail a moment before the trail tells of it. */
    String last(String domain) {
        List<String> events = Awaitility.await(domain + " in the trail")
                .atMost(PATIENCE)
                .until(() -> of(domain), lines -> !lines.isEmpty());
        return events.get(events.size() - 1);
    }

    private List<String> of(String domain) {
        List<ILoggingEvent> events;
        // The appender holds this lock while it adds.
        synchronized (kept) {
            events = new ArrayList<>(kept.list);
        }
        return events.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains("\"domain\":\"" + domain + "\""))
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(kept);
    }
}
