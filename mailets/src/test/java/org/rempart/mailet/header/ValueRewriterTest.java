/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.Networks;
import org.rempart.policy.headers.HeaderPolicy;

class ValueRewriterTest {
    private static final String END = "\r\n\r\n";

    private static String apply(String header) throws Exception {
        HeaderFirewall firewall = new HeaderFirewall(
                HeaderPolicy.builder().inner("corp.example").build(),
                Domain.of("ours.example")::equals,
                "mail.ours.example",
                Ids.KNOWN,
                List.of("Build7"));
        return firewall.apply(HeaderBlock.parse(header.getBytes(ISO_8859_1)))
                .map(bytes -> new String(bytes, ISO_8859_1))
                .orElse(header);
    }

    @Test
    void resultsOfOurOwnChecksNameNoInnerHostAndNoInnerAddress() throws Exception {
        assertThat(apply("Authentication-Results: mx01.dmz.ours.example;\r\n\tdkim=pass header.d=a.example;\r\n"
                        + "\tiprev=fail policy.iprev=10.0.0.7 (pc17.corp.local);\r\n"
                        + "\tauth=pass smtp.auth=bob smtp.mailfrom=root@ex01.ours.example smtp.helo=pc17\r\nTo: a"
                        + END))
                .isEqualTo("Authentication-Results: mail.ours.example;\r\n\tdkim=pass header.d=a.example;\r\n"
                        + "\tiprev=fail policy.iprev=192.0.2.1 (mail.ours.example);\r\n"
                        + "\tauth=pass smtp.auth=bob smtp.mailfrom=root@mail.ours.example smtp.helo=mail.ours.example\r\n"
                        + "To: a" + END);
        assertThat(apply("Authentication-Results: (c) EX01/1; spf=pass smtp.client-ip=[IPv6:fe80::1]" + END))
                .isEqualTo("Authentication-Results: (c) mail.ours.example/1; spf=pass smtp.client-ip=[IPv6:2001:db8::1]"
                        + END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authentication-Results: mx.google.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=pc.local",
                "Authentication-Results: mail.ours.example; spf=pass (198.51.100.7) smtp.mailfrom=bob@ours.example",
                "Received-SPF: pass (mx.a.example: domain of x@b.example designates 198.51.100.7 as permitted sender)"
                        + " receiver=mx.a.example; client-ip=198.51.100.7; helo=b.example",
                "MIME-Version: 1.0",
                "Message-ID: <a.b@ours.example>",
                "Message-ID: <a.b@mail.ours.example>",
                "Message-ID: <a.b@other.example>",
                "Message-ID: nothing",
                "References: <x@EX01.corp.partner.local> <y@localhost> <z@10.0.0.7>",
                "List-Id: <list.corp.local>",
                "List-Unsubscribe: <http://10.0.0.7/x>",
                "Resent-From: root@ex01.corp.local",
                "X-Received: by 198.51.100.7 with SMTP id x; Tue, 24 Nov 2026 20:50:07 +0000"
            })
    void whatTheOutsideMayKnowStays(String field) throws Exception {
        assertThat(apply(field + END)).isEqualTo(field + END);
    }

    @Test
    void spfFieldNamesNoInnerHost() throws Exception {
        assertThat(apply("Received-SPF: pass (ex01: domain of x@b.example designates 10.0.0.7 as permitted sender)\r\n"
                        + " receiver=ex01; client-ip=10.0.0.7; helo=pc17.corp.example; x=::1" + END))
                .isEqualTo(
                        "Received-SPF: pass (mail.ours.example: domain of x@b.example designates 192.0.2.1 as permitted"
                                + " sender)\r\n receiver=mail.ours.example; client-ip=192.0.2.1; helo=mail.ours.example;"
                                + " x=2001:db8::1" + END);
    }

    @Test
    void otherTraceFieldIsRewrittenUnderItsOwnName() throws Exception {
        assertThat(apply("X-Received: from pc ([10.0.0.7]) by ex01.ours.example with SMTP id x;"
                        + " Tue, 24 Nov 2026 20:50:07 +0000" + END))
                .isEqualTo(
                        "X-Received: by mail.ours.example with SMTP id x;\r\n Tue, 24 Nov 2026 20:50:07 +0000" + END);
    }

