/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimPolicy.Sign;

/** Signatures as they are written; whether they hold, others say. */
class DkimSignerTest {
    static final Instant NOW = Instant.ofEpochSecond(1_796_000_000);
    static final String MESSAGE = "From: Alice <alice@ours.example>\r\nTo: carol@far.example\r\n"
            + "Subject: caf\u00e9\r\nDate: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@ours.example>\r\n"
            + "List-Id: <list.ours.example>\r\n\r\nHello.\r\n";

    /** A message signed with a key of each kind, whose selectors are the names of the kinds. */
    static String sign(String message, String domain, DkimKey... keys) throws Exception {
        List<DkimSigner.Signature> signatures = new ArrayList<>();
        for (DkimKey key : keys) {
            signatures.add(new DkimSigner.Signature(
                    Sign.of(domain, key.kind().keyword(), "conf/dkim/key.pem", Rule.byDefault("<sign/>")), key));
        }
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
        String body = message.substring(header.length());
        byte[] signed = DkimSigner.sign(header, new ByteArrayInputStream(body.getBytes(ISO_8859_1)), signatures, NOW);
        return new String(signed, ISO_8859_1) + body;
    }

    /** A message with one more seal, by a key whose selector is the name of its kind. */
    static String seal(String message, String domain, DkimKey key) throws Exception {
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)));
        String body = message.substring(header.length());
        byte[] sealed = DkimSigner.seal(
                header,
                new ByteArrayInputStream(body.getBytes(ISO_8859_1)),
                new DkimSigner.Signature(
                        Sign.of(domain, key.kind().keyword(), "conf/dkim/key.pem", Rule.byDefault("<sign/>")), key),
                "mx." + domain + "; spf=none smtp.helo=x; dmarc=pass header.from=far.example",
                NOW);
        return new String(sealed, ISO_8859_1) + body;
    }

    @Test
    void aSignatureStandsOnTopAndAllElseIsTheSameBytes() throws Exception {
        String signed = sign(MESSAGE, "ours.example", DkimKey.generate(DkimKeyKind.ED25519));
        assertThat(signed)
                .startsWith("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=ours.example;\r\n"
                        + "\ts=ed25519; t=1796000000;\r\n"
                        + "\th=From:From:To:To:Cc:Reply-To:Subject:Subject:Date:Date:Message-ID:\r\n"
                        + "\t Message-ID:In-Reply-To:References:MIME-Version:Content-Type:\r\n"
                        + "\t Content-Transfer-Encoding:List-Id;\r\n"
                        + "\tbh=")
                .endsWith(MESSAGE);
        assertThat(signed.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(79));
    }

    @Test
    void eachKeyGivesASignature() throws Exception {
        String signed =
                sign(MESSAGE, "ours.example", DkimKey.generate(DkimKeyKind.RSA), DkimKey.generate(DkimKeyKind.ED25519));
        assertThat(signed.lines().filter(line -> line.startsWith("DKIM-Signature:")))
                .hasSize(2)
                .first()
                .asString()
                .contains("a=rsa-sha256");
    }

    @Test
    void aHeaderThatBeginsWithAContinuationKeepsIt() throws Exception {
        String signed = sign(" odd\r\n" + MESSAGE, "ours.example", DkimKey.generate(DkimKeyKind.ED25519));
        assertThat(signed).startsWith(" odd\r\nDKIM-Signature: ").endsWith(MESSAGE);
    }
}
