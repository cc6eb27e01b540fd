/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.testsupport.Dkimpy;

/** What dkimpy says of our signatures, over hundreds of mails. */
class SignatureProofTest {
    private static final int MAILS = 300;
    private static final List<String> FIELDS = List.of(
            "From: Alice <alice@ours.example>",
            "FROM:alice@ours.example",
            "To: carol@far.example,\r\n\t  dave@far.example",
            "Cc:",
            "Subject: caf\u00e9  \t and\r\n more  ",
            "SUBJECT:\r\n =?utf-8?q?folded?=",
            "Date: Mon, 30 Nov 2026 12:00:00 +0000",
            "Message-ID: <1@ours.example>",
            "Received: from [10.0.0.7] by mail.ours.example;\r\n\tMon, 30 Nov 2026 12:00:00 +0000",
            "Content-Type: multipart/mixed;\r\n boundary=\"outer\"",
            "MIME-Version: 1.0 (comment)",
            "List-Unsubscribe: <https://ours.example/u>",
            "Reply-To: \"a;b:c\" <a@ours.example>",
            "X-Long: " + "word ".repeat(180),
            "DKIM-Signature: v=1; a=rsa-sha256; d=far.example; s=x; h=from; bh=AAAA; b=AAAA");
    private static final List<String> PIECES = List.of(
            "\r\n", "\r\n\r\n", " ", "\t", "line", "  trailing \t\r\n", ".", ".\r\n", "\u00e9\u00ff", "From here\r\n");

    private static DkimKey rsa;
    private static DkimKey ed25519;

    @BeforeAll
    static void keys() throws Exception {
        Dkimpy.require();
        rsa = DkimKey.generate(DkimKeyKind.RSA);
        ed25519 = DkimKey.generate(DkimKeyKind.ED25519);
    }

    private static String message(Random random) {
        StringBuilder message = new StringBuilder(FIELDS.get(random.nextInt(2))).append("\r\n");
        for (int i = random.nextInt(12); i > 0; i--) {
            message.append(FIELDS.get(2 + random.nextInt(FIELDS.size() - 3))).append("\r\n");
        }
        message.append("\r\n");
        for (int i = random.nextInt(30); i > 0; i--) {
            message.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        String whole = message.toString();
        return whole.endsWith("\r\n") ? whole : whole + "\r\n";
    }

    private static List<List<String>> verify(List<String> messages) throws Exception {
        Map<String, String> records = new LinkedHashMap<>();
        records.put("rsa._domainkey.ours.example", rsa.record());
        records.put("ed25519._domainkey.ours.example", ed25519.record());
        List<byte[]> bytes = new ArrayList<>();
        messages.forEach(message -> bytes.add(message.getBytes(ISO_8859_1)));
        return Dkimpy.verify(records, bytes);
    }

    @Test
    void bothSignaturesHold() throws Exception {
        Random random = new Random(6376);
        List<String> signed = new ArrayList<>();
        for (int i = 0; i < MAILS; i++) {
            signed.add(DkimSignerTest.sign(message(random), "ours.example", rsa, ed25519));
        }
        List<List<String>> verdicts = verify(signed);
        for (int i = 0; i < MAILS; i++) {
            assertThat(verdicts.get(i)).as(signed.get(i)).containsExactly("pass", "pass");
        }
    }

    @Test
    void aChainOfSealsHolds() throws Exception {
        Random random = new Random(8617);
        Map<String, String> records = Map.of("rsa._domainkey.ours.example", rsa.record());
        List<byte[]> sealed = new ArrayList<>();
        List<byte[]> broken = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String message = message(random);
            for (int sets = 1 + i % 3; sets > 0; sets--) {
                message = DkimSignerTest.seal(message, "ours.example", rsa);
            }
            sealed.add(message.getBytes(ISO_8859_1));
            broken.add(message.replace("ARC-Authentication-Results: i=1; mx", "ARC-Authentication-Results: i=1; my")
                    .getBytes(ISO_8859_1));
        }
        assertThat(Dkimpy.verifySeals(records, sealed))
                .allSatisfy(verdict -> assertThat(verdict).startsWith("pass"));
        assertThat(Dkimpy.verifySeals(records, broken))
                .allSatisfy(verdict -> assertThat(verdict).startsWith("fail"));
    }

    @Test
    void aSignatureThatIsThereAlreadyStaysAsItIs() throws Exception {
        String message = FIELDS.get(FIELDS.size() - 1) + "\r\n" + DkimSignerTest.MESSAGE;
        assertThat(verify(List.of(DkimSignerTest.sign(message, "ours.example", rsa)))
                        .get(0))
                .hasSize(2)
                .startsWith("pass");
    }

    @Test
    void nobodyAddsOrChangesAField() throws Exception {
        String signed = DkimSignerTest.sign(DkimSignerTest.MESSAGE, "ours.example", rsa, ed25519);
        List<String> changed = new ArrayList<>();
        for (String name : DkimSigner.SEALED) {
            changed.add(name + ": added\r\n" + signed);
            changed.add(signed.replace("\r\n\r\n", "\r\n" + name + ": added\r\n\r\n"));
        }
        changed.add(signed.replace("caf", "Caf"));
        changed.add(signed.replace("<list.", "<List."));
        changed.add(signed + "more\r\n");
        changed.add(signed.replace("t=1796000000", "t=1796000001"));
        for (List<String> verdicts : verify(changed)) {
            assertThat(verdicts).hasSize(2).doesNotContain("pass");
        }
        // White space, and what is not covered, may change under way.
        assertThat(verify(List.of(
                        "Received: from a by b\r\n" + signed,
                        signed.replace("Subject: ", "Subject:\r\n\t "),
                        signed + "\r\n\r\n")))
                .allSatisfy(verdicts -> assertThat(verdicts).containsExactly("pass", "pass"));
    }
}
