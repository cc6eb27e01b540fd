/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.james.core.MailAddress;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.EnvId;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.DsnParameters.Ret;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.TakenMail;
import org.rempart.testsupport.Tools;

/**
 * What senders ask for (NOTIFY, ORCPT, ENVID, RET of RFC 3461) on a way of three: a delivery of ours hands it to another, and
 * that to Postfix, which delivers or gives up. Who has a mail last reports, as asked.
 */
class DsnRequestsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SECRET = "secret words";

    @TempDir
    private static Path folder;

    private static DnsServer dns;
    /** Where what the first delivery sends becomes mail of the second. */
    private static SmtpPeer between;
    /** The sender's server, which gets Postfix's reports. */
    private static SmtpPeer home;

    private static Postfix postfix;
    private static Outbound first;
    private static Outbound second;

    @BeforeAll
    static void start() throws Exception {
        Tools.require(Postfix.missing().isEmpty(), Postfix.missing().orElse(""));
        // Postfix gives up root's rights, and must reach its folder all the same.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        Loopback loopback = Loopback.of(3);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        InetSocketAddress relay = loopback.next();
        between = SmtpPeer.withoutChunking().start(relay);
        dns.mx("customer.example", 10, "relay.test")
                .address("relay.test", relay.getAddress().getHostAddress());
        home = SmtpPeer.withoutChunking().start(loopback.next());
        InetSocketAddress last = loopback.next();
        startPostfix(last);
        String policy = "<tls><outbound mtaSts=\"off\" default=\"opportunistic\"/></tls>";
        first = Outbound.start(
                dns,
                Files.createDirectory(folder.resolve("first")),
                loopback.port(),
                policy,
                Map.of("delayTime", "1h"));
        second = Outbound.start(
                dns,
                Files.createDirectory(folder.resolve("second")),
                loopback.port(),
                policy,
                Map.of("delayTime", "1h", "gateway", last.getAddress().getHostAddress() + ":" + last.getPort()));
    }

    /** One mailbox, and an alias of nobody. */
    private static void startPostfix(InetSocketAddress listener) throws Exception {
        Path files = Files.createDirectories(folder.resolve("postfix"));
        Map<String, String> settings = new LinkedHashMap<>(
                Postfix.delivering(files, "customer.example", Map.of("here@customer.example", "here")));
        settings.put("virtual_alias_maps", "inline:{ dead@customer.example=gone@dead.example }");
        settings.put("transport_maps", "inline:{ { dead.example = error:5.1.6 Gone for good } }");
        settings.put(
                "relayhost",
                "[" + home.address().getAddress().getHostAddress() + "]:"
                        + home.address().getPort());
        postfix = Postfix.start(files, Map.of(listener, Map.of()), settings);
    }

    @AfterAll
    static void stop() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {first, second, postfix, between, home, dns}) {
            if (each != null) {
                each.close();
            }
        }
    }

    private static DsnParameters wishes(String envId, Ret ret, String recipient, String notify, String original)
            throws Exception {
        return DsnParameters.builder()
                .envId(EnvId.of(envId))
                .ret(ret)
                .addRcptParameter(
                        new MailAddress(recipient),
                        RecipientDsnParameters.of(DsnParameters.Notify.parse(notify), new MailAddress(original)))
                .build()
                .orElseThrow();
    }

    /** Sends a mail through both deliveries. */
    private static void send(String envId, Ret ret, String recipient, String notify) throws Exception {
        int before = between.mails().size();
        int commands = between.commands().size();
        first.send(
                SECRET + envId,
                Optional.of(wishes(envId, ret, recipient, notify, "list+" + envId + "@customer.example")),
                recipient);
        await(() -> between.mails().size() > before);
        List<String> said =
                between.commands().subList(commands, between.commands().size());
        Map<String, String> ofMail = parameters(said, "MAIL FROM:");
        Map<String, String> ofRecipient = parameters(said, "RCPT TO:");
        Optional<DsnParameters> carried = DsnParameters.of(
                EnvId.fromSMTPArgLine(ofMail),
                Ret.fromSMTPArgLine(ofMail),
                ImmutableMap.of(
                        new MailAddress(recipient),
                        RecipientDsnParameters.fromSMTPArgLine(ofRecipient).orElseThrow()));
        second.send(SECRET + envId, carried, recipient);
    }

    private static Map<String, String> parameters(List<String> commands, String command) {
        Map<String, String> parameters = new LinkedHashMap<>();
        String line = commands.stream()
                .filter(said -> said.startsWith(command))
                .findFirst()
                .orElseThrow();
        for (String part : line.split(" ", -1)) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                parameters.put(part.substring(0, equals).toUpperCase(Locale.ROOT), part.substring(equals + 1));
            }
        }
        return parameters;
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).until(condition);
    }

    /** What Postfix has told the sender of a mail. */
    private static List<String> told(String envId) {
        return home.mails().stream()
                .map(TakenMail::message)
                .filter(message -> message.contains("Original-Envelope-Id: " + envId + "\r\n"))
                .toList();
    }

    private static String toldOnce(String envId) {
        await(() -> !told(envId).isEmpty());
        assertThat(told(envId)).hasSize(1);
        return told(envId).get(0);
    }

    private static List<String> ours(String envId) throws Exception {
        return second.reports().stream()
                .filter(message -> message.contains("Original-Envelope-Id: " + envId + "\r\n"))
                .distinct()
                .toList();
    }

    @Test
    void successIsReportedByTheLast() throws Exception {
        send("success", Ret.HDRS, "here@customer.example", "SUCCESS,FAILURE");
        assertThat(toldOnce("success"))
                .contains(
                        "Original-Recipient: rfc822;list+success@customer.example",
                        "Final-Recipient: rfc822; here@customer.example",
                        "Action: delivered")
                .doesNotContain(SECRET);
    }

    @Test
    void failureIsReportedByWhoGivesUpWithTheWholeMessageIfAsked() throws Exception {
        send("failure", Ret.FULL, "dead@customer.example", "FAILURE");
        assertThat(toldOnce("failure"))
                .contains("Original-Recipient: rfc822;list+failure@customer.example", "Action: failed", SECRET);
        send("header", Ret.HDRS, "dead@customer.example", "FAILURE");
        assertThat(toldOnce("header")).contains("Action: failed").doesNotContain(SECRET);
    }

    @Test
    void whatTheLastRefusesIsReportedByOurs() throws Exception {
        send("refused", Ret.FULL, "nobody@customer.example", "FAILURE,DELAY");
        await(() -> second.bounced().stream()
                .anyMatch(bounced -> bounced.recipients().contains("nobody@customer.example")));
        assertThat(ours("refused"))
                .singleElement()
                .satisfies(report -> assertThat(report)
                        .contains(
                                "Original-Recipient: rfc822; list+refused@customer.example\r\n",
                                "Final-Recipient: rfc822; nobody@customer.example\r\n",
                                "Action: failed\r\nStatus: 5.1.1\r\n",
                                SECRET));
        assertThat(told("refused")).isEmpty();
    }

    @Test
    void nobodyReportsWhatNobodyWantsToKnow() throws Exception {
        send("never", Ret.FULL, "dead@customer.example", "NEVER");
        send("delivered", Ret.FULL, "here@customer.example", "FAILURE");
        send("unknown", Ret.FULL, "unknown@customer.example", "NEVER");
        await(() -> second.bounced().stream()
                .anyMatch(bounced -> bounced.recipients().contains("unknown@customer.example")));
        await(() -> postfix.taken().stream().anyMatch(mail -> mail.contains(SECRET + "delivered")));
        // A mail after them, of which something is told.
        send("after", Ret.HDRS, "dead@customer.example", "FAILURE");
        toldOnce("after");

        assertThat(told("never")).isEmpty();
        assertThat(told("delivered")).isEmpty();
        assertThat(ours("unknown")).isEmpty();
        assertThat(first.bounced()).isEmpty();
    }
}
