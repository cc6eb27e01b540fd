/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.james.smtpserver.futurerelease.FutureReleaseMailParameterHook;
import org.apache.james.smtpserver.futurerelease.FutureReleaseParameters;
import org.apache.mailet.Mail;
import org.rempart.message.HeaderBlock;
import org.rempart.message.RawMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a message into the spool, and answers 250 when it is there. It is one of {@link CoreHandlers}. When the message
 * can't be stored, the client is told whether that is for want of room ({@code 452 4.3.1}) or for another reason
 * ({@code 451 4.3.0}), and keeps it; James answers {@code 451 4.0.0} to both.
 *
 * <p>A message of an account gets the Date and the Message-ID that it lacks (RFC 6409, section 8), unless it is signed: its
 * signature may say that there is none.
 */
public final class SpoolHook implements JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(SpoolHook.class);

    private static final SecureRandom RANDOM = new SecureRandom();

    private final MailQueueFactory<?> queues;
    private final Clock clock = Clock.systemUTC();
    private MailQueue spool;

    @Inject
    public SpoolHook(MailQueueFactory<?> queues) {
        this.queues = queues;
    }

    @Override
    public void init(Configuration config) throws ConfigurationException {
        spool = queues.createQueue(MailQueueFactory.SPOOL);
    }

    @Override
    public void destroy() {
        try {
            spool.close();
        } catch (IOException left) {
            LOGGER.warn("The spool could not be closed: {}", left.getMessage());
        }
    }

    private void complete(Mail mail, String host) throws MessagingException, IOException {
        try (RawMessage message = RawMessage.of(mail)) {
            HeaderBlock header = message.header();
            if (holds(header, "DKIM-Signature")) {
                return;
            }
            HeaderBlock complete = header;
            if (!holds(header, "Date")) {
                complete = HeaderBlock.parse(
                        complete.append("Date: " + ReceivedFilter.DATE.format(ZonedDateTime.now(clock))));
            }
            if (!holds(header, "Message-ID")) {
                String id = new BigInteger(128, RANDOM).toString(36) + '@' + host;
                complete = HeaderBlock.parse(complete.append("Message-ID: <" + id + ">"));
            }
            if (complete != header) {
                message.replaceHeader(complete.bytes());
            }
        }
    }

    private static boolean holds(HeaderBlock header, String name) {
        return header.fields().stream().anyMatch(field -> field.isNamed(name));
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Optional<Duration> hold = session.getAttachment(
                        FutureReleaseMailParameterHook.FUTURERELEASE_HOLDFOR, State.Transaction)
                .map(FutureReleaseParameters.HoldFor::value);
        try {
            if (Transaction.of(session).account().isPresent()) {
                complete(mail, session.getConfiguration().getHelloName());
            }
            RawMessage.keepBytes(mail);
            if (hold.isPresent()) {
                spool.enQueue(mail, hold.get());
            } else {
                spool.enQueue(mail);
            }
        } catch (MessagingException | IOException | RuntimeException failure) {
            if (StorageFailure.isFull(failure)) {
                LOGGER.error("{} is not taken: there is no room for it", mail.getName());
                return Answers.refuseForNow("452", "4.3.1 Insufficient system storage");
            }
            LOGGER.error("{} is not taken: it could not be stored", mail.getName(), failure);
            return Answers.cannotDecide();
        }
        LOGGER.info("{} is in the spool", mail.getName());
        return HookResult.builder()
                .hookReturnCode(HookReturnCode.ok())
                .smtpReturnCode("250")
                .smtpDescription("2.6.0 Message received")
                .build();
    }
}