    @ParameterizedTest
    @CsvSource({
        "'Mime-Version: 1.0 (Mac OS X Mail 16.0\r\n \\(3826.300\\))\r\n', 'Mime-Version: 1.0\r\n'",
        "'MIME-Version: (produced by Acme (nested)) 1.(x)0\r\n', 'MIME-Version: 1.0\r\n'",
        "'MIME-Version: 1.0 (unclosed\n', 'MIME-Version: 1.0\n'"
    })
    void versionOfMimeTellsNoProgram(String field, String expected) throws Exception {
        assertThat(apply(field + "To: a" + END)).isEqualTo(expected + "To: a" + END);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Authentication-Results-Original", "AUTHENTICATION-RESULTS", "authentication-results-2"})
    void resultsUnderOtherNamesAreRewrittenToo(String name) throws Exception {
        assertThat(apply(name + ": mx01.dmz.ours.example; iprev=pass policy.iprev=10.0.0.7 smtp.helo=pc17" + END))
                .isEqualTo(name + ": mail.ours.example; iprev=pass policy.iprev=192.0.2.1 smtp.helo=mail.ours.example"
                        + END);
        String foreign = name + ": mx.a.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=b.example" + END;
        assertThat(apply(foreign)).isEqualTo(foreign);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Authentication-Results",
                "X-Original-Authentication-Results",
                "Original-Authentication-Results"
            })
    void resultsUnderNamesThatNoRfcKnowsGoWhenTheyTell(String name) throws Exception {
        for (String told :
                new String[] {"mx01.dmz.ours.example; spf=pass", "mx.a.example; iprev=pass policy.iprev=10.0.0.7"}) {
            assertThat(apply(name + ": " + told + "\r\nTo: a" + END)).isEqualTo("To: a" + END);
        }
        assertThat(apply(name + ": pc17; spf=pass smtp.helo=pc17" + END))
                .isEqualTo(name + ": mail.ours.example; spf=pass smtp.helo=mail.ours.example" + END);
        String foreign = name + ": mx.a.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=b.example" + END;
        assertThat(apply(foreign)).isEqualTo(foreign);
    }

    @ParameterizedTest
    @CsvSource({
        "mx, a.mx, false",
        "mx, mx, false",
        "mx1.a.example, mx1.a.example, true",
        "mx1.a.example, x.mx1.a.example, false"
    })
    void nameOfTheMachineIsItselfAloneAndNothingWithoutADot(String machine, String host, boolean inside) {
        InnerNames names = new InnerNames(
                Domain.of("ours.example")::equals, "mail.ours.example", List.of(), List.of(machine), Networks.none());
        assertThat(names.isOurs(host)).isEqualTo(inside);
        assertThat(names.isOwnInnerHost(host)).isEqualTo(inside);
    }

    @Test
    void addressOfAnInnerNetworkIsAnInnerOne() throws Exception {
        HeaderFirewall firewall = new HeaderFirewall(
                HeaderPolicy.builder()
                        .inner("203.0.113.0/24")
                        .inner("2001:db8:7::/48")
                        .build(),
                Domain.of("ours.example")::equals,
                "mail.ours.example",
                Ids.KNOWN,
                List.of());
        String header = "Received: from a.example ([203.0.113.9]) by mx.ours.example with ESMTP id 1\r\n"
                + "Received: from a.example ([2001:db8:7::9]) by mx.partner.example with ESMTP id 2\r\n"
                + "Authentication-Results: mx.partner.example; iprev=pass policy.iprev=203.0.113.9\r\n"
                + "X-Sent-From: 203.0.113.9\r\nX-Sent-To: 198.51.100.9"
                + END;
        assertThat(new String(
                        firewall.apply(HeaderBlock.parse(header.getBytes(ISO_8859_1)))
                                .orElseThrow(),
                        ISO_8859_1))
                .isEqualTo("Received: by mail.ours.example with ESMTP id 1\r\n"
                        + "Received: from a.example ([2001:db8::1]) by mx.partner.example with ESMTP id 2\r\n"
                        + "Authentication-Results: mx.partner.example; iprev=pass policy.iprev=192.0.2.1\r\n"
                        + "X-Sent-To: 198.51.100.9"
                        + END);
    }

