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
import org.rempart.message.HeaderField;

class ReceivedRewriterTest {
    private static final String DATE = "Tue, 24 Nov 2026 20:50:07 +0000";

    private final InnerNames names =
            new InnerNames(Domain.of("ours.example")::equals, "mail.ours.example", List.of(), List.of());
    private final ReceivedRewriter rewriter = new ReceivedRewriter(names, "mail.ours.example");

    /** The rewritten value on one line; the value as it was when it stays. */
    private String rewritten(String value) {
        HeaderField field = HeaderBlock.parse(("Received: " + value + "\r\n\r\n").getBytes(ISO_8859_1))
                .fields()
                .get(0);
        byte[] replacement = rewriter.rewrite(field);
        if (replacement == HeaderBlock.KEEP) {
            return value;
        }
        String text = new String(replacement, ISO_8859_1);
        assertThat(text).startsWith("Received: ").endsWith("\r\n");
        for (String line : text.split("\r\n", -1)) {
            assertThat(line.length()).isLessThanOrEqualTo(998);
        }
        return text.substring("Received: ".length()).replace("\r\n ", " ").trim();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Postfix
                "from mx.a.example (mx.a.example [198.51.100.7])\r\n"
                        + "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
                        + "\t(No client certificate requested)\r\n"
                        + "\tby mx.b.example (Postfix) with ESMTPS id 4XyZ1234\r\n"
                        + "\tfor <bob@b.example>; Tue, 24 Nov 2026 20:50:07 +0000 (UTC)",
                // Gmail, whose own hosts are addresses
                "by 2002:a05:7300:d4c4:b0:14e:7f62:7a2b with SMTP id f1csp123; Tue, 24 Nov 2026 20:50:07 -0800 (PST)",
                "from mail-sor-f41.google.example. ([209.85.220.41])\r\n        by mx.google.example with SMTPS id"
                        + " a1-20020a1709063e1500b.12.2026.11.24; Tue, 24 Nov 2026 20:50:07 -0800 (PST)",
                // Exchange Online
                "from AM0PR01MB1234.outlook.example (2603:10a6:208:1::20) by\r\n AM0PR01MB5678.outlook.example"
                        + " (2603:10a6:208:2::21) with Microsoft SMTP\r\n Server (version=TLS1_2,"
                        + " cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8890.16; Tue,\r\n 24 Nov 2026"
                        + " 20:50:07 +0000",
                // Exim
                "from mx.a.example ([198.51.100.7])\r\n\tby mx.b.example with esmtps (Exim 4.98)\r\n"
                        + "\tid 1tF0aB-000000012ab-3cdE; Tue, 24 Nov 2026 20:50:07 +0000",
                // Sendmail
                "from mx.a.example (mx.a.example [198.51.100.7]) by mx.b.example (8.18.1/8.18.1) with ESMTP id"
                        + " 4AOKo7aB012345 for <bob@b.example>; Tue, 24 Nov 2026 20:50:07 GMT",
                // An address literal of the outside
                "from mx.a.example by [198.51.100.9] with SMTP; Tue, 24 Nov 2026 20:50:07 +0000"
            })
    void hopOfTheOutsideStays(String value) {
        assertThat(rewritten(value)).isEqualTo(value);
    }

    @Test
    void submissionTellsNothingOfItsClient() {
        assertThat(rewritten("from laptop.isp.example (cpe-7.isp.example [198.51.100.7])\r\n"
                        + "\t(Authenticated sender: bob)\r\n"
                        + "\tby mail.ours.example (Postfix) with ESMTPSA id 4XyZ1234\r\n"
                        + "\tfor <carol@a.example>; " + DATE + " (UTC)"))
                .isEqualTo("by mail.ours.example with ESMTPSA id 4XyZ1234; " + DATE);
        assertThat(rewritten("from laptop.isp.example ([198.51.100.7]) by mail.ours.example with HTTP; " + DATE))
                .isEqualTo("by mail.ours.example with SMTP; " + DATE);
        assertThat(rewritten("from laptop.isp.example (cpe.isp.example [198.51.100.7]) (authenticated bits=0)\r\n"
                        + "\tby mail.ours.example (8.18.1/8.18.1) with ESMTP id 4AOKo7aB012345; " + DATE))
                .isEqualTo("by mail.ours.example with ESMTP id 4AOKo7aB012345; " + DATE);
    }

    @Test
    void hopFromTheOutsideToUsKeepsWhereItCameFrom() {
        assertThat(rewritten("from mx.a.example (mx.a.example [198.51.100.7])\r\n"
                        + "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
                        + "\tby mx01.dmz.ours.example (Postfix) with ESMTPS id 4XyZ1234\r\n"
                        + "\tfor <bob@ours.example>; " + DATE))
                .isEqualTo("from mx.a.example ([198.51.100.7]) by mail.ours.example with ESMTPS id 4XyZ1234; " + DATE);
        assertThat(rewritten("from mx.a.example ([IPv6:2001:db8::25]) by mail.ours.example with ESMTP; " + DATE))
                .isEqualTo("from mx.a.example ([IPv6:2001:db8:0:0:0:0:0:25]) by mail.ours.example with ESMTP; " + DATE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // inner names
                "from a.example ([10.0.0.1]) by ex01 with SMTP; ",
                "from ex02.corp.local by ex01.corp.local with SMTP; ",
                "from a.example by mx.INTERNAL. with SMTP; ",
                "from a.example by mx.home.arpa:25 with SMTP; ",
                "from a.example by ours.example, with SMTP; ",
                "from a.example by ex01.branch.ours.example(8.8.8/8.8.8) with SMTP; "
            })
    void hopOfTheInsideBecomesNeutral(String value) {
        assertThat(rewritten(value + DATE)).isEqualTo("by mail.ours.example with SMTP; " + DATE);
    }

    /** Anyone who took the mail from a machine of his own inside, or from a user of his, is not we. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "from localhost (localhost [127.0.0.1]) by mx.b.example (Postfix) with SMTP; ",
                "from amavis.b.example ([::1]) by mx.b.example (amavisd-new, port 10024) with SMTP; ",
                "from amavis.b.example ([::ffff:10.0.0.7]) by mx.b.example with SMTP; ",
                "from [10.0.0.7] by mx.b.example with SMTP; ",
                "from a.example (a.example. 10.0.0.7.) by mx.b.example with SMTP; ",
                "from a.example (172.16.3.4:2525) by mx.b.example with SMTP; ",
                "from a.example ([IPv6:fe80::1%eth0]) by mx.b.example with SMTP; ",
                "from a.example ([fd12:3456::1]) by mx.b.example with SMTP; ",
                "from a.example (100.64.0.9) by mx.b.example with SMTP; ",
                "from a.example (169.254.1.1) by mx.b.example with SMTP; ",
                "from pc7.corp.local ([203.0.113.7]) by mx.b.example with ESMTPSA id 4711; ",
                "from a.example (pc7.corp.local. [203.0.113.7]) by mx.b.example with HTTP; "
            })
    void hopOfOthersLosesInnerAddressesAndNamesAlone(String value) {
        String rewritten = rewritten(value + DATE);
        assertThat(rewritten)
                .startsWith(value.substring(0, 5))
                .doesNotContain(
                        "127.0.0.1",
                        "([::1",
                        "fe80",
                        "10.0.0",
                        "172.16",
                        "100.64",
                        "169.254",
                        "fd12",
                        "corp.local",
                        "ours.example")
                .contains("by mx.b.example ")
                .endsWith(value.substring(value.indexOf(" with ")) + DATE);
        assertThat(rewritten(rewritten)).isEqualTo(rewritten);
    }

    @Test
    void hopOfAProviderStaysItsOwn() {
        assertThat(rewritten("from [192.168.7.7] (cpe.isp.example [203.0.113.7]) by smtp.provider.example with ESMTPSA"
                        + " id 4711; " + DATE))
                .isEqualTo("from [192.0.2.1] (cpe.isp.example [203.0.113.7]) by smtp.provider.example with ESMTPSA"
                        + " id 4711; " + DATE);
        assertThat(rewritten("from ex01.dmz.ours.example ([10.1.2.3]) by mx.b.example with ESMTP id 1; " + DATE))
                .isEqualTo("from mail.ours.example ([192.0.2.1]) by mx.b.example with ESMTP id 1; " + DATE);
    }

    @ParameterizedTest
    @CsvSource({
        "'Tue, 24 Nov 2026 20:50:07 -0800', 'Tue, 24 Nov 2026 20:50:07 -0800'",
        "'Tue, 24 Nov 2026 20:50:07 -08:00', 'Tue, 24 Nov 2026 20:50:07 -0800'",
        "'Tue, 24 Nov 2026 20:50:07 -400', 'Tue, 24 Nov 2026 20:50:07 -0400'",
        "'Tue, 24 Nov 2026 20:50:07 +0530 (IST)', 'Tue, 24 Nov 2026 20:50:07 +0530'",
        "'Tue, 24 Nov 2026 20:50:07 JST', 'Tue, 24 Nov 2026 20:50:07 +0900'",
        "'Tue, 24 Nov 2026 20:50:07 CEST', 'Tue, 24 Nov 2026 20:50:07 +0200'",
        "'Tue, 24 Nov 2026 20:50:07 EST', 'Tue, 24 Nov 2026 20:50:07 EST'",
        "'Tue, 24 Nov 2026 20:50:07 XYZ', 'Tue, 24 Nov 2026 20:50:07 XYZ'",
        "'Tue Nov 24 20:50:07 2026', 'Tue Nov 24 20:50:07 2026'",
        "'Tue Nov  2 20:50:07 CET 2026', 'Tue Nov 2 20:50:07 CET 2026'",
        "'2-Nov-2026 20:50:07 +0100', '2-Nov-2026 20:50:07 +0100'",
        "'2026-11-24T20:50:07Z', '2026-11-24T20:50:07Z'",
        "'20:50 on ex01.corp.local (10.0.0.1)', '20:50 on mail.ours.example'",
    })
    void dateSaysTheSameMomentOrStays(String date, String kept) {
        String rewritten = rewritten("by ex01.corp.local with SMTP; " + date);
        assertThat(rewritten).isEqualTo("by mail.ours.example with SMTP; " + kept);
        assertThat(rewritten(rewritten)).isEqualTo(rewritten);
    }

    @Test
    void exchangeTellsNeitherHostsNorVersion() {
        assertThat(rewritten(
                        "from EX02.corp.local (10.1.2.3) by\r\n EX01.corp.local (10.1.2.4) with Microsoft SMTP Server"
                                + " (version=TLS1_2,\r\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.39 via Frontend"
                                + " Transport; Tue, 24\r\n Nov 2026 20:50:07 +0000"))
                .isEqualTo("by mail.ours.example with SMTP; " + DATE);
    }

    @Test
    void qmailTellsNoProcessAndNoUser() {
        assertThat(rewritten("(qmail 18554 invoked by uid 0); 25 May 2008 14:38:53 -0000"))
                .isEqualTo("by mail.ours.example; 25 May 2008 14:38:53 -0000");
        assertThat(rewritten(
                        "from unknown (HELO inner) (bob@10.0.0.7)\r\n  by 0 with SMTP; 25 May 2008 14:38:53 -0000"))
                .isEqualTo("by mail.ours.example with SMTP; 25 May 2008 14:38:53 -0000");
    }

    @Test
    void idLosesItsHost() {
        assertThat(rewritten("by netmbx.ours.example (/\\==/\\ Smail3.1.28.1)\r\n\t  from ntserver2 with smtp\r\n"
                        + "\t  id <m0uWPrO-0004wpC@ntserver2>; Wed, 19 Jun 96 18:12 MES"))
                .isEqualTo("by mail.ours.example with smtp id m0uWPrO-0004wpC; Wed, 19 Jun 96 18:12 MES");
        assertThat(rewritten("by ntserver2 with SMTP id 1.ntserver2.corp.local; " + DATE))
                .matches("by mail\\.ours\\.example with SMTP id [0-9a-f]{16}; .*")
                .doesNotContain("ntserver2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                "by",
                "by ;",
                "garbage 10.0.0.7",
                "from ex01.corp.local (((",
                "from \"ex01.corp.local by mx.b.example with SMTP; date",
                "(comment \\",
                "by \u00fc\u0000 with \u00ff",
                "from a.example by <ex01.corp.local> with SMTP"
            })
    void whatCanNotBeReadBecomesNeutral(String value) {
        assertThat(rewritten(value)).matches("by mail\\.ours\\.example( with SMTP)?");
    }

    @Test
    void noClauseCanBeForgedByAComment() {
        assertThat(rewritten(
                        "from ex01.corp.local (by mx.b.example (nested; by mx.c.example)) by ex02.corp.local; " + DATE))
                .isEqualTo("by mail.ours.example; " + DATE);
    }

    @Test
    void rewritingEndsLinesAsTheFieldDid() {
        HeaderField field = HeaderBlock.parse(
                        ("Received: from a.example ([198.51.100.7])\n by mx.ours.example with ESMTPS id "
                                        + "4XyZ1234567890\n for <x@y>; " + DATE + "\n\n")
                                .getBytes(ISO_8859_1))
                .fields()
                .get(0);
        assertThat(new String(rewriter.rewrite(field), ISO_8859_1))
                .isEqualTo("Received: from a.example ([198.51.100.7]) by mail.ours.example with ESMTPS\n"
                        + " id 4XyZ1234567890; " + DATE + "\n");
    }

    @Test
    void noNameIsLookedUp() {
        // A name of digits that is no address would go to DNS where a library resolves it.
        assertThat(names.addresses("999.1.1.1 1.2.3 1.2.3.4.5 20:50:07 12:34 a:b:c"))
                .isEmpty();
    }

    @Test
    void noLengthIsTooMuch() {
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (String part :
                    new String[] {"a.", "(", ")", "10.0.0.1 ", "1:", "\\", "\"", "by ", "Mon, 1 ", "; ", " "}) {
                for (int length : new int[] {20_000, 3_000_000}) {
                    String repeated = part.repeat(length / part.length());
                    HeaderBlock block =
                            HeaderBlock.parse(("Received: from " + repeated + " by " + repeated + " id " + repeated)
                                    .getBytes(ISO_8859_1));
                    new ReceivedRewriterTest().rewriter.rewrite(block.fields().get(0));
                }
            }
        });
        assertThat(rewritten("from ex01.corp.local by mx.b.example with SMTP" + " ".repeat(70_000)))
                .isEqualTo("by mail.ours.example");
    }
}
