/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.MailAttributes;
import org.rempart.message.RawMessage;

/**
 * Tells the recipients of a mail that its sender claims to be of our domains, or of another one that asks for it, and has not
 * proved it: puts a field before the first one where {@code SpoofedSenderHook} or {@code SenderProofHook} has marked the mail. Everything else stays byte for byte. For the local
 * delivery:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.MarkUnverifiedSender">
 *   <name>X-Unverified-Sender</name>
 * </mailet>
 * }</pre>
 *
 * Parameter {@code name}: the field's name, {@code X-Unverified-Sender} where it is not given. The field says where the
 * claim stands: {@code envelope}, {@code from}, {@code name} or {@code unreadable};
 * {@code dmarc}: the domain of From says that mail like this is not its own.
 */
public final class MarkUnverifiedSender extends GenericMailet {
    private static final String NAME = "name";
    private static final String FIELD = "X-Unverified-Sender";

    private String field;

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(this, NAME);
        field = parameters.text(NAME).orElse(FIELD);
        if (!field.matches("[A-Za-z0-9-]{1,76}")) {
            throw parameters.fault(NAME, field, "is no field name", "write " + FIELD);
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        Optional<String> where =
                AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class);
        if (where.isEmpty() || mail.getMessage() == null) {
            return;
        }
        // Several recipients may bring it here again.
        mail.removeAttribute(MailAttributes.UNVERIFIED_SENDER);
        try (RawMessage message = RawMessage.of(mail)) {
            message.replaceHeader(message.header().prepend(field + ": " + where.get() + "\r\n"));
        } catch (IOException | RuntimeException unread) {
            throw new MessagingException("MarkUnverifiedSender: the header can't be read", unread);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Tells the recipients of a mail that its sender is not verified";
    }
}
