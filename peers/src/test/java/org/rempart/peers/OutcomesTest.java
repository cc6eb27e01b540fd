/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.mailet.delivery.Event;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.Outcome.Scope;
import org.rempart.mailet.delivery.OutcomeTable;
import org.rempart.mailet.delivery.Stage;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.TakenMail;

/**
 * Each line of the delivery's table of outcomes, in each way in which a mail may go over a connection. The domain of each
 * case has two MX hosts: at the first something goes wrong, the second is honest. What the line promises is seen at both, in
 * the queue and in what is told. The mails of all cases are under way at once.
 */
class OutcomesTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String TIMEOUT = "4000";

    /** What no peer can cause; seen in the tests of the delivery itself. */
    private static final Set<String> ELSEWHERE =
            Set.of("MESSAGE UNREADABLE", "HERE BUSY", "HERE STOPPED", "HERE BROKEN");

    /** What may be heard instead of the reply that the mail needs. */
    private static final Set<Event> REPLIES = Set.of(Event.TRANSIENT, Event.GOODBYE, Event.PERMANENT);

    private static final Set<Event> NO_REPLIES = Set.of(Event.GARBAGE, Event.LOST, Event.SILENT);

    /** How the mail goes. */
    private enum Way {
        /** The envelope and DATA together (RFC 2920), then the message. */
        PIPELINED,
        /** The same, and it is the first recipient at which something goes wrong. */
        FIRST_RECIPIENT,
        /** One command after the other. */
        ONE_BY_ONE,
        /** The message along with the envelope, in a chunk (RFC 3030), behind another mail over the same connection. */
        ALL_AT_ONCE,
        /** To the only host that the domain has. */
        ONLY_HOST
    }

    private static final List<Case> CASES = new ArrayList<>();

    private static int made;

    @TempDir
    private static Path folder;

    private static ServerCertificate certificate;
    private static Loopback loopback;
    private static SignedZones dns;

    /** One mail, to two recipients. */
    private static final class Case implements AutoCloseable {
        final OutcomeTable.Row row;
        final Way way;
        /** Where it happens; it is another stage than the line's where a message has gone along. */
        final Stage at;

        final String label;
        final String bob;
        final String carol;
        final Map<String, String> parameters = new TreeMap<>(
                Map.of("delayTime", "1h", "maxRetries", "5", "maxDnsProblemRetries", "5", "timeout", TIMEOUT));
        String policy = "<tls><outbound mtaSts=\"off\" default=\"opportunistic\"/></tls>";
        String text = "a text";
        SmtpPeer first;
        SmtpPeer second;
        DeafHost deaf;
        Outbound outbound;
        private Future<?> sent;

        Case(Stage at, OutcomeTable.Row row, Way way) {
            this.row = row;
            this.way = way;
            this.at = at;
            this.label = "case-" + made++;
            this.bob = "bob@" + domain();
            this.carol = "carol@" + domain();
        }

        String domain() {
            return label + ".test";
        }

        String mx(int number) {
            return "mx" + number + "." + label + ".test";
        }

        SmtpPeer.Builder peer() {
            SmtpPeer.Builder peer = SmtpPeer.named(mx(1));
            return way == Way.ONE_BY_ONE ? peer.extensions("8BITMIME", "SIZE 100000000") : peer;
        }

        void hosts(SmtpPeer.Builder wrong) throws IOException {
            InetSocketAddress address = loopback.next();
            first = wrong.start(address);
            exchanger(1, address.getAddress().getHostAddress());
            honest();
        }

        void exchanger(int number, String... addresses) {
            dns.add(domain() + ". MX " + 10 * number + " " + mx(number) + ".");
            for (String address : addresses) {
                dns.add(mx(number) + ". A " + address);
            }
        }

        void honest() throws IOException {
            InetSocketAddress address = loopback.next();
            second = SmtpPeer.named(mx(2))
                    .offering(certificate)
                    .extensions("PIPELINING", "AUTH PLAIN", "REQUIRETLS")
                    .start(address);
            if (way != Way.ONLY_HOST) {
                exchanger(2, address.getAddress().getHostAddress());
            }
        }

        void arrange() throws Exception {
            switch (at) {
                case ROUTE -> route();
                case POLICY -> {
                    proven(2);
                    validating("dane-only");
                    hosts(peer().offering(certificate));
                    if (row.event() == Event.UNANSWERED) {
                        dns.fault(tlsa(1), "TLSA", Fault.SERVFAIL);
                    }
                }
                case ADDRESS -> {
                    exchanger(1);
                    if (row.event() == Event.UNANSWERED) {
                        dns.fault(mx(1) + ".", "A", Fault.SERVFAIL).fault(mx(1) + ".", "AAAA", Fault.SERVFAIL);
                    }
                    honest();
                }
                case CONNECT -> {
                    InetSocketAddress address = loopback.next();
                    exchanger(1, address.getAddress().getHostAddress());
                    if (row.event() == Event.SILENT) {
                        parameters.put("connectiontimeout", "1000");
                        deaf = new DeafHost(address);
                    }
                    honest();
                }
                case STARTTLS, TLS -> {
                    if (requiresTls()) {
                        proven(1);
                        proven(2);
                        validating("dane");
                    } else {
                        policy = "<tls><outbound mtaSts=\"off\" default=\"encrypt\"/></tls>";
                    }
                    hosts(at == Stage.TLS ? handshake() : startTls());
                }
                case AUTH -> auth();
                case OFFER -> hosts(peer().extensions("PIPELINING", "SIZE 10"));
                case RSET -> {
                    parameters.put("idleTime", "60000");
                    hosts(goesWrong(peer().at(Phase.RCPT)
                            .naming("gone@")
                            .says("550 5.1.1 Unknown")
                            .at(Phase.OTHER)
                            .naming("RSET")));
                }
                case MESSAGE -> {
                    text = "a line of a long message\r\n".repeat(800_000);
                    hosts(broken(peer().at(Phase.BODY)));
                }
                case RCPT -> recipients();
                case END -> hosts(end(peer().at(Phase.MESSAGE)));
                default -> hosts(goesWrong(peer().at(Phase.valueOf(at.name()))));
            }
            if (way == Way.ALL_AT_ONCE) {
                parameters.put("idleTime", "60000");
            }
        }

        private void route() throws IOException {
            if (row.event() == Event.NOWHERE) {
                dns.add(domain() + ". MX 0 .");
            } else if (row.event() == Event.UNANSWERED) {
                dns.fault(domain() + ".", "MX", Fault.SERVFAIL);
            }
            second = SmtpPeer.named(mx(2)).start(loopback.next());
        }

        /** The DNS proves whose certificate a host has. */
        private void proven(int number) throws Exception {
            dns.add(tlsa(number) + " TLSA 3 1 1 "
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256")
                                    .digest(certificate
                                            .certificate()
                                            .getPublicKey()
                                            .getEncoded())));
        }

        private void validating(String level) throws IOException {
            policy = "<tls><outbound mtaSts=\"off\" dnssec=\"validate\" rootAnchors=\"conf/root.txt\" default=\""
                    + level + "\"/></tls>";
            Files.writeString(
                    Files.createDirectories(folder.resolve(label).resolve("conf"))
                            .resolve("root.txt"),
                    dns.anchor(),
                    StandardCharsets.US_ASCII);
        }

        private String tlsa(int number) {
            return "_" + loopback.port() + "._tcp." + mx(number) + ".";
        }

        private SmtpPeer.Builder startTls() {
            if (row.event() == Event.UNSUPPORTED) {
                return peer();
            }
            return goesWrong(peer().offering(certificate).at(Phase.STARTTLS));
        }

        private SmtpPeer.Builder handshake() {
            SmtpPeer.Trouble trouble = peer().offering(certificate).at(Phase.STARTTLS);
            return switch (row.event()) {
                // REQUIRETLS is not offered.
                case UNSUPPORTED -> peer().offering(certificate);
                case FORBIDDEN -> trouble.injects("250 words of somebody's\r\n");
                case GARBAGE -> trouble.speaksOldTls();
                case LOST -> trouble.saysAndCloses("220 2.0.0 Go ahead");
                case SILENT -> trouble.saysAndStalls("220 2.0.0 Go ahead");
                default -> throw new IllegalArgumentException(row.toString());
            };
        }

        /** Both hosts are gateways that want an account. */
        private void auth() throws IOException {
            SmtpPeer.Builder gateway = peer().offering(certificate);
            hosts(
                    row.event() == Event.UNSUPPORTED
                            ? gateway
                            : goesWrong(gateway.extensions("PIPELINING", "AUTH PLAIN")
                                    .at(Phase.OTHER)
                                    .naming("AUTH")));
            parameters.putAll(Map.of(
                    "gateway",
                    mx(1) + ":" + loopback.port() + ", " + mx(2) + ":" + loopback.port(),
                    "loadBalancing",
                    "false",
                    "gatewayUsername",
                    "user",
                    "gatewayPassword",
                    "secret"));
        }

        private void recipients() throws IOException {
            SmtpPeer.Trouble trouble = peer().at(Phase.RCPT).naming(way == Way.FIRST_RECIPIENT ? "bob@" : "carol@");
            if (row.event() == Event.NOT_ALL) {
                parameters.put("sendpartial", "false");
                hosts(peer().at(Phase.RCPT).naming("bob@").says("550 5.1.1 Unknown"));
            } else if (row.event() == Event.TOO_MANY) {
                hosts(trouble.once().says("552 5.5.3 Too many recipients"));
            } else {
                hosts(goesWrong(trouble));
            }
        }

        private SmtpPeer.Builder goesWrong(SmtpPeer.Trouble trouble) {
            // The mail in front, of another sender, goes well.
            SmtpPeer.Trouble second = at == Stage.MAIL && way == Way.ALL_AT_ONCE ? trouble.naming("alice@") : trouble;
            return OutcomesTest.goesWrong(second, row.event());
        }

        private SmtpPeer.Builder end(SmtpPeer.Trouble trouble) {
            SmtpPeer.Trouble ofText = trouble.naming(row.event() == Event.TAKEN ? "in no message" : "a text");
            return row.event() == Event.TAKEN ? ofText.drops() : goesWrong(ofText);
        }

        /** Amid a message nobody is heard who does not hang up. */
        private SmtpPeer.Builder broken(SmtpPeer.Trouble trouble) {
            return switch (row.event()) {
                case TRANSIENT -> trouble.saysAndCloses("451 4.3.0 Not now");
                case GOODBYE -> trouble.saysAndCloses("421 4.3.2 Going down");
                case PERMANENT -> trouble.saysAndCloses("550 5.7.1 Never");
                case SILENT -> trouble.listensNoMore();
                default -> trouble.drops();
            };
        }

        void start() throws Exception {
            outbound = Outbound.start(dns.address(), folder.resolve(label), loopback.port(), policy, parameters);
        }

        void send() throws Exception {
            start();
            if (at == Stage.RSET) {
                // A transaction that was refused to all leaves the connection in need of RSET.
                outbound.send("a first mail", "gone@" + domain());
                Awaitility.await()
                        .atMost(PATIENCE)
                        .until(() -> !outbound.bounced().isEmpty());
            } else if (way == Way.ALL_AT_ONCE) {
                outbound.sendFrom("first@ours.example", "a first mail", "dave@" + domain());
                Awaitility.await().atMost(PATIENCE).until(() -> !first.mails().isEmpty());
            }
            if (requiresTls()) {
                outbound.sendRequiringTls("", text, bob, carol);
            } else {
                outbound.send(text, bob, carol);
            }
            text = null;
        }

        /** To whom it happens, where it does not happen to both. */
        String unlucky() {
            return way == Way.FIRST_RECIPIENT ? bob : carol;
        }

        String lucky() {
            return way == Way.FIRST_RECIPIENT ? carol : bob;
        }

        boolean isElsewhere() {
            return way != Way.ONLY_HOST && at != Stage.RSET && isOfAHost(row);
        }

        /** Whether it goes under TLS all the way, or not at all (REQUIRETLS, RFC 8689). */
        boolean requiresTls() {
            return row.event() == Event.UNSUPPORTED && (at == Stage.POLICY || at == Stage.TLS);
        }

        List<TakenMail> taken(SmtpPeer peer) {
            return peer.mails().stream()
                    .filter(mail ->
                            mail.recipients().contains(bob) || mail.recipients().contains(carol))
                    .toList();
        }

        void awaitDelivered(SmtpPeer peer, String... recipients) {
            for (String recipient : recipients) {
                Awaitility.await()
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(taken(peer).stream()
                                        .filter(mail -> mail.recipients().contains(recipient)))
                                .as("%s waits: %s, bounced: %s", recipient, outbound.deferred(), outbound.bounced())
                                .hasSize(1));
            }
        }

        boolean isBounced(String recipient) {
            return outbound.bounced().stream()
                    .anyMatch(bounced -> bounced.recipients().contains(recipient));
        }

        boolean isDeferred(String recipient) {
            return outbound.deferred().containsKey(recipient);
        }

        @Override
        public void close() throws IOException {
            if (outbound != null) {
                outbound.close();
            }
            if (first != null) {
                first.close();
            }
            if (second != null) {
                second.close();
            }
            if (deaf != null) {
                deaf.close();
            }
        }

        @Override
        public String toString() {
            return row.stage() + ", " + row.event() + (at == row.stage() ? "" : " (at " + at + ")") + ", "
                    + way.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** A host that has not yet looked at those who called before: to others it does not even say that it is there. */
    private static final class DeafHost implements AutoCloseable {
        private final ServerSocket listener;
        private final List<Socket> waiting = new ArrayList<>();

        DeafHost(InetSocketAddress address) throws IOException {
            listener = new ServerSocket(address.getPort(), 1, address.getAddress());
            while (true) {
                Socket caller = new Socket();
                waiting.add(caller);
                try {
                    caller.connect(address, 300);
                } catch (SocketTimeoutException full) {
                    return;
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket caller : waiting) {
                caller.close();
            }
            listener.close();
        }
    }

    private static SmtpPeer.Builder goesWrong(SmtpPeer.Trouble trouble, Event event) {
        return switch (event) {
            case TRANSIENT -> trouble.says("451 4.3.0 Not now");
            case GOODBYE -> trouble.saysAndCloses("421 4.3.2 Going down");
            case PERMANENT -> trouble.says("550 5.7.1 Never");
            case GARBAGE -> trouble.talksGarbage();
            case LOST -> trouble.drops();
            case SILENT -> trouble.stalls();
            default -> throw new IllegalArgumentException(event.toString());
        };
    }

    private static OutcomeTable.Row row(Stage stage, Event event) {
        return OutcomeTable.rows().stream()
                .filter(row -> row.stage() == stage && row.event() == event)
                .findFirst()
                .orElseThrow();
    }

    private static boolean isOfAHost(OutcomeTable.Row row) {
        return row.scope() == Scope.CONNECTION || row.scope() == Scope.HOST;
    }

    private static String name(OutcomeTable.Row row) {
        return row.stage().name() + " " + row.event().name();
    }

    private static void cases() {
        for (OutcomeTable.Row row : OutcomeTable.rows()) {
            if (ELSEWHERE.contains(name(row))) {
                continue;
            }
            boolean transaction = row.stage().compareTo(Stage.RSET) >= 0;
            // After a message sent by DATA, a server has ten minutes.
            if (!name(row).equals("END SILENT")) {
                add(row.stage(), row, Way.PIPELINED);
                if (transaction) {
                    add(row.stage(), row, Way.ONE_BY_ONE);
                } else if (row.fate() == Fate.FAILED && isOfAHost(row)) {
                    add(row.stage(), row, Way.ONLY_HOST);
                }
            }
            if (row.stage() == Stage.RCPT && (REPLIES.contains(row.event()) || NO_REPLIES.contains(row.event()))) {
                add(row.stage(), row, Way.FIRST_RECIPIENT);
            }
            if (row.stage() == Stage.MAIL || row.stage() == Stage.RCPT) {
                allAtOnce(row);
            } else if (row.stage() == Stage.END && row.event() != Event.SILENT) {
                add(row.stage(), row, Way.ALL_AT_ONCE);
            }
        }
    }

    /** Who has the message along with the envelope, and is not heard again, may have the mail. */
    private static void allAtOnce(OutcomeTable.Row row) {
        if (NO_REPLIES.contains(row.event())) {
            add(row.stage(), row(Stage.END, row.event()), Way.ALL_AT_ONCE);
        } else if (row.event() != Event.NOT_ALL) {
            add(row.stage(), row, Way.ALL_AT_ONCE);
        }
    }

    private static void add(Stage at, OutcomeTable.Row row, Way way) {
        CASES.add(new Case(at, row, way));
    }

    /** Keys take longer to make than all that most cases do with them. */
    @BeforeAll
    static void send() throws Exception {
        certificate = new Authorities().selfSigned(List.of("mx2.test"));
        cases();
        loopback = Loopback.of(2 * CASES.size() + 60);
        dns = SignedZones.start().zone("test.", Signing.NSEC);
        for (Case each : CASES) {
            each.arrange();
        }
        ExecutorService senders = Executors.newFixedThreadPool(16);
        for (Case each : CASES) {
            each.sent = senders.submit(() -> {
                each.send();
                return null;
            });
        }
        senders.shutdown();
    }

    @AfterAll
    static void stop() throws Exception {
        for (Case each : CASES) {
            each.close();
        }
        CASES.clear();
        if (dns != null) {
            dns.close();
        }
    }

    static Stream<Case> walk() {
        return CASES.stream();
    }

    @ParameterizedTest(name = "{0}", autoCloseArguments = false)
    @MethodSource("walk")
    void what_the_line_says_happens(Case one) throws Exception {
        one.sent.get();
        OutcomeTable.Row row = one.row;
        if (row.fate() == Fate.DELIVERED) {
            one.awaitDelivered(one.first, one.bob, one.carol);
        } else if (row.fate() == Fate.FAILED && !one.isElsewhere()) {
            await(() -> one.isBounced(one.unlucky()));
            if (row.scope() == Scope.RECIPIENT) {
                one.awaitDelivered(one.first, one.lucky());
            } else {
                await(() -> one.isBounced(one.lucky()));
            }
        } else if (one.at == Stage.RSET) {
            // A new connection needs none.
            one.awaitDelivered(one.first, one.bob, one.carol);
        } else if (one.at == Stage.RCPT && row.event() == Event.GOODBYE && one.way == Way.ALL_AT_ONCE) {
            // Of the other one nobody has said that he does not have the mail.
            one.awaitDelivered(one.second, one.unlucky());
            await(() -> one.isDeferred(one.lucky()));
        } else if (one.isElsewhere()) {
            one.awaitDelivered(one.second, one.bob, one.carol);
        } else if (row.scope() == Scope.TRANSACTION) {
            one.awaitDelivered(one.first, one.bob, one.carol);
            assertThat(one.taken(one.first)).hasSize(2);
        } else if (row.event() == Event.NOT_ALL) {
            await(() -> one.isDeferred(one.carol) && one.isBounced(one.bob));
            assertThat(one.taken(one.first)).isEmpty();
        } else {
            await(() -> one.isDeferred(one.unlucky()));
            if (row.scope() == Scope.RECIPIENT) {
                one.awaitDelivered(one.first, one.lucky());
            } else {
                assertThat(one.isDeferred(one.lucky())).isTrue();
            }
        }
        assertThat(one.taken(one.second)).hasSize(one.isElsewhere() ? 1 : 0);
        if (one.isElsewhere() || (row.fate() != Fate.FAILED && row.event() != Event.NOT_ALL)) {
            assertThat(one.isBounced(one.bob) || one.isBounced(one.carol)).isFalse();
        }
    }

    @Test
    void every_line_is_seen_here_or_elsewhere() {
        List<String> seen = new ArrayList<>(ELSEWHERE);
        CASES.forEach(one -> seen.add(name(one.row)));
        assertThat(seen)
                .containsAll(
                        OutcomeTable.rows().stream().map(OutcomesTest::name).toList());
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).until(condition);
    }

    /** A domain for a test of its own; nothing goes wrong there yet. */
    private static Case alone() {
        return new Case(Stage.END, row(Stage.END, Event.TAKEN), Way.PIPELINED);
    }

    private static String[] deadAddresses(int count) {
        String[] dead = new String[count];
        for (int i = 0; i < count; i++) {
            dead[i] = loopback.next().getAddress().getHostAddress();
        }
        return dead;
    }

    /** The mail has gone: what a server does then is no matter of the mail's. */
    @ParameterizedTest
    @EnumSource(
            value = Event.class,
            names = {"TRANSIENT", "GOODBYE", "PERMANENT", "GARBAGE", "LOST", "SILENT"})
    void nothing_follows_from_what_happens_at_quit(Event event) throws Exception {
        try (Case one = alone()) {
            one.hosts(goesWrong(one.peer().at(Phase.OTHER).naming("QUIT"), event));
            one.parameters.put("idleTime", "0");
            one.send();
            one.awaitDelivered(one.first, one.bob, one.carol);
            await(() -> one.first.commands().contains("QUIT"));
            one.outbound.send("another text", "dave@" + one.domain());
            await(() -> one.first.mails().size() == 2);
            assertThat(one.first.connections()).isEqualTo(2);
            assertThat(one.outbound.bounced()).isEmpty();
            assertThat(one.outbound.deferred()).isEmpty();
        }
    }

    /** RFC 5321, section 5.1. */
    @Test
    void many_dead_addresses_of_the_first_host_do_not_keep_the_second_from_being_tried() throws Exception {
        try (Case one = alone()) {
            one.exchanger(1, deadAddresses(8));
            one.honest();
            one.send();
            one.awaitDelivered(one.second, one.bob, one.carol);
        }
    }

    @Test
    void the_last_of_many_addresses_is_tried_too() throws Exception {
        try (Case one = alone()) {
            one.exchanger(1, deadAddresses(7));
            InetSocketAddress alive = loopback.next();
            one.first = one.peer().start(alive);
            dns.add(one.mx(1) + ". A " + alive.getAddress().getHostAddress());
            one.send();
            one.awaitDelivered(one.first, one.bob, one.carol);
        }
    }

    /** A mail to a list with many dead addresses is one report, whatever the replies were. */
    @Test
    void many_dead_addresses_are_one_report() throws Exception {
        try (Case one = alone()) {
            one.hosts(one.peer().at(Phase.RCPT).says("550 5.1.1 Unknown"));
            one.start();
            String[] dead = new String[50];
            for (int i = 0; i < dead.length; i++) {
                dead[i] = "u" + i + "@" + one.domain();
            }
            one.outbound.send("a long text ".repeat(100_000), dead);
            await(() -> one.isBounced(dead[49]));

            assertThat(one.outbound.reports()).singleElement().satisfies(report -> {
                assertThat(report.split("Action: failed", -1)).hasSize(51);
                assertThat(report)
                        .hasSizeLessThan(60_000)
                        .contains("To: <alice@ours.example>", "Remote-MTA: dns; " + one.mx(1), "Status: 5.1.1");
            });
        }
    }

    @Test
    void a_peer_that_runs_refused_chunks_runs_none() throws Exception {
        try (Case one = alone()) {
            one.parameters.put("idleTime", "60000");
            one.hosts(one.peer()
                    .runningRefusedChunks()
                    .at(Phase.RCPT)
                    .naming("gone@")
                    .says("550 5.1.1 Unknown"));
            String commands = "MAIL FROM:<ceo@ours.example>\r\nRCPT TO:<" + one.bob + ">\r\nBDAT 5 LAST\r\nhello";
            one.text = commands;
            one.send();
            one.awaitDelivered(one.first, one.bob, one.carol);
            one.outbound.send(commands, "gone@" + one.domain());
            await(() -> !one.outbound.bounced().isEmpty());
            one.outbound.send("another text", one.bob);
            await(() -> one.taken(one.first).size() == 2);
            assertThat(one.first.mails())
                    .allSatisfy(mail -> assertThat(mail.sender()).isEqualTo("alice@ours.example"));
        }
    }
}
