/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.base.GenericMailet;
import org.junit.jupiter.api.Test;

class RestoreMessageIdsTest {
    private static RestoreMessageIds restore(String... parameters) throws MessagingException {
        return Server.start(new RestoreMessageIds(Server.policy(Map.of()), Server.domains(true)), parameters);
    }

    private static String through(GenericMailet mailet, String message) throws Exception {
        MailImpl mail = Server.mail(message.getBytes(ISO_8859_1));
        mailet.service(mail);
        String result = new String(Server.bytes(mail), ISO_8859_1);
        LifecycleUtil.dispose(mail);
        return result;
    }

    @Test
    void answerComesBackIntoItsThread() throws Exception {
        String body = "\r\n\r\nMessage-ID: in the body\r\n";
        String sent = through(Server.stripHeaders(), "Message-ID: <a@ex01.ours.example>" + body);
        assertThat(sent).doesNotContain("ex01").endsWith(body);
        String answer = sent.replace("Message-ID: <", "X-A: b\r\nin-reply-to: <b@c.example> <");
        assertThat(through(restore(), answer))
                .isEqualTo("X-A: b\r\nin-reply-to: <b@c.example> <a@ex01.ours.example>" + body);
        assertThat(through(restore("publicName", "ours.example"), answer)).contains("<a@ex01.ours.example>");
        assertThat(through(restore("publicName", "other.example"), answer)).isEqualTo(answer);
    }

    @Test
    void otherMailIsWrittenAsItCame() throws Exception {
        String other = "Subject: \u00ff\r\nmime-version: 1.0 (x)\r\nReferences: <a@b.example>\r\n\r\nbody";
        assertThat(through(restore(), other)).isEqualTo(other);
        MailImpl mail = Server.mail(other.getBytes(ISO_8859_1));
        restore().service(mail);
        // As local delivery does it.
        mail.getMessage().addHeader("Delivered-To", "bob@ours.example");
        ByteArrayOutputStream delivered = new ByteArrayOutputStream();
        mail.getMessage().writeTo(delivered);
        assertThat(delivered.toString(ISO_8859_1))
                .contains("Subject: \u00ff\r\n", "mime-version: 1.0 (x)\r\n", "Delivered-To: bob@ours.example\r\n")
                .endsWith("\r\n\r\nbody");
        LifecycleUtil.dispose(mail);
        restore().service(MailImpl.builder().name("no message").build());
    }

    @Test
    void wrongParametersStopTheStart() {
        assertThatThrownBy(() -> restore("publicName", "*"))
                .hasMessage(
                        "RestoreMessageIds: <publicName>*</publicName> is no host name; write the public name of the"
                                + " mail server");
        assertThatThrownBy(() -> restore("publicName", "a.example", "policy", "file://conf/x.xml"))
                .hasMessageContaining("exclude each other");
        assertThatThrownBy(() -> restore("policy", "file://conf/x.xml")).isInstanceOf(MessagingException.class);
    }

    @Test
    void keyThatIsNoneStopsTheStart() throws Exception {
        restore();
        Path key = Server.VAR.toPath().resolve("message-ids.key");
        String good = Files.readString(key);
        assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
        try {
            for (String bad : new String[] {"", "AAAA", "not base64!"}) {
                Files.writeString(key, bad);
                assertThatThrownBy(RestoreMessageIdsTest::restore)
                        .isInstanceOf(MessagingException.class)
                        .hasMessageStartingWith("RestoreMessageIds: the key of message ids, " + key + ", can't be used")
                        .hasMessageContaining("32 bytes in base64");
            }
        } finally {
            Files.writeString(key, good);
        }
    }

    @Test
    void keyIsNotWrittenWhereNothingIsRewritten() throws Exception {
        Path key = Server.VAR.toPath().resolve("message-ids.key");
        Files.deleteIfExists(key);
        Server.stripHeaders("strip", "X-A", "values", "keep");
        assertThat(key).doesNotExist();
    }
}
