/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.rempart.mailet.header.HeaderFirewall.TooManyHopsException;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.headers.HeaderPattern;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.headers.ReceivedHandling;

class HeaderFirewallTest {
    private static final Predicate<Domain> OURS = Domain.of("ours.example")::equals;
    private static final Rule RULE = Rule.byDefault("test");
    private static final String END = "\r\n\r\n";

    private static HeaderPolicy.Builder policy(String... stripped) throws PolicyException {
        HeaderPolicy.Builder policy = HeaderPolicy.builder();
        for (String name : stripped) {
            policy.strip(HeaderPattern.parse(name), RULE);
        }
        return policy;
    }

    private static String apply(HeaderPolicy.Builder policy, String header) throws TooManyHopsException {
        return new HeaderFirewall(policy.build(), OURS, "mail.ours.example", Ids.KNOWN, List.of())
                .apply(HeaderBlock.parse(header.getBytes(ISO_8859_1)))
                .map(bytes -> new String(bytes, ISO_8859_1))
                .orElse(header);
    }

    private static HeaderPolicy.Builder removing() {
        return HeaderPolicy.builder().received(Decision.of(ReceivedHandling.REMOVE, RULE));
    }

    @Test
    void namedFieldsGoWithAllTheirLinesWhateverTheirCase() throws Exception {
        assertThat(apply(
                        policy("X-Mailer", "X-Acme-*"),
                        "Subject: a\r\n b\r\nx-MAILER: c\r\n d\r\nX-Acme-Host : e\r\nX-Acme: f\r\nTo: g" + END))
                .isEqualTo("Subject: a\r\n b\r\nX-Acme: f\r\nTo: g" + END);
    }

    @Test
    void fieldsBehindLoneCarriageReturnsOrStrangeBytesGoToo() throws Exception {
        assertThat(apply(policy("X-Acme-*"), "Subject: a\rX-Acme-Host: ex01\r\nX-Acme-\u00fc: b\r\nTo: g" + END))
                .isEqualTo("Subject: a\rTo: g" + END);
    }

    @Test
    void keptNameIsSavedFromAPrefix() throws Exception {
        assertThat(apply(
                        policy("X-Acme-*").keep(HeaderPattern.parse("X-Acme-Public"), RULE),
                        "X-Acme-Public: a\r\nX-Acme-Host: b" + END))
                .isEqualTo("X-Acme-Public: a" + END);
    }

    @Test
    void nothingToStripChangesNothing() throws Exception {
        HeaderFirewall firewall =
                new HeaderFirewall(policy("X-Mailer").build(), OURS, "mail.ours.example", Ids.KNOWN, List.of());
        assertThat(firewall.apply(HeaderBlock.parse(("Subject: a" + END).getBytes(ISO_8859_1))))
                .isEmpty();
    }

    @Test
    void presetsStripWhatTheyName() throws Exception {
        HeaderPolicy.Builder policy = HeaderPolicy.builder();
        for (HeaderPreset preset : HeaderPreset.values()) {
            policy.strip(preset, RULE);
        }
        assertThat(apply(
                        policy,
                        "User-Agent: a\r\nX-Originating-IP: [10.0.0.7]\r\nX-Spam-Status: No\r\nX-Virus-Scanned: c\r\n"
                                + "X-MS-Exchange-Organization-SCL: -1\r\nmsip_labels: d\r\nSubject: e" + END))
                .isEqualTo("Subject: e" + END);
    }

    // DKIM, RFC 6376

    @Test
    void foreignSignatureSavesWhatItCovers() throws Exception {
        String header =
                "DKIM-Signature: v=1; a=rsa-sha256; d=foreign.example; s=x;\r\n\th=From : Subject:User-\r\n\tAgent; b=YQ=="
                        + "\r\nUser-Agent: a\r\nX-Mailer: b" + END;
        assertThat(apply(policy("User-Agent", "X-Mailer"), header)).isEqualTo(header.replace("X-Mailer: b\r\n", ""));
        assertThat(apply(policy("User-Agent", "X-Mailer").keepSigned(false, RULE), header))
                .doesNotContain("User-Agent: a", "X-Mailer");
    }

    @Test
    void ourOwnSignatureSavesNothing() throws Exception {
        assertThat(apply(policy("X-Mailer"), "DKIM-Signature: d=ours.example; h=x-mailer; b=\r\nX-Mailer: b" + END))
                .doesNotContain("X-Mailer: b");
        assertThat(apply(policy("X-Mailer"), "DKIM-Signature: h=x-mailer; b=\r\nX-Mailer: b" + END))
                .as("no domain")
                .doesNotContain("X-Mailer: b");
    }

