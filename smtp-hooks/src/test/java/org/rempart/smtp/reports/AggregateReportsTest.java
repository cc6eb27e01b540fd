/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.message.HeaderBlock;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;
import org.rempart.message.proof.Evaluation;
import org.rempart.message.proof.SenderProof;
import org.w3c.dom.Document;

/** What domains are told of mail in their name. */
class AggregateReportsTest {
    private static final Instant NOON = Instant.parse("2026-11-30T12:00:00Z");

    @TempDir
    private Path folder;

    private final Map<String, List<String>> zone = new HashMap<>();
    private final List<String> silent = new ArrayList<>();
    private final List<String> sent = new ArrayList<>();
    private Instant now = NOON;

    private final Dns dns = new Dns() {
        @Override
        public List<MailExchanger> exchangers(String domain) {
            return List.of();
        }

        @Override
        public List<InetAddress> addresses(String host) {
            return List.of();
        }

        @Override
        public List<String> texts(String name) throws UnansweredException {
            if (silent.contains(name)) {
                throw new UnansweredException(name, new IllegalStateException("time out"));
            }
            return zone.getOrDefault(name, List.of());
        }
    };

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId other) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    private final MailetContext server = (MailetContext) Proxy.newProxyInstance(
            AggregateReportsTest.class.getClassLoader(),
            new Class<?>[] {MailetContext.class},
            (self, method, arguments) -> {
                if (!method.getName().equals("sendMail")) {
                    throw new UnsupportedOperationException(method.getName());
                }
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                ((Mail) arguments[0]).getMessage().writeTo(message);
                sent.add(((Mail) arguments[0]).getRecipients() + "\r\n" + message.toString(ISO_8859_1));
                return null;
            });

    @BeforeEach
    void zone() {
        zone.put("_dmarc.far.example", List.of("v=DMARC1; p=reject; pct=50; aspf=s; rua=mailto:dmarc@far.example"));
        zone.put("far.example", List.of("v=spf1 ip4:192.0.2.0/24 -all"));
    }

    private AggregateReports reports() throws Exception {
        return new AggregateReports(new MailAddress("dmarc-reports@ours.example"), folder, dns, () -> server, clock);
    }

    private Evaluation evaluation(String client, String sender, String from) throws Exception {
        return new SenderProof(dns)
                .of(
                        InetAddress.getByName(client),
                        "mx.far.example",
                        sender.isEmpty() ? MaybeSender.nullSender() : MaybeSender.of(new MailAddress(sender)),
                        HeaderBlock.parse(("From: " + from + "\r\n"
                                        + "DKIM-Signature: v=1; a=rsa-sha256; d=far.example; s=s1;"
                                        + " h=from; bh=AAAA; b=AAAA\r\n\r\n")
                                .getBytes(US_ASCII)),
                        () -> new ByteArrayInputStream(new byte[0]))
                .evaluation()
                .orElseThrow();
    }

    private void count(AggregateReports reports, String client, String disposition, String override) throws Exception {
        reports.count(
                InetAddress.getByName(client),
                disposition,
                override,
                "far.example",
                evaluation(client, "eve@far.example", "eve@far.example"));
    }

    private void nextMorning() {
        now = Instant.parse("2026-12-01T05:00:00Z");
    }

    /** The report in a message, valid by the schema. */
    private static Document report(String message) throws Exception {
        String base64 =
                message.replaceAll("(?s).*filename=\"[^\"]*\"\r\n\r\n", "").replaceAll("(?s)\r\n--.*", "");
        byte[] xml;
        try (InputStream gzip = new GZIPInputStream(
                new ByteArrayInputStream(Base64.getMimeDecoder().decode(base64)))) {
            xml = gzip.readAllBytes();
        }
        SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
                .newSchema(AggregateReportsTest.class.getResource("feedback.xsd"))
                .newValidator()
                .validate(new StreamSource(new ByteArrayInputStream(xml)));
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(xml));
    }

    private static String text(Document report, String element) {
        return report.getElementsByTagName(element).item(0).getTextContent();
    }

    @Test
    void aDomainGetsOneReportADay() throws Exception {
        AggregateReports reports = reports();
        count(reports, "192.0.2.7", "none", "");
        count(reports, "192.0.2.7", "none", "");
        count(reports, "198.51.100.9", "reject", "");
        reports.round();
        assertThat(sent).isEmpty();

        nextMorning();
        reports.round();
        reports.round();
        assertThat(sent).hasSize(1);
        assertThat(sent.get(0))
                .startsWith("[dmarc@far.example]")
                .contains(
                        "From: dmarc-reports@ours.example\r\n",
                        "Subject: Report Domain: far.example\r\n Submitter: ours.example\r\n Report-ID: <2026-11-30-",
                        "filename=\"ours.example!far.example!1795996800!1796083199!2026-11-30-",
                        "Content-Type: application/gzip");
        Document report = report(sent.get(0));
        assertThat(report.getElementsByTagName("record").getLength()).isEqualTo(2);
        assertThat(text(report, "policy_published")).isEqualTo("far.examplersrejectreject500");
        List<String> records = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            records.add(report.getElementsByTagName("record").item(i).getTextContent());
        }
        assertThat(records)
                .containsExactlyInAnyOrder(
                        "192.0.2.72nonefailpassfar.examplefar.examplefar.examples1neutralfar.examplemfrompass",
                        "198.51.100.91rejectfailfailfar.examplefar.examplefar.examples1neutralfar.examplemfromfail");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatThePolicyHereDoesOtherwiseIsSaid() throws Exception {
        AggregateReports reports = reports();
        count(reports, "198.51.100.9", "none", "local_policy");
        nextMorning();
        reports.round();
        assertThat(text(report(sent.get(0)), "reason")).isEqualTo("local_policy");
    }

    @Test
    void countsOutlastARestart() throws Exception {
        AggregateReports before = reports();
        count(before, "192.0.2.7", "none", "");
        before.save();
        AggregateReports after = reports();
        count(after, "192.0.2.7", "none", "");
        nextMorning();
        after.round();
        assertThat(text(report(sent.get(0)), "count")).isEqualTo("2");
    }

    @Test
    void aFileOfSomethingElseIsLeftAlone() throws Exception {
        for (String content : List.of("", "{}", "[[\"a\"]]", "[[\"a\",\"x\",\"b\"]]", "[[1]]", "nonsense", "[[")) {
            Files.writeString(folder.resolve("2026-11-29.json"), content);
            reports().round();
        }
        assertThat(sent).isEmpty();
        assertThat(folder.resolve("2026-11-29.json")).exists();
    }

    @Test
    void whoIsNotAskedForReportsGetsNone() throws Exception {
        AggregateReports reports = reports();
        zone.put("_dmarc.far.example", List.of("v=DMARC1; p=reject"));
        count(reports, "192.0.2.7", "none", "");
        nextMorning();
        reports.round();
        assertThat(sent).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    private List<String> recipients(String rua) throws Exception {
        now = NOON;
        sent.clear();
        AggregateReports reports = reports();
        zone.put("_dmarc.far.example", List.of("v=DMARC1; p=none; rua=" + rua));
        count(reports, "192.0.2.7", "none", "");
        nextMorning();
        reports.round();
        List<String> recipients = new ArrayList<>();
        sent.forEach(message -> recipients.add(message.substring(1, message.indexOf(']'))));
        return recipients;
    }

    @Test
    void anotherOrganisationHasToAgree() throws Exception {
        assertThat(recipients("mailto:a@reports.far.example")).containsExactly("a@reports.far.example");
        assertThat(recipients("mailto:victim@bank.example")).isEmpty();
        zone.put("far.example._report._dmarc.bank.example", List.of("v=DMARC1"));
        assertThat(recipients("mailto:dmarc@bank.example")).containsExactly("dmarc@bank.example");
        zone.put(
                "far.example._report._dmarc.bank.example",
                List.of("v=DMARC1; rua=mailto:b@bank.example,mailto:c@else.example"));
        assertThat(recipients("mailto:dmarc@bank.example")).containsExactly("b@bank.example");
        zone.put("far.example._report._dmarc.bank.example", List.of("v=spf1 -all"));
        assertThat(recipients("mailto:dmarc@bank.example")).isEmpty();
    }

    @Test
    void placesAreBounded() throws Exception {
        assertThat(recipients(
                        "mailto:a@far.example!1k,mailto:b@far.example!10m, https://far.example/,mailto:,mailto:x"))
                .containsExactly("a@far.example", "b@far.example");
        assertThat(recipients("mailto:a@far.example!10")).isEmpty();
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            many.append(i == 0 ? "" : ",").append("mailto:r").append(i).append("@far.example");
        }
        assertThat(recipients(many.toString())).hasSize(5);
    }

    @Test
    void aSilentDnsIsAskedAgainAndNotForEver() throws Exception {
        AggregateReports reports = reports();
        count(reports, "192.0.2.7", "none", "");
        silent.add("_dmarc.far.example");
        nextMorning();
        reports.round();
        assertThat(sent).isEmpty();
        silent.clear();
        reports.round();
        assertThat(sent).isEmpty();
        now = now.plusSeconds(1_900);
        reports.round();
        assertThat(sent).hasSize(1);

        now = NOON;
        AggregateReports others = reports();
        count(others, "192.0.2.7", "none", "");
        silent.add("_dmarc.far.example");
        now = Instant.parse("2026-12-02T12:00:00Z");
        others.round();
        assertThat(sent).hasSize(1);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void strangersFillNoReportAndNoRound() throws Exception {
        AggregateReports reports = reports();
        Evaluation evaluation = evaluation("192.0.2.7", "eve@far.example", "eve@far.example");
        for (int i = 0; i < ReportCounts.MOST_ROWS + 50; i++) {
            reports.count(
                    InetAddress.getByName("10.0." + i / 250 + "." + i % 250), "none", "", "x.example", evaluation);
        }
        for (int i = 0; i < AggregateReports.MOST_A_ROUND + 20; i++) {
            String domain = "d" + i + ".example";
            zone.put("_dmarc." + domain, List.of("v=DMARC1; p=none; rua=mailto:r@" + domain));
            reports.count(
                    InetAddress.getByName("192.0.2.7"), "none", "", "", evaluation("192.0.2.7", "", "eve@" + domain));
        }
        nextMorning();
        reports.round();
        assertThat(sent).hasSize(AggregateReports.MOST_A_ROUND);
        reports.round();
        assertThat(sent).hasSize(AggregateReports.MOST_A_ROUND + 21);
        String largest = sent.stream()
                .filter(message -> message.startsWith("[dmarc@far.example]"))
                .findFirst()
                .orElseThrow();
        assertThat(report(largest).getElementsByTagName("record").getLength()).isEqualTo(ReportCounts.MOST_ROWS);
        assertThat(largest).hasSizeLessThan(500_000);
    }
}
