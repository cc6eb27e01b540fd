/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.TakenMail;

/**
 * What becomes of a mail when something goes wrong once, at each point of the conversation, with a peer that is to be spoken
 * to under TLS: the mail for two recipients comes once to each, save where it was answered 5xx, which is told, and save
 * where the connection was lost after a message whose taking was not answered (RFC 5321, section 4.5.4.1; RFC 1047). All
 * mails are sent at once, over one delivery.
 */
class FaultsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What becomes of the mail. */
    private enum Fate {
        /** Each recipient has it once. */
        ONCE,
        /** Each recipient has it, once or twice. */
        ONCE_OR_TWICE,
        /** Nobody has it, and it is told why. */
        BOUNCED,
        /** Who was not refused has it once; for the other it is told why. */
        CAROL_BOUNCED
    }

    /** One line: a fault, and the fate of the mail. */
    private static final class Line {
        private final String name;
        private final Fate fate;
        private final SmtpPeer.Builder peer;
        private SmtpPeer started;

        Line(String name, Fate fate, SmtpPeer.Builder peer) {
            this.name = name;
            this.fate = fate;
            this.peer = peer;
        }

        String domain() {
            return name.replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(java.util.Locale.ROOT) + ".example";
        }

        List<String> recipients() {
            return List.of("bob@" + domain(), "carol@" + domain());
        }

        long copies(String recipient) {
            return started.mails().stream()
                    .filter(mail -> mail.recipients().contains(recipient))
                    .count();
        }

        @Override
        public String toString() {
            return name + ": " + fate;
        }
    }

    @TempDir
    private static Path folder;

    private static final List<Line> LINES = new ArrayList<>();

    private static DnsServer dns;
    private static Outbound outbound;

    private static void lines(ServerCertificate certificate) {
        for (Phase phase : List.of(Phase.GREETING, Phase.EHLO, Phase.STARTTLS)) {
            everyFault(phase, "", () -> SmtpPeer.named("mx").offering(certificate));
        }
        for (Phase phase : List.of(Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.MESSAGE)) {
            everyFault(phase, "", () -> SmtpPeer.named("mx").offering(certificate));
            everyFault(phase, ", no extensions", () -> old(certificate));
        }
        for (Phase phase : List.of(Phase.MAIL, Phase.DATA, Phase.MESSAGE)) {
            line("5xx at " + phase, Fate.BOUNCED, at(certificate, phase).says("550 5.7.1 Never"));
        }
        line("gone in the handshake", Fate.ONCE, at(certificate, Phase.STARTTLS).saysAndCloses("220 2.0.0 Go"));
        line(
                "taken and gone",
                Fate.ONCE_OR_TWICE,
                at(certificate, Phase.MESSAGE).takesAndDrops());
        line("one for now", Fate.ONCE, on(certificate, Phase.RCPT, "carol@").says("450 4.2.1 Busy"));
        line(
                "one never",
                Fate.CAROL_BOUNCED,
                on(certificate, Phase.RCPT, "carol@").says("550 5.1.1 Unknown"));
        line("gone at one", Fate.ONCE, on(certificate, Phase.RCPT, "carol@").drops());
    }

    private static void everyFault(Phase phase, String kind, Supplier<SmtpPeer.Builder> peer) {
        Supplier<SmtpPeer.Trouble> once = () -> peer.get().at(phase).once();
        line("4xx at " + phase + kind, Fate.ONCE, once.get().says("451 4.3.0 Not now"));
        line("421 and gone at " + phase + kind, Fate.ONCE, once.get().saysAndCloses("421 4.3.2 Going down"));
        line("gone at " + phase + kind, Fate.ONCE, once.get().drops());
        line("garbage at " + phase + kind, Fate.ONCE, once.get().talksGarbage());
        // After a message, a server may take ten minutes; who waits for less sends it twice.
        if (phase != Phase.MESSAGE) {
            line("silence at " + phase + kind, Fate.ONCE, once.get().stalls());
        }
    }

    /** A peer that takes one command after the other, and messages with DATA. */
    private static SmtpPeer.Builder old(ServerCertificate certificate) {
        return SmtpPeer.named("mx").offering(certificate).extensions("8BITMIME");
    }

    private static SmtpPeer.Trouble at(ServerCertificate certificate, Phase phase) {
        return SmtpPeer.named("mx").offering(certificate).at(phase).once();
    }

    private static SmtpPeer.Trouble on(ServerCertificate certificate, Phase phase, String part) {
        return at(certificate, phase).naming(part);
    }

    private static void line(String name, Fate fate, SmtpPeer.Builder peer) {
        LINES.add(new Line(name, fate, peer));
    }

    static Stream<Line> lines() {
        return LINES.stream();
    }

    private static String secret(Line line) {
        return "secret words for " + line.domain();
    }

    @BeforeAll
    static void send() throws Exception {
        lines(new Authorities().selfSigned(List.of("mx.test")));
        Loopback loopback = Loopback.of(LINES.size());
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        for (Line line : LINES) {
            InetSocketAddress address = loopback.next();
            line.started = line.peer.start(address);
            dns.mx(line.domain(), 10, "mx." + line.domain())
                    .address("mx." + line.domain(), address.getAddress().getHostAddress());
        }
        outbound = Outbound.start(
                dns,
                folder,
                loopback.port(),
                "<tls><outbound default=\"encrypt\" mtaSts=\"off\"/></tls>",
                Map.of("delayTime", "300 ms", "maxRetries", "200", "timeout", "4000"));
        for (Line line : LINES) {
            outbound.send(secret(line), line.recipients().toArray(new String[0]));
        }
    }

    @AfterAll
    static void stop() throws IOException {
        if (outbound != null) {
            outbound.close();
        }
        for (Line line : LINES) {
            if (line.started != null) {
                line.started.close();
            }
        }
        LINES.clear();
        if (dns != null) {
            dns.close();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lines")
    void fate(Line line) {
        Awaitility.await(line.name)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> line.recipients().stream()
                        .allMatch(recipient -> line.copies(recipient) > 0 || isBounced(recipient)));
        for (String recipient : line.recipients()) {
            boolean bounced =
                    line.fate == Fate.BOUNCED || (line.fate == Fate.CAROL_BOUNCED && recipient.startsWith("carol"));
            assertThat(isBounced(recipient)).as("%s is told of", recipient).isEqualTo(bounced);
            if (bounced) {
                assertThat(line.copies(recipient))
                        .as("copies for %s", recipient)
                        .isZero();
                assertThat(reason(recipient)).contains("550 5.");
            } else {
                assertThat(line.copies(recipient))
                        .as("copies for %s", recipient)
                        .isBetween(1L, line.fate == Fate.ONCE_OR_TWICE ? 2L : 1L);
            }
        }
        assertThat(line.started.mails()).allMatch(TakenMail::underTls);
        assertThat(line.started.clearTexts())
                .allSatisfy(text -> assertThat(text).doesNotContain(line.domain(), secret(line), "MAIL FROM"));
    }

    private static boolean isBounced(String recipient) {
        return outbound.bounced().stream()
                .anyMatch(bounced -> bounced.recipients().contains(recipient));
    }

    private static String reason(String recipient) {
        return outbound.bounced().stream()
                .filter(bounced -> bounced.recipients().contains(recipient))
                .map(Outbound.Bounced::reason)
                .findFirst()
                .orElseThrow();
    }
}
