/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rempart.peers.Destinations.Fate.CLEAR;
import static org.rempart.peers.Destinations.Fate.LATER;
import static org.rempart.peers.Destinations.Fate.TLS;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.peers.Destinations.Fate;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.JvmTrust;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.PolicyHost;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.Tools;

/**
 * What becomes of a mail to a domain that publishes an MTA-STS policy (RFC 8461), at each kind of peer: with a DNS, a web
 * server for the policies, and the delivery as James makes it. The authority of the test is what this JVM trusts meanwhile.
 */
class MtaStsDeliveryTest {
    private static final String SECRET = "secret words";
    private static final String DIRECT = "mta-sts.direct.example";

    /** What the policy of a domain says that gets mail which requires TLS all the way. */
    private static final Map<String, String> REQUIRED = Map.of(
            "required-enforced", "enforce",
            "required-tested", "testing",
            "required-ruled", "testing",
            "required-withdrawn", "none",
            "required-unlisted", "enforce");

    @TempDir
    private static Path folder;

    private static final ProxySelector PROXIES = ProxySelector.getDefault();

    private static JvmTrust trust;
    private static Destinations destinations;
    private static DnsServer dns;
    private static PolicyHost policies;
    private static ConnectProxy web;

    /** The policy host of direct.example, at its own port; null where this user may not have that. */
    private static PolicyHost direct;

