/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import javax.mail.MessagingException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.mailet.delivery.TlsSessions;
import org.rempart.mailet.delivery.tls.PublishedPolicy;
import org.rempart.mailet.delivery.tls.TlsResult;
import org.rempart.mailet.delivery.tls.WebClients;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;
import org.rempart.testsupport.CertificateAuthority;

/** Reports about a day's sessions, from their counts to those who get them. */
class TlsReportsTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 29);
    private static final Domain BANK = Domain.of("bank.example");
    private static final PublishedPolicy STS = new PublishedPolicy(
            "sts",
            "bank.example",
            List.of("version: STSv1", "mode: enforce", "mx: mx.bank.example", "max_age: 86400"),
            List.of("mx.bank.example"));

    @TempDir
    private Path folder;

    private final Map<String, List<String>> texts = new HashMap<>();
    private final List<String> mails = new ArrayList<>();
    private final List<String> posts = new ArrayList<>();
    private final Moments clock = new Moments();
    private final CertificateAuthority authority = CertificateAuthority.create("web CA");
    private HttpsServer web;
    private int webAnswer = 201;
    private boolean dnsAway;
    private boolean spoolAway;

    /** A clock that is set. */
    private static final class Moments extends Clock {
        private Instant now = DAY.atTime(12, 0).toInstant(ZoneOffset.UTC);

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void serve() throws IOException {
        web = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.setHttpsConfigurator(new HttpsConfigurator(
                authority.request("reports.bank.example").issue().context()));
        web.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            posts.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Content-Type") + " " + unzipped(body));
            exchange.sendResponseHeaders(webAnswer, -1);
            exchange.close();
        });
        web.start();
    }

    @AfterEach
    void stop() {
        web.stop(0);
    }

    private static String unzipped(byte[] gzip) throws IOException {
        return new String(new GZIPInputStream(new ByteArrayInputStream(gzip)).readAllBytes(), StandardCharsets.UTF_8);
    }

    private SSLContext trust() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("ca", authority.certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private Dns dns() {
        return new Dns() {
            @Override
            public List<MailExchanger> exchangers(String domain) {
                return List.of();
            }

            @Override
            public List<InetAddress> addresses(String host) {
                return List.of(InetAddress.getLoopbackAddress());
            }

            @Override
            public List<String> texts(String name) throws UnansweredException {
                if (dnsAway) {
                    throw new UnansweredException(name, null);
                }
                return texts.getOrDefault(name, List.of());
            }
        };
    }

    private TlsReports reports() throws Exception {
        Dns dns = dns();
        MailetContext server = (MailetContext) Proxy.newProxyInstance(
                MailetContext.class.getClassLoader(),
                new Class<?>[] {MailetContext.class},
                (proxy, method, arguments) -> {
                    if (spoolAway) {
                        throw new MessagingException("the spool is full");
                    }
                    take((Mail) arguments[0]);
                    return null;
                });
        return new TlsReports(
                new MailAddress("tls-reports@ours.example"),
                folder,
                dns,
                server,
                new WebClients(dns, trust(), web.getAddress().getPort(), Duration.ofSeconds(20), address -> true),
                clock);
    }

    private void take(Mail mail) {
        try {
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            mail.getMessage().writeTo(message);
            assertThat(mail.getAttribute(TlsSessions.REPORT)).isPresent();
            assertThat(mail.getMaybeSender().isNullSender()).isTrue();
            mails.add(mail.getRecipients() + "\n" + message.toString(StandardCharsets.US_ASCII));
        } catch (IOException | MessagingException fault) {
            throw new UncheckedIOException(new IOException(fault));
        }
    }

    private static void see(TlsReports reports, Domain domain, TlsResult... failures) throws IOException {
        InetAddress address = InetAddress.getByName("192.0.2.25");
        reports.sessions().ended(domain, STS, "mx.bank.example", Optional.of(address), Optional.empty(), "");
        for (TlsResult failure : failures) {
            reports.sessions()
                    .ended(
                            domain,
                            STS,
                            "mx.bank.example",
                            Optional.of(address),
                            Optional.of(failure),
                            "why \"it\" failed");
        }
    }

    private void ask(Domain domain, String rua) {
        texts.put("_smtp._tls." + domain.asString(), List.of("v=TLSRPTv1; rua=" + rua));
    }

    private void nextDay(int hours) {
        clock.now = DAY.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant().plus(Duration.ofHours(hours));
    }

    @Test
    void aReportByMail() throws Exception {
        ask(BANK, "mailto:tls@bank.example");
        try (TlsReports reports = reports()) {
            see(reports, BANK, TlsResult.CERTIFICATE_EXPIRED, TlsResult.CERTIFICATE_EXPIRED);
            reports.round();
            assertThat(mails).isEmpty();
            nextDay(4);
            reports.round();
            reports.round();
        }
        assertThat(mails).hasSize(1);
        String mail = mails.get(0);
        assertThat(mail)
                .startsWith("[tls@bank.example]\n")
                .contains("\r\nTLS-Report-Domain: bank.example\r\nTLS-Report-Submitter: ours.example\r\n")
                .contains("From: tls-reports@ours.example\r\n")
                .contains(
                        "\r\nSubject: Report Domain: bank.example\r\n Submitter: ours.example\r\n Report-ID: <2026-11-29-")
                .contains("Content-Type: multipart/report; report-type=\"tlsrpt\";")
                .contains("\r\nContent-Type: application/tlsrpt+gzip\r\n")
                .containsPattern(
                        "filename=\"ours\\.example!bank\\.example!1795910400!1795996799!2026-11-29-[0-9a-f-]+\\.json\\.gz\"");
        assertThat(mail.lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(998));
        String encoded = mail.substring(
                mail.indexOf("\r\n\r\n", mail.indexOf("Content-Disposition")) + 4, mail.lastIndexOf("\r\n--"));
        assertThat(unzipped(Base64.getMimeDecoder().decode(encoded)).replaceAll("2026-11-29-[0-9a-f-]{36}", "ID"))
                .isEqualTo("{\"organization-name\":\"ours.example\",\"date-range\":{\"start-datetime\":"
                        + "\"2026-11-29T00:00:00Z\",\"end-datetime\":\"2026-11-29T23:59:59Z\"},\"contact-info\":"
                        + "\"tls-reports@ours.example\",\"report-id\":\"ID\",\"policies\":[{\"policy\":{\"policy-type\":"
                        + "\"sts\",\"policy-string\":[\"version: STSv1\",\"mode: enforce\",\"mx: mx.bank.example\","
                        + "\"max_age: 86400\"],\"policy-domain\":\"bank.example\",\"mx-host\":[\"mx.bank.example\"]},"
                        + "\"summary\":{\"total-successful-session-count\":1,\"total-failure-session-count\":2},"
                        + "\"failure-details\":[{\"result-type\":\"certificate-expired\",\"receiving-mx-hostname\":"
                        + "\"mx.bank.example\",\"receiving-ip\":\"192.0.2.25\",\"failed-session-count\":2,"
                        + "\"failure-reason-code\":\"why \\\"it\\\" failed\"}]}]}");
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aReportByHttps() throws Exception {
        ask(BANK, "https://reports.bank.example/in?x=1,mailto:tls@bank.example");
        try (TlsReports reports = reports()) {
            see(reports, BANK);
            nextDay(5);
            reports.round();
        }
        assertThat(posts)
                .singleElement()
                .satisfies(post -> assertThat(post)
                        .startsWith("POST /in?x=1 application/tlsrpt+gzip {\"organization-name\":\"ours.example\""));
        assertThat(mails).hasSize(1);
    }

    @Test
    void whatCannotBeBroughtIsTriedAgainForADay() throws Exception {
        ask(BANK, "https://reports.bank.example/");
        webAnswer = 503;
        try (TlsReports reports = reports()) {
            see(reports, BANK);
            nextDay(5);
            reports.round();
            reports.round();
            assertThat(posts).hasSize(1);
            clock.now = clock.now.plus(Duration.ofMinutes(15));
            dnsAway = true;
            reports.round();
            clock.now = clock.now.plus(Duration.ofMinutes(30));
            dnsAway = false;
            webAnswer = 200;
            reports.round();
            assertThat(posts).hasSize(2);
            reports.round();
            assertThat(posts).hasSize(2);

            see(reports, Domain.of("late.example"));
            ask(Domain.of("late.example"), "mailto:tls@late.example");
            spoolAway = true;
            clock.now = DAY.plusDays(3).atStartOfDay(ZoneOffset.UTC).toInstant().minusSeconds(1);
            reports.round();
            spoolAway = false;
            clock.now = DAY.plusDays(3).atTime(5, 0).toInstant(ZoneOffset.UTC);
            reports.round();
            assertThat(mails).isEmpty();
        }
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void countsOutliveARestart() throws Exception {
        ask(BANK, "mailto:tls@bank.example");
        try (TlsReports reports = reports()) {
            see(reports, BANK, TlsResult.STARTTLS_NOT_SUPPORTED);
        }
        assertThat(folder.resolve("2026-11-29.json")).exists();
        Files.writeString(folder.resolve("2026-11-28.json"), "{\"no\": [\"counts\"]}");
        Files.writeString(folder.resolve("2026-11-27.json"), "[[[[[[[[[[[[");
        try (TlsReports reports = reports()) {
            see(reports, BANK, TlsResult.STARTTLS_NOT_SUPPORTED);
            nextDay(4);
            reports.round();
        }
        assertThat(mails).hasSize(1);
        String mail = mails.get(0);
        String encoded = mail.substring(
                mail.indexOf("\r\n\r\n", mail.indexOf("Content-Disposition")) + 4, mail.lastIndexOf("\r\n--"));
        assertThat(unzipped(Base64.getMimeDecoder().decode(encoded)))
                .contains("\"total-successful-session-count\":2,\"total-failure-session-count\":2")
                .contains("\"failed-session-count\":2");
        // What can't be read is left for the administrator.
        assertThat(folder.resolve("2026-11-28.json")).exists();
    }

    @Test
    void whoDoesNotAskGetsNone() throws Exception {
        texts.put(
                "_smtp._tls.two.example",
                List.of("v=TLSRPTv1; rua=mailto:a@two.example", "v=TLSRPTv1;rua=mailto:b@two.example"));
        try (TlsReports reports = reports()) {
            see(reports, BANK);
            see(reports, Domain.of("two.example"));
            nextDay(5);
            reports.round();
        }
        assertThat(mails).isEmpty();
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void eachLeavesAtATimeOfItsOwn() throws Exception {
        try (TlsReports reports = reports()) {
            for (int i = 0; i < 100; i++) {
                Domain domain = Domain.of("d" + i + ".example");
                see(reports, domain);
                ask(domain, "mailto:tls@" + domain.asString());
            }
            nextDay(2);
            reports.round();
            assertThat(mails.size()).isBetween(15, 85);
            nextDay(4);
            reports.round();
            assertThat(mails).hasSize(100);
        }
    }

    @Test
    void strangersCannotFillTheMemory() throws Exception {
        SessionCounts counts = new SessionCounts(folder, clock);
        InetAddress address = InetAddress.getByName("192.0.2.1");
        for (int i = 0; i < 100; i++) {
            PublishedPolicy policy = new PublishedPolicy(
                    "sts", "bank.example", java.util.Collections.nCopies(500, "x".repeat(5_000) + i), List.of());
            PublishedPolicy same = new PublishedPolicy("tlsa", "bank.example", List.of(), List.of());
            for (PublishedPolicy each : List.of(policy, same)) {
                counts.ended(
                        BANK,
                        each,
                        "h".repeat(1_000) + i,
                        Optional.of(address),
                        Optional.of(TlsResult.VALIDATION_FAILURE),
                        "r".repeat(100_000));
            }
        }
        counts.save();
        assertThat(Files.size(folder.resolve("2026-11-29.json"))).isLessThan(60_000);
        List<PolicyCount> kept = DayFile.read(folder.resolve("2026-11-29.json")).get("bank.example");
        assertThat(kept).hasSizeLessThanOrEqualTo(SessionCounts.MOST_POLICIES);
        assertThat(kept.stream().mapToLong(PolicyCount::failures).sum()).isGreaterThanOrEqualTo(100);
        assertThat(kept)
                .allSatisfy(count -> assertThat(count.kinds()).hasSizeLessThanOrEqualTo(PolicyCount.MOST_KINDS));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "v=TLSRPTv1;rua=mailto:a@b.example|[a@b.example]|[]",
                "v=TLSRPTv1; rua=mailto:a%2Bx@b.example?subject=x|[a+x@b.example]|[]",
                "v=TLSRPTv1; rua=https://b.example/v1/tlsrpt , MAILTO:a@b.example;x=y|[a@b.example]|[https://b.example/v1/tlsrpt]",
                "v=TLSRPTv1; rua=https://b.example:443/|[]|[https://b.example:443/]",
                "v=TLSRPTv1; rua=https://b.example:8443/,https://127.0.0.1/,https://[::1]/,https://u:p@b.example/|-|-",
                "v=TLSRPTv1; rua=http://b.example/|-|-",
                "v=TLSRPTv1; rua=mailto:a@[192.0.2.1]|-|-",
                "v=TLSRPTv1; rua=mailto:a%0d%0aX:y@b.example|-|-",
                "v=TLSRPTv1; rua=mailto:nobody|-|-",
                "v=TLSRPTv1|-|-",
                "v=TLSRPTv2; rua=mailto:a@b.example|-|-",
            })
    void whereReportsGo(String text, String addresses, String sites) {
        Optional<ReportRecord> record = ReportRecord.of(List.of(text, "v=spf1 -all"));
        assertThat(record.isPresent()).isEqualTo(addresses != null);
        record.ifPresent(found -> {
            assertThat(found.addresses().toString()).isEqualTo(addresses);
            assertThat(found.sites().toString()).isEqualTo(sites);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, true",
        "2001:db8::1, true",
        "127.0.0.1, false",
        "10.1.2.3, false",
        "192.168.0.1, false",
        "172.16.0.1, false",
        "169.254.169.254, false",
        "100.64.0.1, false",
        "100.128.0.1, true",
        "0.0.0.0, false",
        "255.255.255.255, false",
        "224.0.0.1, false",
        "::1, false",
        "fe80::1, false",
        "fd00::1, false",
        "::ffff:127.0.0.1, false",
    })
    void nothingInsideIsPostedTo(String address, boolean allowed) throws Exception {
        assertThat(ReportPost.isPublic(InetAddress.getByName(address))).isEqualTo(allowed);
    }

    @Test
    void anInnerSiteIsNotConnectedTo() throws Exception {
        ReportPost post = new ReportPost(new WebClients(
                dns(), trust(), web.getAddress().getPort(), Duration.ofSeconds(5), ReportPost::isPublic));
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> post.send(URI.create("https://reports.bank.example/"), new byte[1]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not connected to");
        assertThat(posts).isEmpty();
    }
}
