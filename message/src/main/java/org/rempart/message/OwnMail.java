/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.ByteArrayInputStream;
import java.util.Collection;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.MailetContext;

/** Mail that the server itself writes: notices and reports. */
public final class OwnMail {
    private OwnMail() {}

    /**
     * Sends a mail with the null sender, so that nothing answers it (RFC 5321, 4.5.5).
     *
     * @param server what takes the mail
     * @param name the mail's name, unique on this server
     * @param recipients who gets it
     * @param message the message's bytes
     * @param attributes of the mail
     * @throws MessagingException when the server does not take it
     */
    public static void send(
            MailetContext server,
            String name,
            Collection<MailAddress> recipients,
            byte[] message,
            Attribute... attributes)
            throws MessagingException {
        MailImpl mail = MailImpl.builder().name(name).addRecipients(recipients).build();
        for (Attribute attribute : attributes) {
            mail.setAttribute(attribute);
        }
        try {
            // Given to the builder, the message would be copied, and nobody would dispose of the first.
            mail.setMessageNoCopy(new RawMimeMessage(
                    MimeMessageInputStreamSource.create("own-" + name, new ByteArrayInputStream(message))));
            mail.setAttribute(new Attribute(MailAttributes.OWN, AttributeValue.of(true)));
            server.sendMail(mail);
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }
}
