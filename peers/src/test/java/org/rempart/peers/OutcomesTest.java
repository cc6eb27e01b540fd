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
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.mailet.delivery.Event;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.Outcome.Scope;
import org.rempart.mailet.delivery.OutcomeTable;
import org.rempart.mailet.delivery.Stage;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;

/**
 * Each line of the delivery's table of outcomes, as it is with two MX hosts: at the first something goes wrong, the second is
 * honest. What the line promises is seen at both, in the queue and in what is told.
 */
class OutcomesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BOB = "bob@there.example";
    private static final String CAROL = "carol@there.example";

    /** What no peer can cause, or takes ten minutes; seen in the tests of the delivery itself. */
    private static final List<String> ELSEWHERE = List.of(
            "POLICY UNANSWERED",
            "POLICY FORBIDDEN",
            "MESSAGE UNREADABLE",
            "END SILENT",
            "HERE BUSY",
            "HERE STOPPED",
            "HERE BROKEN");

    private final Map<String, String> parameters =
            new TreeMap<>(Map.of("delayTime", "1h", "maxRetries", "5", "maxDnsProblemRetries", "5", "timeout", "2000"));

    private static ServerCertificate certificate;

    @TempDir
    private Path folder;

    private Loopback loopback;
    private DnsServer dns;
    private SmtpPeer first;
    private SmtpPeer second;
    private Outbound outbound;
    private String policy = "<tls><outbound mtaSts=\"off\" default=\"opportunistic\"/></tls>";
    private String text = "a text";

    /** Keys take longer to make than all that most tests do with them. */
    @BeforeAll
    static void certify() throws Exception {
        certificate = new Authorities().selfSigned(List.of("mx2.test"));
    }

    @BeforeEach
    void start() throws Exception {
        loopback = Loopback.of(10);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    @AfterEach
    void stop() throws IOException {
        if (outbound != null) {
            outbound.close();
        }
        if (first != null) {
            first.close();
        }
        if (second != null) {
            second.close();
        }
        dns.close();
    }

    static Stream<OutcomeTable.Row> rows() {
        return OutcomeTable.rows().stream()
                .filter(row -> !ELSEWHERE.contains(
                        row.stage().name() + " " + row.event().name()));
    }

    private void hosts(SmtpPeer.Builder wrong) throws Exception {
        InetSocketAddress address = loopback.next();
        first = wrong == null ? null : wrong.start(address);
        dns.mx("there.example", 10, "mx1.test")
                .address("mx1.test", address.getAddress().getHostAddress());
        honest();
    }

    private void honest() throws Exception {
        InetSocketAddress address = loopback.next();
        second = SmtpPeer.named("mx2.test")
                .offering(certificate)
                .extensions("PIPELINING", "AUTH PLAIN")
                .start(address);
        dns.mx("there.example", 20, "mx2.test")
                .address("mx2.test", address.getAddress().getHostAddress());
    }

    private void send() throws Exception {
        outbound = Outbound.start(dns, folder, loopback.port(), policy, parameters);
        if (first != null && parameters.containsKey("idleTime")) {
            // A transaction that was refused to all leaves the connection in need of RSET.
            outbound.send("a first text", "gone@there.example");
            Awaitility.await().atMost(PATIENCE).until(() -> !outbound.bounced().isEmpty());
        }
        outbound.send(text, BOB, CAROL);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void what_the_line_says_happens(OutcomeTable.Row row) throws Exception {
        arrange(row);
        send();
        if (row.fate() == Fate.DELIVERED) {
            awaitCopies(first, 1, BOB, CAROL);
        } else if (row.fate() == Fate.FAILED) {
            await(() -> isBounced(CAROL));
            assertThat(isBounced(BOB)).isEqualTo(row.scope() != Scope.RECIPIENT);
        } else if (row.stage() == Stage.RSET) {
            // A new connection needs none.
            awaitCopies(first, 1, BOB, CAROL);
        } else if (isElsewhere(row)) {
            awaitCopies(second, 1, BOB, CAROL);
        } else if (row.scope() == Scope.TRANSACTION) {
            awaitCopies(first, 1, BOB, CAROL);
            assertThat(first.mails()).hasSize(2);
        } else {
            await(() -> outbound.deferred().containsKey(CAROL));
            assertThat(outbound.deferred().containsKey(BOB))
                    .isEqualTo(row.scope() != Scope.RECIPIENT && row.event() != Event.NOT_ALL);
        }
        assertThat(second.mails()).hasSize(isElsewhere(row) ? 1 : 0);
        if (row.fate() != Fate.FAILED && row.event() != Event.NOT_ALL) {
            assertThat(isBounced(BOB) || isBounced(CAROL)).isFalse();
        }
    }

    private static boolean isElsewhere(OutcomeTable.Row row) {
        return row.stage() != Stage.RSET && (row.scope() == Scope.CONNECTION || row.scope() == Scope.HOST);
    }

    private void arrange(OutcomeTable.Row row) throws Exception {
        switch (row.stage()) {
            case ROUTE -> route(row.event());
            case ADDRESS -> {
                dns.mx("there.example", 10, "mx1.test");
                if (row.event() == Event.UNANSWERED) {
                    dns.fail("mx1.test");
                }
                honest();
            }
            case CONNECT -> hosts(null);
            case TLS -> {
                policy = "<tls><outbound mtaSts=\"off\" default=\"encrypt\"/></tls>";
                hosts(peer());
            }
            case AUTH -> auth(row.event());
            case OFFER -> hosts(peer().extensions("PIPELINING", "SIZE 10"));
            case RSET -> {
                parameters.put("idleTime", "60000");
                hosts(goesWrong(
                        peer().at(Phase.RCPT)
                                .naming("gone@")
                                .says("550 5.1.1 Unknown")
                                .at(Phase.OTHER)
                                .naming("RSET"),
                        row.event()));
            }
            case MESSAGE -> {
                text = "a line of a long message\r\n".repeat(800_000);
                hosts(broken(peer().extensions("PIPELINING").at(Phase.BODY), row.event()));
            }
            case RCPT -> recipients(row.event());
            case END -> hosts(goesWrong(peer().at(Phase.MESSAGE), row.event()));
            default -> hosts(goesWrong(peer().at(Phase.valueOf(row.stage().name())), row.event()));
        }
    }

    private static SmtpPeer.Builder peer() {
        return SmtpPeer.named("mx1.test");
    }

    private void route(Event event) throws Exception {
        if (event == Event.NOWHERE) {
            dns.nullMx("there.example");
        } else if (event == Event.UNANSWERED) {
            dns.fail("there.example");
        }
        InetSocketAddress address = loopback.next();
        second = SmtpPeer.named("mx2.test").start(address);
    }

    private void recipients(Event event) throws Exception {
        SmtpPeer.Trouble carol = peer().at(Phase.RCPT).naming("carol@");
        if (event == Event.NOT_ALL) {
            parameters.put("sendpartial", "false");
            hosts(peer().at(Phase.RCPT).naming("bob@").says("550 5.1.1 Unknown"));
        } else if (event == Event.TOO_MANY) {
            hosts(carol.once().says("552 5.5.3 Too many recipients"));
        } else {
            hosts(goesWrong(carol, event));
        }
    }

    /** Both hosts are gateways that want an account. */
    private void auth(Event event) throws Exception {
        SmtpPeer.Builder gateway = peer().offering(certificate);
        hosts(
                event == Event.UNSUPPORTED
                        ? gateway
                        : goesWrong(
                                gateway.extensions("PIPELINING", "AUTH PLAIN")
                                        .at(Phase.OTHER)
                                        .naming("AUTH"),
                                event));
        parameters.putAll(Map.of(
                "gateway",
                "mx1.test:" + loopback.port() + ", mx2.test:" + loopback.port(),
                "loadBalancing",
                "false",
                "gatewayUsername",
                "user",
                "gatewayPassword",
                "secret"));
    }

    private static SmtpPeer.Builder goesWrong(SmtpPeer.Trouble trouble, Event event) {
        return switch (event) {
            case TAKEN -> trouble.naming("in no message").drops();
            case TRANSIENT -> trouble.says("451 4.3.0 Not now");
            case GOODBYE -> trouble.saysAndCloses("421 4.3.2 Going down");
            case PERMANENT -> trouble.says("550 5.7.1 Never");
            case GARBAGE -> trouble.talksGarbage();
            case LOST -> trouble.drops();
            case SILENT -> trouble.stalls();
            default -> throw new IllegalArgumentException(event.toString());
        };
    }

    /** Amid a message nobody is heard who does not hang up. */
    private static SmtpPeer.Builder broken(SmtpPeer.Trouble trouble, Event event) {
        return switch (event) {
            case TRANSIENT -> trouble.saysAndCloses("451 4.3.0 Not now");
            case GOODBYE -> trouble.saysAndCloses("421 4.3.2 Going down");
            case PERMANENT -> trouble.saysAndCloses("550 5.7.1 Never");
            default -> trouble.drops();
        };
    }

    private void await(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).until(condition);
    }

    private void awaitCopies(SmtpPeer peer, long copies, String... recipients) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(recipients)
                        .as("waits: %s, bounced: %s", outbound.deferred(), outbound.bounced())
                        .allSatisfy(recipient -> assertThat(peer.mails().stream()
                                        .filter(mail -> mail.recipients().contains(recipient)))
                                .hasSize((int) copies)));
    }

    private boolean isBounced(String recipient) {
        return outbound.bounced().stream()
                .anyMatch(bounced -> bounced.recipients().contains(recipient));
    }

    @Test
    void every_other_line_is_seen_elsewhere() {
        assertThat(OutcomeTable.rows().stream()
                        .map(row -> row.stage().name() + " " + row.event().name())
                        .collect(Collectors.toList()))
                .containsAll(ELSEWHERE);
    }

    /** RFC 5321, section 5.1. */
    @Test
    void many_dead_addresses_of_the_first_host_do_not_keep_the_second_from_being_tried() throws Exception {
        List<String> dead = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            dead.add(loopback.next().getAddress().getHostAddress());
        }
        dns.mx("there.example", 10, "mx1.test").address("mx1.test", dead.toArray(new String[0]));
        honest();
        send();
        awaitCopies(second, 1, BOB, CAROL);
    }

    @Test
    void the_last_of_many_addresses_is_tried_too() throws Exception {
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            addresses.add(loopback.next().getAddress().getHostAddress());
        }
        InetSocketAddress alive = loopback.next();
        addresses.add(alive.getAddress().getHostAddress());
        second = SmtpPeer.named("mx1.test").start(alive);
        dns.mx("there.example", 10, "mx1.test").address("mx1.test", addresses.toArray(new String[0]));
        send();
        awaitCopies(second, 1, BOB, CAROL);
    }

    /** A mail to a list with many dead addresses is one report, whatever the replies were. */
    @Test
    void many_dead_addresses_are_one_report() throws Exception {
        hosts(peer().at(Phase.RCPT).says("550 5.1.1 Unknown"));
        outbound = Outbound.start(dns, folder, loopback.port(), policy, parameters);
        String[] dead = new String[50];
        for (int i = 0; i < dead.length; i++) {
            dead[i] = "u" + i + "@there.example";
        }
        outbound.send("a long text ".repeat(100_000), dead);
        await(() -> isBounced(dead[49]));

        assertThat(outbound.reports()).singleElement().satisfies(report -> {
            assertThat(report.split("Action: failed", -1)).hasSize(51);
            assertThat(report)
                    .hasSizeLessThan(60_000)
                    .contains("To: <alice@ours.example>", "Remote-MTA: dns; mx1.test", "Status: 5.1.1");
        });
    }

    @Test
    void a_peer_that_runs_refused_chunks_runs_none() throws Exception {
        parameters.put("idleTime", "60000");
        hosts(peer().runningRefusedChunks().at(Phase.RCPT).naming("gone@").says("550 5.1.1 Unknown"));
        text = "MAIL FROM:<ceo@ours.example>\r\nRCPT TO:<bob@there.example>\r\nBDAT 5 LAST\r\nhello";
        send();
        awaitCopies(first, 1, BOB, CAROL);
        outbound.send(text, "gone@there.example");
        await(() -> outbound.bounced().size() == 2);
        outbound.send("another text", BOB);
        awaitCopies(first, 2, BOB);
        assertThat(first.mails()).allSatisfy(mail -> assertThat(mail.sender()).isEqualTo("alice@ours.example"));
    }
}
