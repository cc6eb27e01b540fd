/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rempart.message.HeaderBlock;
import org.rempart.message.dkim.DkimSigner;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimPolicy.Sign;

/** What is proven of mails, by a DNS. */
@Timeout(60)
class SenderProofTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_796_000_000);
    private static final String CLIENT = "192.0.2.1";
    private static final String MESSAGE = "From: Eve <eve@far.example>\r\nSubject: hello\r\n\r\nHello.\r\n";
    private static DkimKey key;

    private final Zone zone = Zone.of(
            "far.example TXT v=spf1 ip4:192.0.2.0/24 -all",
            "_dmarc.far.example TXT v=DMARC1; p=reject",
            "lists.example TXT v=spf1 ip4:192.0.2.0/24 -all",
            "mx.lists.example TXT v=spf1 ip4:192.0.2.0/24 -all");

    @BeforeAll
    static void key() throws Exception {
        key = DkimKey.generate(DkimKeyKind.ED25519);
    }

    private Proof of(String client, String sender, String message) throws Exception {
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
        byte[] body = message.substring(header.length()).getBytes(ISO_8859_1);
        MaybeSender from = sender.isEmpty() ? MaybeSender.nullSender() : MaybeSender.of(new MailAddress(sender));
        return new SenderProof(zone, Clock.fixed(NOW, ZoneOffset.UTC), Duration.ofSeconds(1))
                .of(
                        InetAddress.getByName(client),
                        "mx.lists.example",
                        from,
                        header,
                        () -> new ByteArrayInputStream(body));
    }

    private String signed(String message, String domain) throws Exception {
        zone.add("s1._domainkey." + domain + " TXT " + key.record());
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
        String body = message.substring(header.length());
        return new String(
                        DkimSigner.sign(
                                header,
                                new ByteArrayInputStream(body.getBytes(ISO_8859_1)),
                                List.of(new DkimSigner.Signature(
                                        Sign.of(domain, "s1", "", Rule.byDefault("<sign/>")), key)),
                                NOW),
                        ISO_8859_1)
                + body;
    }

    @Test
    void spfThatIsAlignedIsAProof() throws Exception {
        Proof proof = of(CLIENT, "bounces@far.example", MESSAGE);
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.PASS);
        assertThat(proof.provesFrom("far.example")).isTrue();
        assertThat(proof.provesEnvelope("far.example")).isTrue();
        assertThat(proof.summary()).isEqualTo("spf=pass spf=pass dkim=none dmarc=pass");
        assertThat(proof.field("mx.ours.example"))
                .isEqualTo("Authentication-Results: mx.ours.example;\r\n"
                        + "\tspf=pass smtp.mailfrom=bounces@far.example;\r\n"
                        + "\tspf=pass smtp.helo=mx.lists.example;\r\n"
                        + "\tdkim=none;\r\n"
                        + "\tdmarc=pass header.from=far.example\r\n");
    }

    @Test
    void spfOfSomebodyElseIsNone() throws Exception {
        Proof proof = of(CLIENT, "bounces@lists.example", MESSAGE);
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(proof.wish()).isEqualTo(Proof.Wish.REJECT);
        assertThat(proof.provesFrom("far.example")).isFalse();
        assertThat(proof.provesEnvelope("lists.example")).isTrue();
        assertThat(of("198.51.100.1", "bounces@far.example", MESSAGE).dmarc()).isEqualTo(Proof.Dmarc.FAIL);
    }

    @Test
    void aSignatureIsAProofWhoeverBringsTheMail() throws Exception {
        String message = signed(MESSAGE, "far.example");
        Proof proof = of("198.51.100.1", "bounces@lists.example", message);
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.PASS);
        assertThat(proof.field("mx")).contains("dkim=pass header.d=far.example header.s=s1 header.b=");
        assertThat(of("198.51.100.1", "", message).dmarc()).isEqualTo(Proof.Dmarc.PASS);
        Proof changed = of("198.51.100.1", "", message.replace("Hello.", "Hallo."));
        assertThat(changed.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(changed.field("mx")).contains("dkim=fail reason=\"the body was changed\"");
        assertThat(of("198.51.100.1", "", signed(MESSAGE, "lists.example")).dmarc())
                .isEqualTo(Proof.Dmarc.FAIL);
    }

    @Test
    void ofManySignaturesTheOneThatCountsIsFound() throws Exception {
        String others =
                "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=AAAA; b=AAAA\r\n".repeat(1000);
        Proof proof = of("198.51.100.1", "", others + signed(MESSAGE, "far.example"));
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.PASS);
        assertThat(zone.questions).hasSizeLessThan(Lookups.MOST);
    }

    @Test
    void whatTheDnsDoesNotSayIsLeftOpen() throws Exception {
        zone.add("away.example FAIL").add("_dmarc.gone.example FAIL");
        zone.add("_dmarc.away.example TXT v=DMARC1; p=reject");
        assertThat(of(CLIENT, "x@far.example", MESSAGE.replace("far.", "gone.")).dmarc())
                .isEqualTo(Proof.Dmarc.TEMPERROR);
        assertThat(of(CLIENT, "x@away.example", MESSAGE.replace("far.", "away."))
                        .dmarc())
                .isEqualTo(Proof.Dmarc.TEMPERROR);
        // Nothing that is open could prove this one.
        assertThat(of("198.51.100.1", "x@away.example", MESSAGE).dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        String message = signed(MESSAGE, "far.example");
        zone.add("s1._domainkey.far.example FAIL");
        assertThat(of("198.51.100.1", "", message).dmarc()).isEqualTo(Proof.Dmarc.TEMPERROR);
    }

    @Test
    void aDomainThatSaysNothingAsksForNothing() throws Exception {
        Proof proof = of(CLIENT, "x@quiet.example", MESSAGE.replace("far.", "quiet."));
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.NONE);
        assertThat(proof.provesFrom("quiet.example")).isFalse();
        Proof aligned = of("198.51.100.1", "", signed(MESSAGE.replace("far.", "quiet."), "quiet.example"));
        assertThat(aligned.dmarc()).isEqualTo(Proof.Dmarc.NONE);
        assertThat(aligned.provesFrom("quiet.example")).isTrue();
    }

    @Test
    void twoFromsAreAsBadAsTheWorse() throws Exception {
        zone.add("_dmarc.soft.example TXT v=DMARC1; p=quarantine");
        Proof proof =
                of(CLIENT, "x@far.example", MESSAGE.replace("<eve@far.example>", "<eve@far.example>, b@soft.example"));
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(proof.from()).isEqualTo("soft.example");
        assertThat(proof.wish()).isEqualTo(Proof.Wish.QUARANTINE);
        assertThat(proof.provesFrom("far.example")).isTrue();
        assertThat(of(CLIENT, "x@far.example", "From: a@far.example\r\n" + MESSAGE)
                        .dmarc())
                .isEqualTo(Proof.Dmarc.PERMERROR);
        assertThat(of(CLIENT, "x@far.example", "Subject: none\r\n\r\n").dmarc()).isEqualTo(Proof.Dmarc.PERMERROR);
    }

    @Test
    void whoHasASlowDnsOfHisOwnHidesNoWish() throws Exception {
        StringBuilder slow = new StringBuilder("slow.example TXT v=spf1");
        for (int i = 0; i < 9; i++) {
            slow.append(" mx:m").append(i).append(".slow.example");
            for (int j = 0; j < 10; j++) {
                zone.add("m" + i + ".slow.example MX h.slow.example");
            }
        }
        zone.add("h.slow.example A 192.0.2.250").add(slow + " -all");
        String forged = "DKIM-Signature: v=1; a=rsa-sha256; d=far.example; s=x; h=from; bh=AAAA; b=AAAA\r\n";
        Proof proof = of("198.51.100.1", "x@slow.example", forged.repeat(20) + MESSAGE);
        assertThat(zone.questions).hasSizeGreaterThan(Lookups.MOST);
        assertThat(proof.results()).contains("spf=temperror smtp.mailfrom");
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(proof.wish()).isEqualTo(Proof.Wish.REJECT);
    }

    @Test
    void aSecondFromHidesNoDomain() throws Exception {
        zone.add("mine.example TXT v=spf1 +all").add("_dmarc.mine.example TXT v=DMARC1; p=none");
        String mine = "From: x@mine.example\r\nSubject: x\r\n\r\n";
        for (String more : List.of(
                "From: boss@far.example\r\n",
                "From : boss@far.example\r\n",
                "no field\r\nFrom: boss@far.example\r\n")) {
            Proof proof = of("198.51.100.1", "x@mine.example", more + mine);
            assertThat(proof.dmarc()).as(more).isEqualTo(Proof.Dmarc.FAIL);
            assertThat(proof.wish()).isEqualTo(Proof.Wish.REJECT);
            assertThat(proof.provesFrom("mine.example")).isFalse();
        }
        Proof many = of(
                "198.51.100.1",
                "x@mine.example",
                mine.replace("x@mine.example", "x@mine.example, a@a.example, b@b.example, boss@far.example"));
        assertThat(many.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(many.wish()).isEqualTo(Proof.Wish.REJECT);
    }

    @Test
    void strangersWriteNothingIntoOurField() throws Exception {
        Proof proof = of(CLIENT, "\"a;\\\"b dmarc=pass\"@far.example", MESSAGE);
        assertThat(proof.field("mx")).contains("smtp.mailfrom=\"?a;??b dmarc=pass?@far.example\";\r\n");
        String evil = "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=\"(; h=from; bh=AAAA; b=\u00e9\"AAAA\r\n";
        assertThat(of(CLIENT, "", evil + MESSAGE).field("mx").lines())
                .allSatisfy(line -> assertThat(line).matches("[ -~\\t]*"));
    }

    private String sealed(String message, String domain) throws Exception {
        DkimKey rsa = DkimKey.generate(DkimKeyKind.RSA);
        zone.add("a1._domainkey." + domain + " TXT " + rsa.record());
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
        String body = message.substring(header.length());
        return new String(
                        DkimSigner.seal(
                                header,
                                new ByteArrayInputStream(body.getBytes(ISO_8859_1)),
                                new DkimSigner.Signature(Sign.of(domain, "a1", "", Rule.byDefault("<sign/>")), rsa),
                                "mx." + domain + "; dmarc=pass header.from=far.example",
                                NOW),
                        ISO_8859_1)
                + body;
    }

    @Test
    void aSealTellsWhoSaysThatItWasProven() throws Exception {
        String sealed = sealed(sealed(MESSAGE, "first.example"), "lists.example");
        Proof proof = of("198.51.100.1", "x@lists.example", sealed);
        assertThat(proof.dmarc()).isEqualTo(Proof.Dmarc.FAIL);
        assertThat(proof.sealer()).contains("lists.example");
        assertThat(proof.results()).endsWith("; arc=pass");

        for (String broken : List.of(
                sealed.replace("Hello.", "Hallo."),
                sealed.replace("Subject: hello", "Subject: hallo"),
                sealed.replace("i=1; mx.first", "i=1; my.first"),
                sealed.replace("cv=pass", "cv=fail"),
                sealed.replace("i=1;", "i=3;"),
                sealed.replaceFirst("ARC-Seal: i=2", "ARC-Seal: i=x"),
                "ARC-Seal: i=2; a=rsa-sha256\r\n" + sealed,
                sealed.replaceFirst("ARC-Seal", "X-Seal"))) {
            Proof no = of("198.51.100.1", "x@lists.example", broken);
            assertThat(no.sealer()).as(broken).isEmpty();
            assertThat(no.results()).contains("; arc=fail");
        }
        // A seal for a message from another domain proves nothing about this one.
        assertThat(of("198.51.100.1", "x@lists.example", sealed(MESSAGE.replace("far.", "bank."), "lists.example"))
                        .sealer())
                .isEmpty();
        assertThat(of("198.51.100.1", "", MESSAGE).sealer()).isEmpty();
        zone.add("a1._domainkey.lists.example FAIL");
        assertThat(of("198.51.100.1", "x@other.example", sealed).results()).endsWith("; arc=temperror");
    }

    @Test
    void aLongChainIsNotFollowed() throws Exception {
        StringBuilder header = new StringBuilder();
        for (int i = 1; i < 50; i++) {
            header.append("ARC-Seal: i=" + i + "; cv=pass\r\nARC-Message-Signature: i=" + i
                    + "\r\nARC-Authentication-Results: i=" + i + "; x\r\n");
        }
        zone.questions.clear();
        assertThat(of("198.51.100.1", "", header + MESSAGE).results()).contains("arc=fail");
        assertThat(zone.questions).hasSizeLessThan(15);
    }

    @Test
    void anExpiredSignatureAndOneThatCoversAPartAreNone() throws Exception {
        String message = signed(MESSAGE, "far.example");
        assertThat(of("198.51.100.1", "", message.replace("t=1796000000", "t=1795000000; x=1795999999"))
                        .field("mx"))
                .contains("dkim=neutral reason=\"it has expired\"");
        assertThat(of("198.51.100.1", "", message.replace("t=1796000000", "l=0"))
                        .field("mx"))
                .contains("dkim=fail");
    }
}
