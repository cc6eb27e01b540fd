/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Scores;
import org.rempart.audit.Verdict;
import org.w3c.dom.Document;

class ReportsTest {
    private static final String HOSTILE = "<script>alert('x')</script> & \u001b[31m \"quoted\" ]]> \u202e \ufffe";

    private static Finding finding(String check, String subject, Verdict verdict) {
        return new Finding(
                Catalogue.packaged().get(check), subject, verdict, "seen: " + HOSTILE, List.of("< 250 " + HOSTILE));
    }

    private static Result result(Finding... findings) {
        return new Result(
                "mail.example.org",
                List.of("smtp 25"),
                Instant.EPOCH,
                Duration.ofSeconds(3),
                12,
                Optional.of("450 " + HOSTILE.replace("\u001b", "")),
                List.of(findings));
    }

    private static Result mixed() {
        return result(
                finding("relay.accepted", "smtp 25", Verdict.FAIL),
                finding("tls.order", "smtp 25", Verdict.WARN),
                finding("certificate.trust", "smtp 25", Verdict.NOT_TESTABLE),
                finding("auth.works", "smtp 25", Verdict.NOT_ASKED),
                finding("starttls.state", "smtp 25", Verdict.PASS));
    }

    /** An administrator of Exim reads what to paste into Exim, and not what into others. */
    @Test
    void theTerminalShowsWhatMendsTheServerThatNamedItself() {
        Finding named = new Finding(
                Catalogue.packaged().get("leak.product"),
                "smtp 25",
                Verdict.FAIL,
                "product or version is named",
                List.of("< 220 mail.example.org ESMTP Exim 4.96   (Exim)"));
        Finding relay = finding("relay.accepted", "smtp 25", Verdict.FAIL);
        assertThat(new TerminalReport(false, false).of(result(relay, named)))
                .contains("  Exim:\n", "acl_check_rcpt")
                .doesNotContain("  Postfix:\n", "smtpd_relay_restrictions");
        assertThat(new TerminalReport(false, false).of(result(relay))).contains("  Postfix:\n", "  Rempart/James:\n");
    }

    @Test
    void junitIsXmlAndWhatWasNotTestedIsSkipped() throws Exception {
        String text = new JunitReport().of(mixed());
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        assertThat(document.getElementsByTagName("testcase").getLength()).isEqualTo(5);
        assertThat(document.getElementsByTagName("failure").getLength()).isEqualTo(1);
        assertThat(document.getElementsByTagName("skipped").getLength()).isEqualTo(2);
    }

    @Test
    void sarifHasARuleForEachResult() throws IOException {
        JsonNode run = new JsonMapper()
                .readTree(new SarifReport().of(mixed()))
                .path("runs")
                .path(0);
        JsonNode rules = run.path("tool").path("driver").path("rules");
        for (JsonNode node : run.path("results")) {
            assertThat(rules.path(node.path("ruleIndex").asInt()).path("id").asText())
                    .isEqualTo(node.path("ruleId").asText());
            if (!node.path("kind").asText().equals("fail")) {
                assertThat(node.path("level").asText()).isEqualTo("none");
            }
        }
        assertThat(run.path("results").path(0).path("level").asText()).isEqualTo("error");
    }

    @Test
    void sarifPointsIntoFiles() throws IOException {
        JsonNode location = new JsonMapper()
                .readTree(new SarifReport().of(result(finding("conf.dropped", "mailetcontainer.xml:12", Verdict.FAIL))))
                .at("/runs/0/results/0/locations/0/physicalLocation");
        assertThat(location.at("/artifactLocation/uri").asText()).isEqualTo("mailetcontainer.xml");
        assertThat(location.at("/region/startLine").asInt()).isEqualTo(12);
    }

    @Test
    void thePageEscapesAndLoadsNothing() throws IOException {
        String page = new HtmlReport().of(mixed());
        assertThat(page)
                .doesNotContain("<script")
                .doesNotContain("\u001b")
                .doesNotContain("http-equiv=\"refresh\"")
                .doesNotContain("src=")
                .doesNotContain("href=")
                .contains("&lt;script&gt;");
    }

