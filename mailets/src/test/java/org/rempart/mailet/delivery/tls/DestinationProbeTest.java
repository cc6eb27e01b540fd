/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import org.apache.james.core.Domain;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.tls.TlsProbe;
import org.rempart.policy.tls.TlsProbe.Destination;
import org.rempart.policy.tls.TlsProbe.Host;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;

@Timeout(600)
class DestinationProbeTest {
    private static final Domain DOMAIN = Domain.of("customer.example");
    private static final String MX = "mx1.hosting.example";
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("partner CA");

    /** Names that all lead to the loopback interface, and no TXT record. */
    private static class Names implements TlsProbe.Dns {
        private final List<String> mx;

        Names(String... mx) {
            this.mx = List.of(mx);
        }

        @Override
        public List<String> mx(String domain) throws IOException {
            if (mx.contains("failure")) {
                throw new IOException("the resolver answers SERVFAIL");
            }
            return mx;
        }

        @Override
        public List<InetAddress> addresses(String host) {
            return host.equals("nowhere.example") ? List.of() : List.of(InetAddress.getLoopbackAddress());
        }

        @Override
        public List<String> txt(String name) {
            return List.of();
        }

        @Override
        public List<InetSocketAddress> servers() {
            return List.of();
        }
    }

    private static TlsPeer smtp(String ehlo, String afterStartTls, ServerCertificate identity) throws IOException {
        return new TlsPeer((socket, self) -> {
            say(socket, "220 mx ready");
            if (hear(socket).startsWith("EHLO [127.0.0.1]")) {
                say(socket, ehlo);
            }
            if (hear(socket).equals("STARTTLS")) {
                say(socket, afterStartTls);
                TlsPeer.handshake(identity.context(), socket);
                hear(socket);
            }
        });
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static String hear(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private static TlsPolicy policy(String outbound) throws PolicyException, IOException {
        String xml = "<policy><tls>" + outbound + "</tls></policy>";
        return PolicyFile.read(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)), "rempart.xml")
                .tls();
    }

