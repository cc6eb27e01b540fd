/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.quickstart.client.TlsProbe;
import org.rempart.testsupport.CertificateAuthority;

class SinkTest {
    private static final String MX = "mx.partner.example";

    @TempDir
    private static Path certificates;

    private static SSLContext context;
    private static TlsClient tls;

    @TempDir
    private Path directory;

    private Sink sink;

    @BeforeAll
    static void issueCertificate() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Test authority", Clock.systemUTC());
        authority.writePem(certificates.resolve("ca.pem"));
        authority
                .issue(List.of(MX, "127.0.0.1"))
                .writePem(certificates.resolve("mx.pem"), certificates.resolve("mx-key.pem"));
        context = PemKeyPair.serverContext(certificates.resolve("mx.pem"), certificates.resolve("mx-key.pem"));
        tls = TlsClient.trusting(certificates.resolve("ca.pem"), MX);
    }

    @BeforeEach
    void start() throws IOException {
        sink = startedWith(Optional.of(context));
    }

    @AfterEach
    void stop() throws IOException {
        sink.close();
    }

    @Test
    void keepsAMailWithItsEnvelopeAndFacts() throws Exception {
        byte[] message = bytes("Subject: hello\r\n\r\nbody\r\n");
        Instant before = Instant.now();
        try (SmtpClient client = connected()) {
            assertThat(client.greeting()).hasToString("220 " + MX + " ESMTP");
            client.command("MAIL FROM:<bob@example.com> SIZE=100 BODY=8BITMIME");
            client.command("RCPT TO:<alice@partner.example> NOTIFY=NEVER");
            client.command("RCPT TO:<carol@partner.example>");
            assertThat(client.data(message)).hasToString("250 2.0.0 Kept as 1");
        }

        SinkMail mail = onlyMail();
        assertThat(mail.number()).isEqualTo(1);
        assertThat(mail.mailFrom()).isEqualTo("bob@example.com");
        assertThat(mail.mailParameters()).containsExactly("SIZE=100", "BODY=8BITMIME");
        assertThat(mail.rcptTo()).containsExactly("alice@partner.example", "carol@partner.example");
        assertThat(mail.rcptParameters()).containsExactly(List.of("NOTIFY=NEVER"), List.of());
        assertThat(mail.helo()).isEqualTo("client.example");
        assertThat(mail.tls()).isEmpty();
        assertThat(mail.client()).startsWith("127.0.0.1:");
        assertThat(mail.time()).isBetween(before, Instant.now());
        assertThat(mail.size()).isEqualTo(message.length);
        assertThat(mail.raw()).isEqualTo(message);
        assertThat(mail.file()).isEqualTo(directory.resolve("1.eml"));
        assertThat(names()).containsExactlyInAnyOrder("1.eml", "1.json");
    }

    @Test
    void takesAwayTheDotsOfTransparency() throws Exception {
        try (SmtpClient client = connected()) {
            beginData(client);
            client.write("..two dots\r\n.one dot taken\r\n...\r\nin.side\r\n.\rnot the end\r\n.\r\n");
            assertThat(client.read().code()).isEqualTo(250);
        }
        assertThat(text(onlyMail())).isEqualTo(".two dots\r\none dot taken\r\n..\r\nin.side\r\n\rnot the end\r\n");
    }

    @Test
    void dotsThatTheClientStuffsComeBackAsTheyWere() throws Exception {
        byte[] message = bytes(".\r\n..\r\n.a\r\n\r\n.\nb\r\n");
        try (SmtpClient client = connected()) {
            client.send("a@example.com", List.of("b@partner.example"), message);
        }
        assertThat(onlyMail().raw()).isEqualTo(message);
    }

    @Test
    void anEmptyMessageIsAMessage() throws Exception {
        try (SmtpClient client = connected()) {
            beginData(client);
            client.write(".\r\n");
            assertThat(client.read().code()).isEqualTo(250);
        }
        assertThat(onlyMail().raw()).isEmpty();
    }

    @Test
    void onlyCrLfEndsALine() throws Exception {
        String smuggled = "Subject: one\r\n\r\nbody\n.\nMAIL FROM:<x@example.com>\r.\rmore\n.\r\nstill\r\n";
        try (SmtpClient client = connected()) {
            beginData(client);
            client.write(smuggled + ".\r\n");
            assertThat(client.read().code()).isEqualTo(250);
        }
        assertThat(text(onlyMail())).isEqualTo(smuggled);
    }

    @Test
    void everyByteIsKept() throws Exception {
        byte[] message = new byte[256 * 4 + 2];
        for (int i = 0; i < 256 * 4; i++) {
            message[i] = (byte) i;
        }
        message[message.length - 2] = '\r';
        message[message.length - 1] = '\n';
        try (SmtpClient client = connected()) {
            client.send("a@example.com", List.of("b@partner.example"), message);
        }
        assertThat(onlyMail().raw()).isEqualTo(message);
    }

    @Test
    void answersPipelinedCommandsInOrder() throws Exception {
        try (SmtpClient client = connected()) {
            client.write("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@partner.example>\r\nRCPT TO:<>\r\nDATA\r\n");
            assertThat(List.of(
                            client.read().code(),
                            client.read().code(),
                            client.read().code(),
                            client.read().code()))
                    .containsExactly(250, 250, 501, 354);
            client.write("one\r\n.\r\nMAIL FROM:<c@example.com>\r\nRCPT TO:<d@partner.example>\r\nDATA\r\n");
            assertThat(List.of(
                            client.read().code(),
                            client.read().code(),
                            client.read().code(),
                            client.read().code()))
                    .containsExactly(250, 250, 250, 354);
            client.write("two\r\n.\r\nQUIT\r\n");
            assertThat(client.read().code()).isEqualTo(250);
            assertThat(client.read().code()).isEqualTo(221);
        }
        assertThat(sink.mails()).extracting(SinkMail::mailFrom).containsExactly("a@example.com", "c@example.com");
    }

    @Test
    void recordsTlsFacts() throws Exception {
        try (SmtpClient client = connected()) {
            assertThat(client.startTls(tls.offering("TLSv1.2")).code()).isEqualTo(220);
            SmtpReply hello = client.command("EHLO client.example");
            assertThat(hello.announces("STARTTLS")).isFalse();
            client.send("", List.of("b@partner.example"), bytes("x\r\n"));
            assertThat(onlyMail().tls())
                    .contains(new SinkMail.Tls(
                            "TLSv1.2", client.tls().orElseThrow().getCipherSuite()));
            assertThat(onlyMail().mailFrom()).isEmpty();
        }
    }

    @Test
    void speaksTls13WithWhoOffersIt() throws Exception {
        try (SmtpClient client = connected()) {
            client.startTls(tls);
            assertThat(client.tls().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
        }
    }

    @Test
    void refusesOldTlsVersions() throws Exception {
        for (TlsProbe.Version version : TlsProbe.Version.values()) {
            try (SmtpClient client = connected()) {
                client.command("STARTTLS");
                TlsProbe.Answer answer = client.probeTls(version);
                assertThat(answer.accepted())
                        .as("%s: %s", version, answer)
                        .isEqualTo(version == TlsProbe.Version.TLS_1_2);
            }
        }
    }

    @Test
    void clientsSeeACertificateOfAnotherName() throws Exception {
        try (SmtpClient client = connected()) {
            assertThatThrownBy(() -> client.startTls(tls.expecting("mx.other.example")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("mx.other.example");
        }
    }

    @Test
    void forgetsWhatCameBeforeTls() throws Exception {
        try (SmtpClient client = connected()) {
            client.command("MAIL FROM:<a@example.com>");
            client.startTls(tls);
            assertThat(client.command("RCPT TO:<b@partner.example>").code()).isEqualTo(503);
            assertThat(client.command("MAIL FROM:<a@example.com>")).hasToString("503 5.5.1 EHLO first");
        }
    }

    @Test
    void refusesCommandsInjectedBehindStartTls() throws Exception {
        try (SmtpClient client = connected()) {
            client.write("STARTTLS\r\nMAIL FROM:<a@example.com>\r\n");
            assertThat(client.read().code()).isEqualTo(554);
            assertThatThrownBy(client::read).isInstanceOf(IOException.class);
        }
    }

    @Test
    void offersNoTlsWithoutACertificate() throws Exception {
        sink.close();
        sink = startedWith(Optional.empty());
        try (SmtpClient client = SmtpClient.connect(sink.address())) {
            SmtpReply hello = client.command("EHLO client.example");
            assertThat(hello.announces("STARTTLS")).isFalse();
            assertThat(hello.announces("PIPELINING")).isTrue();
            assertThat(hello.announces("8BITMIME")).isTrue();
            assertThat(hello.announces("SIZE")).isTrue();
            assertThat(client.command("STARTTLS").code()).isEqualTo(503);
        }
    }

    @Test
    void aMailThatWasCutOffIsNotKept() throws Exception {
        try (SmtpClient client = connected()) {
            beginData(client);
            client.write("half a mail\r\n");
        }
        try (SmtpClient client = connected()) {
            client.send("a@example.com", List.of("b@partner.example"), bytes("whole\r\n"));
        }
        assertThat(text(onlyMail())).isEqualTo("whole\r\n");
    }

    @Test
    void refusesWhatAnnouncesToBeTooBig() throws Exception {
        try (SmtpClient client = connected()) {
            assertThat(client.command("MAIL FROM:<a@example.com> SIZE=" + (Sink.MAX_SIZE + 1))
                            .code())
                    .isEqualTo(552);
            assertThat(client.command("MAIL FROM:<a@example.com> SIZE=" + Sink.MAX_SIZE)
                            .code())
                    .isEqualTo(250);
        }
    }

    @Test
    void readsQuotedLocalParts() throws Exception {
        try (SmtpClient client = connected()) {
            client.send("\"a>b\"@example.com", List.of("\"c \\\" d\"@partner.example"), bytes("x\r\n"));
        }
        assertThat(onlyMail().mailFrom()).isEqualTo("\"a>b\"@example.com");
        assertThat(onlyMail().rcptTo()).containsExactly("\"c \\\" d\"@partner.example");
    }

    @Test
    void refusesWhatIsNoCommandOfItsTime() throws Exception {
        try (SmtpClient client = SmtpClient.connect(sink.address())) {
            assertThat(client.command("MAIL FROM:<a@example.com>").code()).isEqualTo(503);
            assertThat(client.command("EHLO").code()).isEqualTo(501);
            assertThat(client.command("HELO client.example")).hasToString("250 " + MX);
            assertThat(client.command("RCPT TO:<b@partner.example>").code()).isEqualTo(503);
            assertThat(client.command("DATA").code()).isEqualTo(503);
            assertThat(client.command("MAIL FROM:a@example.com").code()).isEqualTo(501);
            assertThat(client.command("AUTH PLAIN AGEAYg==").code()).isEqualTo(500);
            assertThat(client.command("x".repeat(10_000)).code()).isEqualTo(500);
            assertThat(client.command("NOOP").code()).isEqualTo(250);
        }
    }

    @Test
    void servesManyAtATimeAndMixesNothingUp() throws Exception {
        int clients = 20;
        int mailsEach = 10;
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            List<Future<?>> results = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                String from = "client" + c + "@example.com";
                results.add(threads.submit(() -> {
                    try (SmtpClient client = connected()) {
                        for (int m = 0; m < mailsEach; m++) {
                            String mail = (from + " " + m + "\r\n").repeat(200);
                            assertThat(client.send(from, List.of(m + "@partner.example"), bytes(mail))
                                            .code())
                                    .isEqualTo(250);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } finally {
            threads.shutdownNow();
        }

        List<SinkMail> mails = sink.mails();
        assertThat(mails).extracting(SinkMail::number).doesNotHaveDuplicates().hasSize(clients * mailsEach);
        for (SinkMail mail : mails) {
            String recipient = mail.rcptTo().get(0);
            String line = mail.mailFrom() + " " + recipient.substring(0, recipient.indexOf('@')) + "\r\n";
            assertThat(text(mail)).isEqualTo(line.repeat(200));
        }
    }

    @Test
    void goesOnCountingWhereItStopped() throws Exception {
        for (int i = 0; i < 2; i++) {
            try (SmtpClient client = connected()) {
                client.send("a@example.com", List.of("b@partner.example"), bytes("x\r\n"));
            }
            sink.close();
            sink = startedWith(Optional.of(context));
        }
        assertThat(sink.mails()).extracting(SinkMail::number).containsExactly(1L, 2L);
    }

    @Test
    void saysWhichFileIsNoneOfItsOwn() throws Exception {
        Path file = Files.writeString(directory.resolve("7.json"), "{\"envelope\": 3}");
        assertThatThrownBy(() -> SinkMail.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + " was not written by a sink: ");
    }

    private Sink startedWith(Optional<SSLContext> context) throws IOException {
        return Sink.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), directory, MX, context);
    }

    private SmtpClient connected() throws IOException {
        SmtpClient client = SmtpClient.connect(sink.address());
        client.command("EHLO client.example");
        return client;
    }

    private static void beginData(SmtpClient client) throws IOException {
        client.command("MAIL FROM:<a@example.com>");
        client.command("RCPT TO:<b@partner.example>");
        assertThat(client.command("DATA").code()).isEqualTo(354);
    }

    private SinkMail onlyMail() {
        assertThat(sink.mails()).hasSize(1);
        return sink.mails().get(0);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String text(SinkMail mail) throws IOException {
        return new String(mail.raw(), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