    @Test
    void jsonIsAsItsSchemaSays() throws IOException {
        JsonNode schema = new JsonMapper()
                .readTree(Path.of("..", "docs", "audit-report.schema.json").toFile());
        JsonNode report = new JsonMapper().readTree(new JsonReport().of(mixed()));
        check(schema, schema, report, "$");
    }

    /** What the schema uses of JSON Schema, and no more: type, required, properties, items, enum, $ref. */
    private static void check(JsonNode root, JsonNode schema, JsonNode value, String at) {
        if (schema.has("$ref")) {
            check(root, root.at(schema.path("$ref").asText().substring(1)), value, at);
            return;
        }
        String kind = value.isObject()
                ? "object"
                : value.isArray()
                        ? "array"
                        : value.isTextual() ? "string" : value.isInt() ? "integer" : value.isNull() ? "null" : "number";
        List<String> types = schema.path("type").isArray()
                ? new JsonMapper()
                        .convertValue(
                                schema.path("type"),
                                new com.fasterxml.jackson.core.type.TypeReference<List<String>>() {})
                : List.of(schema.path("type").asText());
        assertThat(types.contains(kind) || (types.contains("number") && kind.equals("integer")))
                .as("%s is %s", at, kind)
                .isTrue();
        schema.path("required")
                .forEach(name ->
                        assertThat(value.has(name.asText())).as(at + "." + name).isTrue());
        if (schema.has("enum")) {
            assertThat(schema.path("enum")).as(at).contains(value);
        }
        if (value.isObject()) {
            value.properties().forEach(field -> {
                JsonNode inner = schema.path("properties").path(field.getKey());
                JsonNode other = schema.path("additionalProperties");
                if (!inner.isMissingNode()) {
                    check(root, inner, field.getValue(), at + "." + field.getKey());
                } else if (other.isObject()) {
                    check(root, other, field.getValue(), at + "." + field.getKey());
                } else {
                    assertThat(false)
                            .as(at + "." + field.getKey() + " is not in the schema")
                            .isTrue();
                }
            });
        }
        if (value.isArray()) {
            value.forEach(item -> check(root, schema.path("items"), item, at + "[]"));
        }
    }

    @Test
    void aBaselineShowsWhatIsNew(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("before.json");
        Files.writeString(
                file,
                new JsonReport()
                        .of(result(
                                finding("relay.accepted", "smtp 25", Verdict.PASS),
                                finding("tls.order", "imap 143", Verdict.FAIL))));
        Baseline.Changes changes = Baseline.read(file)
                .changes(result(
                        finding("relay.accepted", "smtp 25", Verdict.FAIL),
                        finding("tls.order", "imap 143", Verdict.FAIL)));
        assertThat(changes.text())
                .contains("relay.accepted  smtp 25: pass -> fail")
                .doesNotContain("tls.order");
        assertThat(changes.isNew(finding("relay.accepted", "smtp 25", Verdict.FAIL)))
                .isTrue();
        assertThat(changes.isNew(finding("tls.order", "imap 143", Verdict.FAIL)))
                .isFalse();
    }

    @Test
    void whatIsNotTestableLowersAScore() {
        assertThat(Scores.of(List.of(finding("starttls.state", "a", Verdict.PASS)))
                        .percent())
                .isEqualTo(100);
        assertThat(Scores.of(List.of(
                                finding("starttls.state", "a", Verdict.PASS),
                                finding("certificate.trust", "a", Verdict.NOT_TESTABLE)))
                        .percent())
                .isEqualTo(50);
        assertThat(Scores.of(List.of(finding("starttls.state", "a", Verdict.NOT_ASKED)))
                        .percent())
                .isEqualTo(-1);
        // One place that could not be looked at is no pass of the check.
        assertThat(Scores.of(List.of(
                                finding("starttls.state", "a", Verdict.PASS),
                                finding("starttls.state", "b", Verdict.NOT_TESTABLE)))
                        .passed())
                .isZero();
    }
}
