/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.james.core.MailAddress;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The trace field (RFC 5321, section 4.4): true, complete, and telling nothing of our inside. */
class ReceivedFilterTest {
    private static final ReceivedFilter FILTER =
            new ReceivedFilter(Clock.fixed(Instant.parse("2026-11-24T20:50:07Z"), ZoneOffset.UTC));

    private static FakeConnection greeted(String mode, String name) {
        return new FakeConnection()
                .with(SMTPSession.CURRENT_HELO_MODE, mode, State.Connection)
                .with(SMTPSession.CURRENT_HELO_NAME, name, State.Connection);
    }

    private static List<MailAddress> recipients(String... addresses) throws Exception {
        List<MailAddress> list = new ArrayList<>();
        for (String address : addresses) {
            list.add(new MailAddress(address));
        }
        return list;
    }

    @Test
    void aSoleRecipientIsNamed() throws Exception {
        FakeConnection client = greeted("EHLO", "client.example")
                .encrypted()
                .with(SMTPSession.RCPT_LIST, recipients("u@foreign.example"), State.Transaction);
        client.account = "alice@ours.example";
        assertThat(FILTER.field(client.session()))
                .containsExactly(
                        "Received: from client.example ([192.0.2.25])",
                        " (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)",
                        " by mail.ours.example with ESMTPSA id 1f3a9c",
                        " for <u@foreign.example>;",
                        " Tue, 24 Nov 2026 20:50:07 +0000");
    }

    @Test
    void severalRecipientsAreNot() throws Exception {
        FakeConnection client = greeted("EHLO", "client.example")
                .with(SMTPSession.RCPT_LIST, recipients("u@foreign.example", "v@foreign.example"), State.Transaction);
        assertThat(String.join("\n", FILTER.field(client.session())))
                .doesNotContain("u@foreign")
                .doesNotContain("v@foreign");
    }

    @ParameterizedTest
    @CsvSource({
        "HELO, false, false, SMTP",
        "EHLO, false, false, ESMTP",
        "EHLO, true, false, ESMTPS",
        "EHLO, false, true, ESMTPA",
        "EHLO, true, true, ESMTPSA",
    })
    void theTypeIsThatOfRfc3848(String mode, boolean tls, boolean authenticated, String type) {
        FakeConnection client = greeted(mode, "client.example");
        if (tls) {
            client.encrypted();
        }
        client.account = authenticated ? "alice@ours.example" : null;
        assertThat(String.join("\n", FILTER.field(client.session()))).contains(" with " + type + " id ");
    }

    @Test
    void beforeTheHandshakeIsDoneItIsNoTls() {
        FakeConnection client = greeted("EHLO", "client.example");
        client.tlsStarted = true;
        assertThat(String.join("\n", FILTER.field(client.session())))
                .contains(" with ESMTP id ")
                .doesNotContain("using");
    }

    @Test
    void anIpv6ClientIsTagged() {
        FakeConnection client = greeted("EHLO", "[IPv6:2001:db8::25]");
        client.client = "2001:db8::25";
        assertThat(FILTER.field(client.session()).get(0))
                .isEqualTo("Received: from [IPv6:2001:db8::25] ([IPv6:2001:db8:0:0:0:0:0:25])");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.example ([10.0.0.1]) by mail.ours.example with ESMTPSA id 9; Tue, 24 Nov 2026 20:50:07 +0000",
                "a.example\r\nX-Forged: yes",
                "a.example (comment",
                "a.example; Mon, 1 Jan 2001 00:00:00 +0000",
                "\u00e4\u0000\u007f\"<>",
                ""
            })
    void whatTheClientSaysForgesNoClause(String helo) {
        List<String> field = FILTER.field(greeted("EHLO", helo).session());
        assertThat(field).hasSize(3).allMatch(line -> line.chars().allMatch(c -> c >= 32 && c < 127));
        assertThat(field.get(0)).matches("Received: from [A-Za-z0-9.:\\[\\]_-]+ \\(\\[192\\.0\\.2\\.25\\]\\)");
    }

    @Test
    void aLongNameIsCut() {
        assertThat(FILTER.field(greeted("EHLO", "x".repeat(5000)).session())
                        .get(0)
                        .length())
                .isLessThan(300);
    }

    @Test
    void theFieldIsWrittenOnceBeforeTheFirstLine() {
        SMTPSession session = greeted("EHLO", "client.example").session();
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        for (String line : new String[] {"Subject: x\r\n", "\r\n", "body\r\n"}) {
            FILTER.onLine(session, line.getBytes(StandardCharsets.US_ASCII), (any, bytes) -> {
                received.writeBytes(bytes);
                return null;
            });
        }
        assertThat(received.toString(StandardCharsets.US_ASCII))
                .isEqualTo(
                        "Received: from client.example ([192.0.2.25])\r\n by mail.ours.example with ESMTP id 1f3a9c;\r\n"
                                + " Tue, 24 Nov 2026 20:50:07 +0000\r\nSubject: x\r\n\r\nbody\r\n");
    }
}
