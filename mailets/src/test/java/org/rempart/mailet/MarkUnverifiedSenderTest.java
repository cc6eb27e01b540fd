/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.junit.jupiter.api.Test;
import org.rempart.message.MailAttributes;

class MarkUnverifiedSenderTest {

    /** With what James would write again, or stumble over. */
    private static final String MESSAGE = "From: \u00ff <alice@ours.example>\r\nMime-Version: 1.0 (odd)\r\n"
            + "Content-Type: ;;broken\r\n\r\nbody\r\n";

    private static String through(String mark, String... parameters) throws Exception {
        MarkUnverifiedSender mailet = Server.start(new MarkUnverifiedSender(), parameters);
        MailImpl mail = Server.mail(MESSAGE.getBytes(ISO_8859_1));
        if (mark != null) {
            mail.setAttribute(new Attribute(MailAttributes.UNVERIFIED_SENDER, AttributeValue.of(mark)));
        }
        mailet.service(mail);
        mailet.service(mail);
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).endsWith("\r\n\r\nbody\r\n");
        // James's writeTo makes question marks of what is not ASCII, whatever mailet a mail has been through: not
        // through it.
        try (InputStream message = ((MimeMessageWrapper) mail.getMessage()).getMessageInputStream()) {
            return new String(message.readAllBytes(), ISO_8859_1);
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void aMarkedMailGetsOneField() throws Exception {
        assertThat(through("envelope, from")).isEqualTo("X-Unverified-Sender: envelope, from\r\n" + MESSAGE);
        assertThat(through("name", "name", "X-Warning")).isEqualTo("X-Warning: name\r\n" + MESSAGE);
    }

    @Test
    void otherMailIsLeftAlone() throws Exception {
        assertThat(through(null)).isEqualTo(MESSAGE);
        MailImpl mail = Server.mail(MESSAGE.getBytes(ISO_8859_1));
        MimeMessageWrapper before = (MimeMessageWrapper) mail.getMessage();
        Server.start(new MarkUnverifiedSender()).service(mail);
        assertThat(mail.getMessage()).isSameAs(before);
        assertThat(before.isModified()).isFalse();
        LifecycleUtil.dispose(mail);
    }

    /** The form in which James sends and stores it. */
    @Test
    void whatJamesWritesOfAMarkedMailIsTheSame() throws Exception {
        MailImpl mail = Server.mail(MESSAGE.getBytes(ISO_8859_1));
        mail.setAttribute(new Attribute(MailAttributes.UNVERIFIED_SENDER, AttributeValue.of("from")));
        Server.start(new MarkUnverifiedSender()).service(mail);
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).isEqualTo("X-Unverified-Sender: from\r\n" + MESSAGE);
        LifecycleUtil.dispose(mail);
    }

    @Test
    void wrongParametersStopTheStart() {
        assertThatThrownBy(() -> through("from", "name", "X: Y"))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("is no field name; write X-Unverified-Sender");
        assertThatThrownBy(() -> through("from", "names", "X")).hasMessageContaining("unknown parameter <names>");
    }
}