    // Message ids

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<4711.JavaMail.root@ex01.ours.example>",
                "<0f1e@EX01.corp.example>",
                "<1@pc17>",
                "<1@build7>",
                "<1@localhost.localdomain>",
                "<1@[10.0.0.7]>",
                "<1@[IPv6:fd12::1]>",
                "no-brackets@corp.local"
            })
    void idThatNamesAnInnerHostHasAnotherFormOutside(String id) throws Exception {
        String outside = apply("Message-ID: " + id + END);
        assertThat(outside).matches("Message-ID: <?[a-z2-7]{20,}@mail\\.ours\\.example>?\r\n\r\n");
        assertThat(restored(outside)).isEqualTo("Message-ID: " + id + END);
        assertThat(apply(outside)).isEqualTo(outside);
    }

    @Test
    void threadHoldsOutsideAndInside() throws Exception {
        String own = "<1@ex01.corp.example>";
        String partner = "<2@mx.partner.example>";
        String asSent = apply("Message-ID: " + own + END);
        String outer = asSent.substring("Message-ID: ".length(), asSent.length() - 4);

        String answer = "References: " + outer + "\r\nIn-Reply-To: " + outer + END;
        assertThat(restored(answer)).isEqualTo("References: " + own + "\r\nIn-Reply-To: " + own + END);

        String ourNext = "In-Reply-To: " + partner + "\r\nReferences: " + own + "\r\n\t" + partner + END;
        assertThat(apply(ourNext))
                .isEqualTo("In-Reply-To: " + partner + "\r\nReferences: " + outer + "\r\n\t" + partner + END);
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "", "\r\n\t"})
    void noLineOfReferencesGrowsBeyondWhatLinesMayBe(String between) throws Exception {
        StringBuilder header = new StringBuilder("References:");
        for (int i = 10; i < 50; i++) {
            header.append(between).append("<").append(i).append("@ex01.ours.example>");
        }
        String stripped = apply(header + END);
        assertThat(stripped.split("\r\n")).allMatch(line -> line.length() <= 998);
        assertThat(stripped.chars().filter(c -> c == '<')).hasSize(40);
        assertThat(restored(stripped).replaceAll("\\s", ""))
                .isEqualTo(header.toString().replaceAll("\\s", ""));
        assertThat(apply(stripped)).isEqualTo(stripped);
    }

    @Test
    void idsWithoutEndCostNoTimeWithoutEnd() throws Exception {
        String outside = apply("Message-ID: " + "<1@pc17> ".repeat(3000) + END);
        assertThat(outside).contains("<unknown@mail.ours.example>").doesNotContain("pc17");
    }

    @Test
    void resentIdHasTheSameFormAsTheIdItself() throws Exception {
        assertThat(apply("Resent-Message-ID: <1@pc17>" + END))
                .isEqualTo(apply("Message-ID: <1@pc17>" + END).replace("Message-ID", "Resent-Message-ID"));
    }

    @Test
    void foreignSignatureKeepsTheId() throws Exception {
        String header =
                "DKIM-Signature: v=1; d=foreign.example; h=message-id:mime-version; b=\r\nMessage-ID: <1@pc17>\r\n"
                        + "MIME-Version: 1.0 (x)" + END;
        assertThat(apply(header)).isEqualTo(header);
    }

    private static String restored(String header) {
        return new IncomingIds(Ids.KNOWN)
                .restore(HeaderBlock.parse(header.getBytes(ISO_8859_1)))
                .map(bytes -> new String(bytes, ISO_8859_1))
                .orElse(header);
    }

    // ARC, RFC 8617

    private static String set(int instance, String results, String domain) {
        return "ARC-Seal: i=" + instance + "; a=rsa-sha256; cv=none; d=" + domain + "; s=x; b=YQ==\r\n"
                + "ARC-Message-Signature: i=" + instance + "; a=rsa-sha256; d=" + domain
                + "; h=from; bh=YQ==; b=YQ==\r\n"
                + "ARC-Authentication-Results: i=" + instance + "; " + results + "\r\n";
    }

    @Test
    void newestSetsOfOursThatTellOfTheInsideGoWhole() throws Exception {
        String foreign = set(1, "mx.foreign.example; spf=pass", "foreign.example") + "To: a" + END;
        assertThat(apply(set(3, "mx01.ours.example; spf=pass", "ours.example")
                        + set(2, "ours.example; spf=pass smtp.client-ip=10.0.0.7", "ours.example")
                        + foreign))
                .isEqualTo(foreign);
    }

    @Test
    void setUnderAForeignSealStays() throws Exception {
        String header = set(2, "mx.foreign.example; spf=pass", "foreign.example")
                + set(1, "mx01.ours.example; spf=pass smtp.client-ip=10.0.0.7", "ours.example") + "To: a" + END;
        assertThat(apply(header)).isEqualTo(header);
    }

    @Test
    void setOfOursThatTellsNothingStays() throws Exception {
        String header =
                set(1, "mail.ours.example; spf=pass smtp.client-ip=198.51.100.7", "ours.example") + "To: a" + END;
        assertThat(apply(header)).isEqualTo(header);
    }

    @Test
    void fieldUnderAForeignArcSignatureStays() throws Exception {
        String header =
                "ARC-Message-Signature: i=1; d=foreign.example; h=from:message-id; b=\r\nMessage-ID: <1@pc17>" + END;
        assertThat(apply(header)).isEqualTo(header);
    }

    @Test
    void noLengthIsTooMuch() {
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (String part : new String[] {
                "a.", "a", "(", ")", "10.0.0.1 ", "1:", ":", "@", "<", "x@y ", "helo=", "IPv6:", "\\", ";", " ", "="
            }) {
                String repeated = part.repeat(30_000 / part.length());
                for (String name : new String[] {
                    "Message-ID",
                    "References",
                    "MIME-Version",
                    "Authentication-Results",
                    "ARC-Authentication-Results",
                    "Received-SPF",
                    "X-Received"
                }) {
                    assertThat(apply(name + ": " + repeated + " ex01;" + repeated + END))
                            .isNotEmpty();
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authentication-Results: mx01.ours.example; spf=pass smtp.client-ip=10.0.0.7 ",
                "Authentication-Results: mx.foreign.example; spf=pass smtp.client-ip=198.51.100.7 ",
                "X-Original-Authentication-Results: mx01.ours.example; iprev=pass policy.iprev=::1 ",
                "Received-SPF: pass client-ip=10.0.0.7 ",
                "Message-ID: <1@pc17> ",
                "References: <1@ex01.ours.example> ",
                "In-Reply-To: <1@ex01.ours.example> ",
                "X-Sent-By: pc17.corp.local ",
                "X-Many-Words: a "
            })
    void fieldLongerThanAnyGoesWhole(String field) throws Exception {
        String rest = "Subject: a" + END;
        assertThat(apply(field + " 10.0.0.7 b".repeat(7000) + "\r\n" + rest)).isEqualTo(rest);
    }

    @Test
    void fieldsThatTogetherAreLongerThanAnyHeaderGoFromTheTop() throws Exception {
        String told = "Authentication-Results: mx.foreign.example; dkim=pass header.d=";
        String filler = ".".repeat(1000) + "\r\n";
        String stripped =
                apply(told + "top" + filler + (told + "a" + filler).repeat(1000) + told + "b" + filler + "To: a" + END);
        assertThat(stripped)
                .contains("header.d=b")
                .doesNotContain("header.d=top")
                .endsWith("To: a" + END);
        assertThat(stripped.length()).isBetween(InnerNames.MOST_TEXT - 2000, InnerNames.MOST_TEXT + 2000);
    }

    @Test
    void ipv6AddressesAreNotReadWithoutEnd() {
        InnerNames names = new InnerNames(
                Domain.of("ours.example")::equals, "mail.ours.example", List.of(), List.of(), Networks.none());
        assertThat(names.addresses("2001:db8::7 ".repeat(10_000))).hasSizeLessThan(5000);
        assertThat(names.holdsInnerAddress("2001:db8::7")).isTrue();
        assertThat(names.neutralise("2001:db9::7")).isEqualTo("2001:db8::1");
        // Times of day, and addresses of devices, are none.
        assertThat(names.neutralise("20:50:07 00:00:5e:00:53:01")).isEqualTo("20:50:07 00:00:5e:00:53:01");
    }

    @Test
    void domainsAreNotLookedUpWithoutEnd() throws Exception {
        int[] lookUps = {0};
        HeaderFirewall firewall = new HeaderFirewall(
                HeaderPolicy.builder().build(),
                domain -> {
                    lookUps[0]++;
                    return false;
                },
                "mail.ours.example",
                Ids.KNOWN,
                List.of());
        StringBuilder header = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            header.append(i % 1000 == 0 ? "References:" : "")
                    .append(" <x@a")
                    .append(i)
                    .append(".b")
                    .append(i)
                    .append(".example>\r\n");
        }
        String stripped = firewall.apply(HeaderBlock.parse((header + "\r\n").getBytes(ISO_8859_1)))
                .map(bytes -> new String(bytes, ISO_8859_1))
                .orElse("");
        assertThat(lookUps[0]).isLessThanOrEqualTo(10_000);
        // From the bottom, as signatures count.
        assertThat(stripped).contains("<x@a49000.b49000.example>").doesNotContain("a49999.b49999", "a1.b1.");
    }
}
