/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Reports of others, honest ones and others. */
class TlsReportsCommandTest {
    /** As RFC 8460, appendix B, has one. */
    private static final String REPORT = """
            {"organization-name": "Company-X",
             "date-range": {"start-datetime": "2026-11-01T00:00:00Z", "end-datetime": "2026-11-01T23:59:59Z"},
             "contact-info": "sts-reporting@company-x.example", "report-id": "5065427c\\u001b[31m",
             "policies": [{
               "policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"],
                          "policy-domain": "company-y.example", "mx-host": ["*.mail.company-y.example"]},
               "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
               "failure-details": [
                 {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:12::1",
                  "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
                 {"result-type": "validation-failure", "receiving-ip": "203.0.113.58", "failed-session-count": 3,
                  "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]}]}
            """;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(byte[] input, String... arguments) {
        return new CommandLine(new TlsReportsCommand(new ByteArrayInputStream(input)))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    private int run(byte[] input) {
        return run(input, "-");
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void whatAReportSays() {
        assertThat(run(bytes(REPORT))).as(err.toString()).isEqualTo(1);
        assertThat(out.toString().lines())
                .containsExactly(
                        "Company-X, 2026-11-01T00:00:00Z to 2026-11-01T23:59:59Z, report 5065427c?[31m, contact "
                                + "sts-reporting@company-x.example",
                        "  sts of company-y.example (*.mail.company-y.example): 5326 sessions fine, 303 failed",
                        "    100 certificate-expired at mx1.mail.company-y.example from 2001:db8:abcd:12::1",
                        "    3 validation-failure [203.0.113.58]: X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
    }

    @Test
    void compressedAndInAMessage() throws Exception {
        Files.write(folder.resolve("report.json.gz"), gzip(bytes(REPORT)));
        String message = "From: a@b.example\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"b\"\r\n\r\n"
                + "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/tlsrpt+gzip\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\n"
                + Base64.getMimeEncoder().encodeToString(gzip(bytes(REPORT))) + "\r\n--b--\r\n";
        Files.write(folder.resolve("report.eml"), bytes(message));
        assertThat(run(
                        new byte[0],
                        "--json",
                        folder.resolve("report.json.gz").toString(),
                        folder.resolve("report.eml").toString()))
                .as(err.toString())
                .isEqualTo(1);
        JsonNode found = new ObjectMapper().readTree(out.toString());
        assertThat(found).hasSize(2).allSatisfy(report -> {
            assertThat(report.get("organisation").asText()).isEqualTo("Company-X");
            assertThat(report.get("policies").get(0).get("failures")).hasSize(2);
        });
    }

    @Test
    void aReportWithoutFailures() {
        String good = REPORT.replace("303", "0");
        assertThat(run(bytes(good))).isZero();
    }

    @Test
    void whatIsTooLargeOrNone() throws Exception {
        // 100 MB of one report, which compress to a hundred KB.
        assertThat(run(gzip(new byte[100 << 20]))).isEqualTo(2);
        assertThat(err.toString()).contains("rempart: -: it holds more than 8 MiB when it is not compressed");
        assertThat(run(new byte[5 << 20])).isEqualTo(2);
        assertThat(err.toString()).contains("it is larger than 4 MiB");
        assertThat(run(bytes("{\"policies\": [" + "{},".repeat(10_000) + "{}]}")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("it has 10001 policies, and 1000 are read at most");
        assertThat(run(bytes("{\"policies\": [{\"failure-details\": [" + "{},".repeat(10_000) + "{}]}]}")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("more than 10000 kinds of failures");
        assertThat(run(bytes("{\"a\":".repeat(10_000)))).isEqualTo(2);
        assertThat(err.toString()).contains("it is no JSON, or too much of it");
        assertThat(run(bytes("{\"hello\": 1}"))).isEqualTo(2);
        assertThat(err.toString()).contains("it has no policies");
        assertThat(run(bytes("Subject: hello\r\n\r\nno report\r\n"))).isEqualTo(2);
        assertThat(err.toString()).contains("nor a message that brings a report");
        assertThat(run(new byte[0], folder.resolve("nowhere").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("there is no such file");
        assertThat(run(new byte[] {0x1f, (byte) 0x8b, 1, 2})).isEqualTo(2);
        assertThat(run(new byte[0])).isEqualTo(2);
    }
}
