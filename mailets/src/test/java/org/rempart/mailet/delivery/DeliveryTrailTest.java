/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.policy.trail.AuditPolicy;
import org.rempart.policy.trail.AuditPolicy.Form;
import org.rempart.policy.trail.Pseudonyms;
import org.rempart.testsupport.SmtpPeer;
import org.slf4j.LoggerFactory;

/** What the audit trail tells of a delivery. */
class DeliveryTrailTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(AuditEvent.LOGGER_NAME);
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> recorder = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    };

    @BeforeEach
    void record() {
        recorder.setContext(logger.getLoggerContext());
        recorder.start();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(recorder);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(recorder);
        logger.setLevel(null);
        logger.setAdditive(true);
        AuditEvent.namePeople(AuditPolicy.of(Form.PLAIN, Form.HASHED), Pseudonyms.ofRandomKey());
    }

    /** The event of this name that one mail to two recipients leaves, of whom the peer knows one. */
    private String told(String event) throws Exception {
        try (SmtpPeer peer = SmtpPeer.start();
                DeliveryRig rig = new DeliveryRig().through(peer)) {
            peer.answers(
                    "RCPT",
                    command -> command.contains("gone") ? "550 5.1.1 <Gone@there.example>: no such user" : null);
            rig.start().send(DeliveryRig.MESSAGE, "bob@there.example", "gone@there.example");
            await().atMost(DeliveryRig.PATIENCE)
                    .until(() -> !rig.queue().endings().isEmpty());
        }
        List<String> found = lines.stream()
                .filter(line -> line.contains("\"event\":\"" + event + "\""))
                .collect(Collectors.toList());
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    @Test
    void recipientsArePlain() throws Exception {
        assertThat(told("delivery"))
                .contains(
                        "\"bob@there.example delivered: 250 2.0.0 Taken\"",
                        "\"gone@there.example failed: 550 5.1.1 <Gone@there.example>: no such user\"");
    }

    @Test
    void recipientsAreHashedWhereThePolicySaysSo() throws Exception {
        Pseudonyms pseudonyms = Pseudonyms.ofRandomKey();
        AuditEvent.namePeople(AuditPolicy.of(Form.HASHED, Form.HASHED), pseudonyms);
        String gone = pseudonyms.of("gone@there.example");
        assertThat(told("delivery"))
                .doesNotContain("bob@", "one@there")
                .contains(
                        "\"" + pseudonyms.of("bob@there.example") + " delivered: ",
                        "\"" + gone + " failed: 550 5.1.1 <" + gone + ">: no such user\"",
                        "\"sender\":\"alice@ours.example\"");
        assertThat(lines)
                .anySatisfy(line -> assertThat(line)
                        .contains(
                                "\"event\":\"undelivered\"",
                                "\"recipients\":[\"" + gone + "\"]",
                                "<" + gone + ">: no such user"));
        assertThat(lines).allSatisfy(line -> assertThat(line).doesNotContain("bob@", "one@there"));
    }
}