    private static InputStream anchors(String url) throws IOException {
        if (!url.equals("file://conf/tls/ca.pem")) {
            throw new FileNotFoundException(url);
        }
        StringWriter pem = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(pem)) {
            writer.writeObject(AUTHORITY.certificate());
        }
        return new ByteArrayInputStream(pem.toString().getBytes(StandardCharsets.US_ASCII));
    }

    private static Destination probe(String outbound, TlsProbe.Dns dns, TlsPeer peer) throws Exception {
        TlsProbe probe = ServiceLoader.load(TlsProbe.class).findFirst().orElseThrow();
        return probe.probe(policy(outbound), DestinationProbeTest::anchors, dns, DOMAIN, peer.port());
    }

    private static Host host(Destination destination) {
        assertThat(destination.hosts()).hasSize(1);
        return destination.hosts().get(0);
    }

    @Test
    void aHostThatSatisfiesTheRuleIsShownWithItsCertificates() throws Exception {
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        try (TlsPeer peer = smtp("250-mx\r\n250-SIZE 1\r\n250 starttls", "220 go ahead", identity)) {
            Destination found = probe(
                    "<outbound><to domain='customer.example' level='verify' trust='conf/tls/ca.pem'/></outbound>",
                    new Names(MX),
                    peer);
            assertThat(found.isDeliverable()).isTrue();
            assertThat(found.facts())
                    .containsEntry("domain", "customer.example")
                    .containsEntry("level", "verify")
                    .containsEntry("decided by", "policy, since a rule names the domain")
                    .containsEntry("mta-sts", "none: no TXT record at _mta-sts.customer.example");
            assertThat(found.facts().get("rule")).contains("trust=\"conf/tls/ca.pem\"", "rempart.xml:1:");
            Host host = host(found);
            assertThat(host.outcome()).isEqualTo("mail goes under TLS");
            assertThat(host.facts())
                    .containsEntry("host", MX)
                    .containsEntry("address", "127.0.0.1")
                    .containsEntry("starttls", "offered");
            assertThat(host.facts().get("tls")).startsWith("TLSv1.3, TLS_");
            assertThat(host.facts().get("certificate")).startsWith("trusted: for mx1.hosting.example");
            assertThat(host.chain()).hasSize(2);
            assertThat(host.chain().get(0))
                    .contains(Fingerprint.ofCertificate(identity.certificate()).toString())
                    .contains(Fingerprint.ofKey(identity.certificate()).toString());
        }
    }

    @Test
    void aHostThatDoesNotSatisfyTheRuleGetsNoMail() throws Exception {
        String rule = "<outbound mtaSts='off'><to domain='customer.example' level='secure'/></outbound>";
        try (TlsPeer peer = smtp(
                "250-mx\r\n250 STARTTLS", "220 go ahead", AUTHORITY.request(MX).selfSigned())) {
            Destination found = probe(rule, new Names(MX), peer);
            assertThat(found.isDeliverable()).isFalse();
            assertThat(found.facts()).containsEntry("mta-sts", "switched off");
            assertThat(host(found).outcome()).startsWith("mail waits: ").contains("secure asks for: self-signed");
            assertThat(host(found).chain()).hasSize(1);
        }
        try (TlsPeer peer = smtp("250 mx", "", null)) {
            Host host = host(probe(rule, new Names(MX), peer));
            assertThat(host.isDeliverable()).isFalse();
            assertThat(host.facts()).containsEntry("starttls", "not offered");
            assertThat(host.outcome()).isEqualTo("mail waits: it does not offer STARTTLS");
        }
    }

    @Test
    void byDefaultMailGoesWithoutTlsWhereThereIsNone() throws Exception {
        try (TlsPeer peer = smtp("250 mx", "", null)) {
            Destination found = probe("", new Names(MX), peer);
            assertThat(found.isDeliverable()).isTrue();
            assertThat(found.facts()).containsEntry("level", "opportunistic");
            assertThat(host(found).outcome()).isEqualTo("mail goes in clear text: it does not offer STARTTLS");
        }
        try (TlsPeer peer = smtp("250-mx\r\n250 STARTTLS", "454 4.7.0 not now", null)) {
            assertThat(host(probe("", new Names(MX), peer)).outcome())
                    .isEqualTo("mail goes in clear text: it refuses STARTTLS (454 4.7.0 not now)");
        }
        try (TlsPeer peer = smtp(
                "250-mx\r\n250 STARTTLS",
                "220 go\r\n250 injected",
                AUTHORITY.request(MX).issue())) {
            assertThat(host(probe("<outbound default='encrypt'/>", new Names(MX), peer))
                            .outcome())
                    .contains("clear text came behind the answer to STARTTLS");
        }
    }

    @Test
    void aHostThatDoesNotAnswerAsAServerIsTold() throws Exception {
        try (TlsPeer peer = new TlsPeer((socket, self) -> say(socket, "554 5.7.1 go away"))) {
            Destination found = probe("", new Names("nowhere.example", MX), peer);
            assertThat(found.isDeliverable()).isFalse();
            assertThat(found.hosts())
                    .extracting(Host::outcome)
                    .containsExactly(
                            "mail waits: it can't be asked (it has no address)",
                            "mail waits: it can't be asked (its greeting is 554 5.7.1 go away)");
        }
        try (TlsPeer peer = new TlsPeer((socket, self) -> say(socket, "220-" + "x".repeat(4_000)))) {
            assertThat(host(probe("", new Names(MX), peer)).outcome()).contains("a line of more than 2000 bytes");
        }
    }

    @Test
    void whatTheDnsProvesIsTold() throws Exception {
        ServerCertificate identity = AUTHORITY.request("mx.whatever.example").selfSigned();
        try (SignedZones zones = SignedZones.start();
                TlsPeer peer = smtp("250-mx\r\n250 STARTTLS", "220 go ahead", identity)) {
            zones.zone("example.", SignedZones.Signing.NSEC)
                    .add("customer.example. MX 10 " + MX + ".")
                    .add(MX + ". A 127.0.0.1")
                    .add("_" + peer.port() + "._tcp." + MX + ". TLSA 3 1 1 "
                            + Fingerprint.ofKey(identity.certificate())
                                    .toString()
                                    .replace("spki-sha256:", ""));
            TlsProbe.Dns dns = new Names(MX) {
                @Override
                public List<InetSocketAddress> servers() {
                    return List.of(zones.address());
                }
            };
            Host host = host(proven(zones, dns, peer));
            assertThat(host.outcome()).isEqualTo("mail goes under TLS");
            assertThat(host.facts())
                    .containsEntry("level", "dane")
                    .containsEntry("decided by", "dane, since no rule names the domain, and its dane binds");
            assertThat(host.facts().get("rule")).startsWith("_" + peer.port() + "._tcp." + MX + ": 3 1 1 ");
            assertThat(host.facts().get("certificate")).startsWith("dane: the TLSA record 3 1 1 ");

            zones.fault("customer.example.", "MX", SignedZones.Fault.FORGED);
            Destination bogus = proven(zones, dns, peer);
            assertThat(bogus.isDeliverable()).isFalse();
            assertThat(host(bogus).outcome())
                    .startsWith("mail waits: DANE: the DNS does not answer for customer.example (DNSSEC: ");
        }
    }

    private static Destination proven(SignedZones zones, TlsProbe.Dns dns, TlsPeer peer) throws Exception {
        return ServiceLoader.load(TlsProbe.class)
                .findFirst()
                .orElseThrow()
                .probe(
                        policy("<outbound mtaSts='off' dnssec='validate' rootAnchors='conf/root.txt'/>"),
                        url -> new ByteArrayInputStream(zones.anchor().getBytes(StandardCharsets.US_ASCII)),
                        dns,
                        DOMAIN,
                        peer.port());
    }

    @Test
    void aDomainWithoutHostsIsTold() throws Exception {
        try (TlsPeer peer = smtp("250 mx", "", null)) {
            assertThat(probe("", new Names(""), peer).problem())
                    .hasValueSatisfying(why -> assertThat(why).contains("null MX"));
            assertThat(probe("", new Names("failure"), peer).problem())
                    .hasValueSatisfying(why -> assertThat(why).contains("SERVFAIL"));
            assertThat(host(probe("", new Names(), peer)).facts()).containsEntry("host", "customer.example");
        }
    }
}