    /** The domain's name without {@code .example}; the peer; the mode; the outcome; the source; the level. */
    static Stream<Arguments> table() {
        return Stream.of(
                Arguments.of("enforced-good", "good", "enforce", TLS, "mta-sts", "verify"),
                Arguments.of("enforced-self-signed", "self-signed", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-expired", "expired", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-wrong-name", "wrong-name", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-stripped", "stripped", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-refused", "refused", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-dropped", "dropped", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("enforced-injected", "injected", "enforce", LATER, "mta-sts", "verify"),
                Arguments.of("tested-good", "good", "testing", TLS, "default", "opportunistic"),
                Arguments.of("tested-self-signed", "self-signed", "testing", TLS, "default", "opportunistic"),
                Arguments.of("tested-stripped", "stripped", "testing", CLEAR, "default", "opportunistic"),
                Arguments.of("withdrawn", "stripped", "none", CLEAR, "default", "opportunistic"),
                // The same hosts as the enforced ones, without a policy of its own.
                Arguments.of("without-policy", "stripped", null, CLEAR, "default", "opportunistic"),
                Arguments.of("overridden", "stripped", "enforce", CLEAR, "policy", "opportunistic"),
                Arguments.of("overridden-good", "good", "testing", TLS, "policy", "encrypt"));
    }

    @BeforeAll
    static void send() throws Exception {
        Authorities authorities = new Authorities();
        trust = authorities.trustedByTheJvm(folder);
        destinations = new Destinations(11);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        peer(
                "good",
                SmtpPeer.named(mx("good"))
                        .extensions("PIPELINING", "8BITMIME", "CHUNKING", "SIZE 100000000", "REQUIRETLS")
                        .offering(authorities.good(List.of(mx("good")))));
        peer(
                "self-signed",
                SmtpPeer.named(mx("self-signed")).offering(authorities.selfSigned(List.of(mx("self-signed")))));
        peer("expired", SmtpPeer.named(mx("expired")).offering(authorities.expired(List.of(mx("expired")))));
        peer("wrong-name", SmtpPeer.named(mx("wrong-name")).offering(authorities.good(List.of("somebody.test"))));
        peer("stripped", SmtpPeer.named(mx("stripped")));
        ServerCertificate honest = authorities.good(List.of(mx("refused"), mx("dropped"), mx("injected")));
        peer(
                "refused",
                SmtpPeer.named(mx("refused"))
                        .offering(honest)
                        .at(Phase.STARTTLS)
                        .says("454 4.7.0 TLS not available"));
        peer(
                "dropped",
                SmtpPeer.named(mx("dropped"))
                        .offering(honest)
                        .at(Phase.STARTTLS)
                        .saysAndCloses("220 2.0.0 Go ahead"));
        peer(
                "injected",
                SmtpPeer.named(mx("injected"))
                        .offering(honest)
                        .at(Phase.STARTTLS)
                        .injects("250-evil.test\r\n250 SIZE 1\r\n"));

        List<String> hosts =
                new ArrayList<>(List.of("mta-sts.unlisted.example", "mta-sts.half-listed.example", DIRECT));
        table().forEach(line -> hosts.add("mta-sts." + line.get()[0] + ".example"));
        REQUIRED.keySet().forEach(label -> hosts.add("mta-sts." + label + ".example"));
        policies = PolicyHost.start(
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), authorities.good(hosts));
        web = ConnectProxy.to(policies.address());
        ProxySelector.setDefault(web.selector(DIRECT));
        startDirect(authorities.good(List.of(DIRECT)));

        table().forEach(line -> {
            Object[] cells = line.get();
            String domain = cells[0] + ".example";
            dns.mx(domain, 10, mx((String) cells[1]));
            if (cells[2] != null) {
                publish(domain, (String) cells[2], mx((String) cells[1]));
            }
        });
        // Anyone who forges MX records can point them to a host with an honest certificate, which is not in the policy.
        dns.mx("unlisted.example", 10, mx("good"));
        publish("unlisted.example", "enforce", "mx.elsewhere.test");
        dns.mx("half-listed.example", 10, mx("stripped")).mx("half-listed.example", 20, mx("good"));
        publish("half-listed.example", "enforce", mx("good"));

        REQUIRED.forEach((label, mode) -> {
            dns.mx(label + ".example", 10, mx("good"));
            publish(label + ".example", mode, label.endsWith("unlisted") ? "mx.elsewhere.test" : mx("good"));
        });

        destinations.deliver(
                dns.address(),
                folder,
                "<tls><outbound default=\"opportunistic\">"
                        + "<to domain=\"overridden.example\" level=\"opportunistic\"/>"
                        + "<to domain=\"overridden-good.example\" level=\"encrypt\"/>"
                        + "<to domain=\"required-ruled.example\" level=\"encrypt\"/>"
                        + "</outbound></tls>");
        for (Arguments line : table().toList()) {
            destinations.send(SECRET, "bob@" + line.get()[0] + ".example");
        }
        destinations.send(SECRET, "bob@unlisted.example");
        destinations.send(SECRET, "bob@half-listed.example");
        destinations.send(SECRET, "bob@direct.example");
        for (String label : REQUIRED.keySet()) {
            destinations.sendRequiringTls(SECRET, "carol@" + label + ".example");
        }
    }

    /** Its name is known to the DNS of the test alone, as an alias. */
    private static void startDirect(ServerCertificate certificate) throws Exception {
        InetAddress address = destinations.next().getAddress();
        try {
            direct = PolicyHost.start(new InetSocketAddress(address, 443), certificate);
        } catch (SocketException notAllowed) {
            return;
        }
        dns.alias(DIRECT, "web.direct.example").address("web.direct.example", address.getHostAddress());
        dns.mx("direct.example", 10, mx("stripped"));
        dns.text("_mta-sts.direct.example", "v=STSv1; id=20261101");
        direct.publish(
                "direct.example",
                "version: STSv1\r\nmode: enforce\r\nmx: " + mx("stripped") + "\r\nmax_age: 86400\r\n");
    }

    private static String mx(String peer) {
        return "mx-" + peer + ".test";
    }

    private static void peer(String name, SmtpPeer.Builder peer) throws Exception {
        dns.address(mx(name), destinations.start(name, peer));
    }

    private static void publish(String domain, String mode, String mx) {
        dns.text("_mta-sts." + domain, "v=STSv1; id=20261101");
        policies.publish(domain, "version: STSv1\r\nmode: " + mode + "\r\nmx: " + mx + "\r\nmax_age: 86400\r\n");
    }