    @Test
    void signatureCountsFromTheBottom() throws Exception {
        assertThat(apply(
                        policy("X-A"),
                        "X-A: 1\r\nX-A: 2\r\nDKIM-Signature: d=f.example; h=x-a:from:X-A\r\nX-A: 3\r\nX-A: 4" + END))
                .isEqualTo("DKIM-Signature: d=f.example; h=x-a:from:X-A\r\nX-A: 3\r\nX-A: 4" + END);
    }

    @Test
    void hopAboveASignatureIsNotSavedByIt() throws Exception {
        String signed = "DKIM-Signature: d=f.example; h=received:received:received:from\r\n"
                + "Received: from pc.f.lan by mx.f.example with SMTP id 1; Tue, 24 Nov 2026 20:50:07 +0000\r\n"
                + "Received: from [10.0.0.7] by mx.f.example with ESMTPSA id 2; Tue, 24 Nov 2026 20:50:07 +0000" + END;
        assertThat(apply(
                        HeaderPolicy.builder(),
                        "Received: from mx01.ours.example ([10.1.1.1]) by ex01.ours.example with SMTP;"
                                + " Tue, 24 Nov 2026 20:50:09 +0000\r\n" + signed))
                .isEqualTo("Received: by mail.ours.example with SMTP; Tue, 24 Nov 2026 20:50:09 +0000\r\n" + signed);
    }

    // Loops

    @Test
    void removedHopsAreCounted() throws Exception {
        assertThat(apply(removing(), "Received: a\r\nSubject: b\r\nReceived: c\r\nTo: d" + END))
                .isEqualTo("X-Hop-Count: 2\r\nSubject: b\r\nTo: d" + END);
        assertThat(apply(
                        removing(), "Received: a\r\nX-Hop-Count: 2\r\nX-Hop-Count: 5\r\nX-Hop-Count: x\r\nTo: d" + END))
                .isEqualTo("X-Hop-Count: 8\r\nTo: d" + END);
    }

    @Test
    void countSurvivesWherePrefixesWouldStripIt() throws Exception {
        HeaderPolicy.Builder policy = policy("X-*").received(Decision.of(ReceivedHandling.REMOVE, RULE));
        assertThat(apply(policy, "X-Hop-Count: 7" + END)).isEqualTo("X-Hop-Count: 7" + END);
        assertThat(apply(policy, "Received: a\r\nX-Hop-Count: 7" + END)).isEqualTo("X-Hop-Count: 8" + END);
    }

    @Test
    void twoServersThatForwardToEachOtherStop() throws Exception {
        String header = "Subject: loop" + END;
        int laps = 0;
        TooManyHopsException caught = null;
        while (caught == null && laps < 1000) {
            try {
                // Each server writes its trace field, and removes all of them when it hands the mail on.
                header = apply(removing(), "Received: from a by b; date\r\n" + header);
                assertThat(header).doesNotContain("Received");
                laps++;
            } catch (TooManyHopsException loop) {
                caught = loop;
            }
        }
        assertThat(laps).isEqualTo(100);
        assertThat(caught).hasMessageContaining("101");
    }

    @Test
    void forgedCountCanNotOverflow() {
        assertThatThrownBy(
                        () -> apply(removing(), "Received: a\r\n" + "X-Hop-Count: 999999999\r\n".repeat(10_000) + END))
                .isInstanceOf(TooManyHopsException.class);
    }

    @Test
    void rewritingKeepsOneFieldAHop() throws Exception {
        String stripped =
                apply(HeaderPolicy.builder(), "Received: from [10.0.0.7] by x; y\r\n".repeat(60) + "To: d" + END);
        assertThat(stripped).isEqualTo("Received: by mail.ours.example\r\n".repeat(60) + "To: d" + END);
    }

    @Test
    void hopsBeyondWhatIsLookedIntoCountAndTellNothing() throws Exception {
        String stripped = apply(
                HeaderPolicy.builder(),
                "Received: from mx.a.example ([198.51.100.7]) by mx.b.example; x\r\n".repeat(20_000) + "To: d" + END);
        assertThat(stripped)
                .startsWith("Received: by mail.ours.example\r\n".repeat(15_000) + "Received: ")
                .endsWith("by mx.b.example; x\r\nTo: d" + END);
        assertThat(stripped.lines().filter(line -> line.startsWith("Received: ")))
                .hasSize(20_000);
    }

    @Test
    void hundredThousandFieldsTakeTimeThatTheirNumberTells() {
        String header = ("Received: from ex02.corp.local ([10.0.0.7]) by ex01.corp.local with ESMTP id 4Xy;"
                                + " Tue, 24 Nov 2026 20:50:07 +0000\r\n"
                                + "X-Mailer: a\r\nDKIM-Signature: v=1; d=f.example; h=from:received:x-mailer; b=\r\n")
                        .repeat(34_000)
                + END;
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            String stripped = apply(policy("X-Mailer"), header);
            assertThat(stripped).isNotEqualTo(header);
        });
    }
}
