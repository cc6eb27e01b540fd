/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.dkim;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.mailet.Stripping;

/** Mail that somebody else has signed and we pass on: OpenDKIM still verifies it after stripping. */
class ForeignSignatureProofTest {
    private static final List<String> CANONICALISATIONS =
            List.of("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed");

    /** What our own servers have put on top of the signature. */
    private static final String ABOVE =
            "Received: from mx01.ours.example ([10.1.1.1]) by ex01.ours.example with SMTP id 7;\r\n"
                    + "\tTue, 24 Nov 2026 20:50:09 +0000\r\n"
                    + "X-Spam-Status: No, score=-1.9 on filter1.ours.example\r\n"
                    + "Authentication-Results: mx01.ours.example; spf=pass smtp.client-ip=10.1.1.1\r\n";

    /** Fields in odd order, case and folding; some of them presets strip, and some values tell of an inside. */
    private static final String MESSAGE =
            "Received: from pc17.foreign.lan ([10.0.0.7]) by mx.foreign.example with ESMTPSA id 4;\r\n"
                    + "\tTue, 24 Nov 2026 20:50:07 +0000\r\n"
                    + "from:   Eve  <eve@foreign.example>\r\n"
                    + "TO: carol@partner.example,\r\n\t  dave@partner.example\r\n"
                    + "Subject:  caf\u00c3\u00a9\t and \r\n more  \r\n"
                    + "Date: Tue, 24 Nov 2026 20:50:07 +0000\r\n"
                    + "Message-ID: <4711@pc17.foreign.lan>\r\n"
                    + "References: <1@ex01.ours.example>\r\n"
                    + "User-Agent: Acme\r\n\t(Linux)\r\n"
                    + "X-Mailer: Acme\r\n"
                    + "X-Originating-IP: [10.0.0.7]\r\n"
                    + "MIME-Version: 1.0 (Acme Mail)\r\n"
                    + "Content-Type: multipart/mixed; boundary=\"outer\"\r\n"
                    + "\r\n"
                    + "--outer\r\nContent-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n\r\n"
                    + "--s\r\nContent-Type: text/plain; charset=utf-8\r\nX-Mailer: inside a part \r\n\r\nbody  \u00c3\u00a9 \t\r\n"
                    + "--s\r\nContent-Type: application/pgp-signature\r\n\r\nsignature\r\n--s--\r\n"
                    + "--outer\r\nContent-Type: message/rfc822\r\n\r\n"
                    + "Received: from [10.9.9.9] by inner\r\nX-Mailer: inside a message\r\n\r\nquoted\r\n"
                    + "--outer--\r\n\r\n\r\n";

    private static final String SIGNED =
            "from:to:subject:date:message-id:references:user-agent:mime-version:content-type";

    @TempDir
    private Path folder;

    @Test
    void signatureOfOthersHoldsAfterStripping() throws Exception {
        String obstacle = Verifier.obstacle();
        Assumptions.assumeTrue(obstacle.isEmpty(), obstacle);
        Signer signer = new Signer();
        Map<String, String> messages = new TreeMap<>();
        for (String canonicalisation : CANONICALISATIONS) {
            String name = canonicalisation.replace('/', '-');
            String signed = signer.sign(MESSAGE, "foreign.example", canonicalisation, SIGNED);
            String stripped = Stripping.strip(ABOVE + signed);
            assertThat(stripped)
                    .doesNotContain("10.1.1.1", "filter1", "mx01.ours", "X-Originating-IP", "X-Mailer: Acme")
                    .contains("User-Agent: Acme\r\n\t(Linux)\r\n")
                    .endsWith(MESSAGE.substring(MESSAGE.indexOf("\r\n\r\n")));
            messages.put(name + "-as-signed", signed);
            messages.put(name + "-stripped", stripped);
            messages.put(name + "-stripped-twice", Stripping.strip(stripped));
            messages.put(name + "-broken", stripped.replace("User-Agent: Acme", "User-Agent: Acne"));
            messages.put(name + "-regardless", Stripping.strip(ABOVE + signed, "preset", "client", "signed", "strip"));
        }
        Map<String, String> verdicts = Verifier.verify(folder, signer.record(), messages);
        verdicts.forEach((name, verdict) -> {
            if (name.endsWith("-broken") || name.endsWith("-regardless")) {
                assertThat(verdict).as(name).contains("ad signature");
            } else {
                assertThat(verdict).as(name).isEqualTo("0");
            }
        });
        assertThat(verdicts).hasSize(5 * CANONICALISATIONS.size());
    }
}
