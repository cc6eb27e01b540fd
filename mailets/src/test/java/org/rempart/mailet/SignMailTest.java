/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;
import org.rempart.message.RawMimeMessage;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;

/** Which mail is signed, and with which keys. */
class SignMailTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_796_000_000);
    private static final String POLICY = "<policy><networks><network name='apps'>192.0.2.0/24</network></networks>"
            + "<relay><allow authenticated='true'/><allow network='apps' senderDomains='ours.example'/></relay>"
            + "<dkim><sign domain='ours.example' selector='r' key='conf/dkim/r.pem'/>"
            + "<sign domain='ours.example' selector='e' key='conf/dkim/e.pem'/>"
            + "<sign domain='lists.ours.example' selector='l' key='conf/dkim/e.pem'/></dkim></policy>";
    private static String rsa;
    private static String ed25519;

    @BeforeAll
    static void keys() throws Exception {
        rsa = DkimKey.generate(DkimKeyKind.RSA).pem();
        ed25519 = DkimKey.generate(DkimKeyKind.ED25519).pem();
    }

    private static SignMail mailet(Map<String, String> files) throws MessagingException {
        return Server.start(new SignMail(Server.policy(files), Server.domains(true), Clock.fixed(NOW, ZoneOffset.UTC)));
    }

    private static SignMail mailet() throws MessagingException {
        return mailet(Map.of(
                "file://conf/rempart.xml", POLICY,
                "file://conf/dkim/r.pem", rsa,
                "file://conf/dkim/e.pem", ed25519));
    }

    private static MailImpl mail(String from) throws MessagingException {
        MailImpl mail =
                Server.mail(("From: " + from + "\r\nSubject: caf\u00e9\r\n\r\nHello\n there\r\n").getBytes(ISO_8859_1));
        mail.setRemoteAddr("198.51.100.7");
        return mail;
    }

    private static MailImpl with(MailImpl mail, AttributeName name, Object value) {
        mail.setAttribute(new Attribute(name, AttributeValue.ofAny(value)));
        return mail;
    }

    private static MailImpl byAccount(String from) throws MessagingException {
        return with(mail(from), Mail.SMTP_AUTH_USER, "bob@ours.example");
    }

    /** The signatures that the mail has got, as domain and selector. */
    private static String signed(MailImpl mail) throws Exception {
        byte[] before = Server.bytes(mail);
        try {
            mailet().service(mail);
            String after = new String(Server.bytes(mail), ISO_8859_1);
            StringBuilder signatures = new StringBuilder();
            for (String field : after.split("\r\n(?![ \t])", -1)) {
                if (field.startsWith("DKIM-Signature:")) {
                    signatures.append(field.replaceAll("(?s).* d=([^;]+);\\s+s=([^;]+);.*", "$2@$1 "));
                }
            }
            if (signatures.length() == 0) {
                assertThat(after).isEqualTo(new String(before, ISO_8859_1));
            } else {
                assertThat(after).endsWith("Subject: caf\u00e9\r\n\r\nHello\n there\r\n");
            }
            return signatures.toString().trim();
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void mailOfAnAccountIsSignedWithEachKeyOfItsDomain() throws Exception {
        assertThat(signed(byAccount("Bob <bob@ours.example>"))).isEqualTo("r@ours.example e@ours.example");
        assertThat(signed(byAccount("bob@OURS.example"))).isEqualTo("r@ours.example e@ours.example");
        assertThat(signed(byAccount("bob@sub.ours.example"))).isEqualTo("r@ours.example e@ours.example");
        assertThat(signed(byAccount("news@lists.ours.example"))).isEqualTo("l@lists.ours.example");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"bob@foreign.example", "bob@notours.example", "\"bob@ours.example\" <bob@foreign.example>", "bob"
            })
    void aFromThatNoKeyIsForIsNotSigned(String from) throws Exception {
        assertThat(signed(byAccount(from))).isEmpty();
    }

    @Test
    void aStrangersMailIsNotSigned() throws Exception {
        assertThat(signed(mail("bob@ours.example"))).isEmpty();
        assertThat(signed(with(mail("bob@ours.example"), MailAttributes.GATE, true)))
                .isEmpty();
        assertThat(signed(with(mail("bob@ours.example"), Mail.SENT_BY_MAILET_ATTRIBUTE.getName(), true)))
                .isEmpty();
    }

    @Test
    void mailOfANetworkThatMaySendIsSigned() throws Exception {
        MailImpl mail = mail("app@ours.example");
        mail.setRemoteAddr("192.0.2.7");
        assertThat(signed(mail)).isEqualTo("r@ours.example e@ours.example");
    }

    @Test
    void butNotWhatItSendsAsSomebodyElse() throws Exception {
        MailImpl foreign = mail("app@ours.example");
        foreign.setRemoteAddr("192.0.2.7");
        foreign.setSender(new MailAddress("app@foreign.example"));
        assertThat(signed(foreign)).isEmpty();
        // An address of ours sends it on, and its sender was rewritten.
        MailImpl forwarded = mail("app@ours.example");
        forwarded.setRemoteAddr("192.0.2.7");
        forwarded.setSender(new MailAddress("SRS0=AAAAAAAA=AA=foreign.example=app@ours.example"));
        assertThat(signed(forwarded)).isEmpty();
        MailImpl claimed = with(mail("app@ours.example"), MailAttributes.UNVERIFIED_SENDER, "from");
        claimed.setRemoteAddr("192.0.2.7");
        assertThat(signed(claimed)).isEmpty();
        MailImpl sentOn = with(mail("app@ours.example"), Mail.SENT_BY_MAILET_ATTRIBUTE.getName(), true);
        sentOn.setRemoteAddr("127.0.0.1");
        assertThat(signed(sentOn)).isEmpty();
    }

    @Test
    void whatTheServerItselfWritesIsSigned() throws Exception {
        MailImpl own = with(mail("postmaster@ours.example"), MailAttributes.OWN, true);
        own.setSender(null);
        own.setRemoteAddr("127.0.0.1");
        assertThat(signed(own)).isEqualTo("r@ours.example e@ours.example");
    }

    private static String sealed(MailImpl mail) throws Exception {
        try {
            mailet().service(mail);
            return new String(Server.bytes(mail), ISO_8859_1);
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void whatWasFoundOfAStrangersMailIsSealed() throws Exception {
        String results = "mx.ours.example; spf=pass smtp.mailfrom=eve@far.example; dmarc=pass header.from=far.example";
        String sealed = sealed(with(mail("eve@far.example"), MailAttributes.PROOF, results));
        assertThat(sealed)
                .startsWith("ARC-Seal: i=1; cv=none; a=rsa-sha256; d=ours.example; s=r; t=1796000000;\r\n\tb=")
                .contains("\r\nARC-Message-Signature: i=1; a=rsa-sha256; d=ours.example; s=r;")
                .contains("\r\nARC-Authentication-Results: i=1; " + results.replace("; ", ";\r\n\t")
                        + "\r\nFrom: eve@far.example\r\n")
                .doesNotContain("DKIM-Signature:");
        // A second one would need that the first was found to hold.
        String again = sealed.replace("caf\u00e9", "tea");
        MailImpl unsound = Server.mail(again.getBytes(ISO_8859_1));
        unsound.setRemoteAddr("198.51.100.7");
        assertThat(sealed(with(unsound, MailAttributes.PROOF, results + "; arc=fail")))
                .isEqualTo(again);
        MailImpl sound = Server.mail(again.getBytes(ISO_8859_1));
        sound.setRemoteAddr("198.51.100.7");
        assertThat(sealed(with(sound, MailAttributes.PROOF, results + "; arc=pass")))
                .startsWith("ARC-Seal: i=2; cv=pass; ");
    }

    @Test
    void whatClaimsToBeOursIsNotSealed() throws Exception {
        MailImpl mail = with(mail("bob@ours.example"), MailAttributes.PROOF, "mx.ours.example; dmarc=none");
        assertThat(sealed(with(mail, MailAttributes.UNVERIFIED_SENDER, "from"))).startsWith("From: bob@ours.example");
    }

    @Test
    void withoutKeysNothingIsRead() throws Exception {
        MailImpl mail = byAccount("bob@ours.example");
        Object message = mail.getMessage();
        mailet(Map.of()).service(mail);
        assertThat(mail.getMessage()).isSameAs(message);
        LifecycleUtil.dispose(mail);
    }

    @Test
    void aKeyThatCannotBeUsedStopsTheStart() {
        assertThatThrownBy(() -> mailet(Map.of("file://conf/rempart.xml", POLICY, "file://conf/dkim/r.pem", rsa)))
                .isInstanceOf(MessagingException.class)
                .hasMessageStartingWith("SignMail: <sign domain=\"ours.example\" selector=\"e\"")
                .hasMessageContaining("rempart.xml:1:")
                .hasMessageContaining("conf/dkim/e.pem is not there");
        assertThatThrownBy(() -> mailet(Map.of(
                        "file://conf/rempart.xml", POLICY,
                        "file://conf/dkim/r.pem", "nothing",
                        "file://conf/dkim/e.pem", ed25519)))
                .hasMessageContaining("conf/dkim/r.pem holds no private key");
    }

    @Test
    void aMailThatCannotBeSignedFails() throws Exception {
        SignMail mailet = mailet();
        MailImpl mail = byAccount("bob@ours.example");
        LifecycleUtil.dispose(mail.getMessage());
        mail.setMessageNoCopy(new RawMimeMessage(new MimeMessageSource() {
            @Override
            public String getSourceId() {
                return "broken";
            }

            @Override
            public InputStream getInputStream() throws IOException {
                throw new IOException("the disk is broken");
            }

            @Override
            public long getMessageSize() {
                return 1;
            }
        }));
        assertThatThrownBy(() -> mailet.service(mail))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("it must not leave");
        LifecycleUtil.dispose(mail);
    }

    @Test
    void noFilesAreLeftBehind() throws Exception {
        long before = Server.messageFiles();
        MailImpl mail =
                Server.mail(("From: bob@ours.example\r\n\r\n" + "large\r\n".repeat(100_000)).getBytes(ISO_8859_1));
        with(mail, Mail.SMTP_AUTH_USER, "bob@ours.example");
        mailet().service(mail);
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).startsWith("DKIM-Signature:");
        LifecycleUtil.dispose(mail);
        assertThat(Server.messageFiles()).isEqualTo(before);
    }
}
