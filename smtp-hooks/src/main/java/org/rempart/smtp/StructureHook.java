/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Mail;
import org.rempart.message.MimeStructure;
import org.rempart.message.RawMessage;
import org.rempart.message.WrapperSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses a message whose parts are nested deeper than {@value MimeStructure#DEEPEST} levels, or are more than
 * {@value MimeStructure#MOST_PARTS}, with {@code 554 5.6.0}: anyone who opens it later, a mail program over IMAP or a filter,
 * would work on it for long, or not get to its end. One of {@link MxHandlers} and {@link SubmissionHandlers}:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.StructureHook"/>
 * }</pre>
 */
public final class StructureHook implements ListenerHook, JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(StructureHook.class);

    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        MimeStructure.Excess excess;
        try (InputStream message = bytes(mail)) {
            excess = MimeStructure.excess(message);
        } catch (IOException | MessagingException unreadable) {
            LOGGER.error("{} can't be read: {}", mail.getName(), unreadable.getMessage());
            return Answers.cannotDecide();
        }
        switch (excess) {
            case TOO_DEEP:
                return Answers.refuse("554", "5.6.0 The parts of the message are nested too deeply");
            case TOO_MANY_PARTS:
                return Answers.refuse("554", "5.6.0 The message has too many parts");
            case NONE:
                return HookResult.DECLINED;
        }
        throw new AssertionError(excess);
    }

    /** The message as it came. */
    static InputStream bytes(Mail mail) throws MessagingException, IOException {
        MimeMessage message = mail.getMessage();
        if (message instanceof MimeMessageWrapper && !((MimeMessageWrapper) message).isModified()) {
            MimeMessageSource source = WrapperSource.of((MimeMessageWrapper) message);
            if (source != null) {
                return source.getInputStream();
            }
        }
        try (RawMessage raw = RawMessage.of(mail)) {
            return new ByteArrayInputStream(raw.whole());
        }
    }
}
