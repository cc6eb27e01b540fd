/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.james.protocols.smtp.SMTPSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubmissionAuditTrailTest {
    private final SubmissionFakes.Session session = new SubmissionFakes.Session().account("alice@ours.example");

    private static List<String> fields(String line) throws IOException {
        List<String> names = new ArrayList<>();
        try (JsonParser json = new JsonFactory().createParser(line)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.FIELD_NAME) {
                    names.add(json.currentName());
                }
            }
        }
        return names;
    }

    private static String value(String line, String field) throws IOException {
        try (JsonParser json = new JsonFactory().createParser(line)) {
            while (json.nextToken() != null) {
                if (json.currentToken() == JsonToken.FIELD_NAME
                        && json.currentName().equals(field)) {
                    json.nextToken();
                    return json.getText();
                }
            }
        }
        throw new AssertionError("no " + field + " in " + line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\r\n{\"event\":\"login\"}",
                "x\",\"verdict\":\"accepted",
                "x\\\",\"verdict\":\"accepted",
                "\u0000\u0007\u001b[2J\u007f",
                "\u0085\u2028\u2029\u202e\u00e9\ud83d\ude00",
                "\ud83d",
                "{}[]${jndi:ldap://x}{}"
            })
    void whatAClientSaysForgesNeitherLineNorField(String evil) throws Exception {
        session.with(SMTPSession.CURRENT_HELO_NAME, evil);
        String line = AuditTrail.event("submission", session.get())
                .with("from", evil)
                .with("recipients", List.of(evil, evil))
                .with("messageId", evil)
                .toString();
        assertThat(line).matches("[\\x20-\\x7e]+");
        assertThat(fields(line))
                .containsExactly(
                        "v",
                        "time",
                        "event",
                        "connection",
                        "client",
                        "port",
                        "listener",
                        "helo",
                        "account",
                        "from",
                        "recipients",
                        "messageId");
        assertThat(value(line, "event")).isEqualTo("submission");
        assertThat(value(line, "helo")).isEqualTo(evil);
        assertThat(value(line, "messageId")).isEqualTo(evil);
        assertThat(value(line, "account")).isEqualTo("alice@ours.example");
    }

    @Test
    void longValuesAndListsAreShortened() throws Exception {
        String line = AuditTrail.event("submission", session.get())
                .with("from", "a".repeat(100_000))
                .with("recipients", Collections.nCopies(10_000, "b".repeat(1000)))
                .toString();
        assertThat(line.length()).isLessThan(200 * 540 + 2000);
        assertThat(value(line, "from")).isEqualTo("a".repeat(512) + "\u2026+99488");
        assertThat(line).contains("\"\\u2026+9800\"]");
    }
}