    @AfterAll
    static void stop() throws Exception {
        if (destinations != null) {
            destinations.close();
        }
        ProxySelector.setDefault(PROXIES);
        if (trust != null) {
            trust.close();
        }
        if (web != null) {
            web.close();
        }
        if (policies != null) {
            policies.close();
        }
        if (direct != null) {
            direct.close();
        }
        if (dns != null) {
            dns.close();
        }
    }

    @ParameterizedTest(name = "{0}: {3}")
    @MethodSource("table")
    void outcome(String label, String name, String mode, Fate fate, String source, String level) {
        String recipient = "bob@" + label + ".example";
        destinations.assertFate(name, recipient, fate);
        String last = destinations.last(recipient);
        assertThat(last).contains("\"level\":\"" + level + "\"", "\"tlsSource\":\"" + source + "\"");
        assertThat(destinations.mails(name, recipient))
                .allSatisfy(mail -> assertThat(mail.message()).contains(SECRET));
        boolean fallsShort = "testing".equals(mode) && !name.equals("good");
        assertThat(last.contains("\"testedShortfall\":\"")).as(last).isEqualTo(fallsShort);
    }

    /** RFC 8461, section 5: a host that the policy does not name is not a candidate, however good its certificate. */
    @Test
    void aHostThatThePolicyDoesNotNameGetsNothing() {
        String recipient = "bob@unlisted.example";
        destinations.await("good", recipient);
        assertThat(destinations.mails("good", recipient)).isEmpty();
        assertThat(destinations.waitsBecause(recipient)).contains("4.7.5", mx("good"));
    }

    @Test
    void theNextHostIsTriedWhenThePolicyNamesOnlyThat() {
        String recipient = "bob@half-listed.example";
        destinations.await("good", recipient);
        assertThat(destinations.mails("good", recipient))
                .singleElement()
                .satisfies(mail -> assertThat(mail.underTls()).isTrue());
        assertThat(destinations.peer("stripped").clearTexts())
                .allSatisfy(text -> assertThat(text).doesNotContain(recipient));
    }

    /** Without a proxy, the policy host's address comes from the DNS of James, not from that of the machine. */
    @Test
    void thePolicyHostIsFoundByTheDnsOfJames() {
        Tools.require(direct != null, "port 443 is for root alone");
        String recipient = "bob@direct.example";
        destinations.await("stripped", recipient);
        assertThat(direct.fetches()).isEqualTo(1);
        assertThat(destinations.mails("stripped", recipient)).isEmpty();
        assertThat(destinations.last(recipient)).contains("\"tlsSource\":\"mta-sts\"");
    }

    @Test
    void nothingBouncesButWhatRequiresTls() {
        assertThat(destinations.bounced())
                .allSatisfy(bounced -> assertThat(bounced.recipients())
                        .singleElement()
                        .asString()
                        .startsWith("carol@"));
    }

    /** RFC 8689, section 4.2.1: the policy proves which host takes the domain's mail, also while it is only tested. */
    @ParameterizedTest
    @CsvSource({
        "required-enforced, true",
        "required-tested, true",
        "required-ruled, true",
        "required-withdrawn, false",
        "required-unlisted, false",
    })
    void mailThatRequiresTlsGoesWhereThePolicyNamesTheHost(String label, boolean goes) {
        String recipient = "carol@" + label + ".example";
        destinations.await(
                recipient, () -> !destinations.mails("good", recipient).isEmpty() || isToldSo(recipient));
        assertThat(destinations.mails("good", recipient)).hasSize(goes ? 1 : 0);
        assertThat(isToldSo(recipient))
                .as("waits because of %s", destinations.waitsBecause(recipient))
                .isEqualTo(!goes);
    }

    private static boolean isToldSo(String recipient) {
        return destinations.bounced().stream()
                .anyMatch(bounced -> bounced.recipients().contains(recipient)
                        && bounced.reason().startsWith("550 5.7.30 "));
    }
}
