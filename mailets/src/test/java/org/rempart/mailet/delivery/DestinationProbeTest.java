/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import org.apache.james.core.Domain;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SmtpPeer;

@Timeout(600)
class DestinationProbeTest {
    private static final String DOMAIN = "customer.example";
    private static final String MX = "mx1.hosting.example";
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("partner CA");

    private DnsServer dns;

    @BeforeEach
    void start() throws IOException {
        dns = DnsServer.start(InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        dns.close();
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

    private static TlsProbe probe() {
        return ServiceLoader.load(TlsProbe.class).findFirst().orElseThrow();
    }

    private Destination probe(String outbound, SmtpPeer peer) throws Exception {
        return probe().probe(
                        policy(outbound),
                        DestinationProbeTest::anchors,
                        List.of(dns.address()),
                        "mail.ours.example",
                        Domain.of(DOMAIN),
                        peer.address().getPort());
    }

    private void mxIs(SmtpPeer peer) {
        dns.mx(DOMAIN, 10, MX).address(MX, peer.address().getAddress().getHostAddress());
    }

    /** What is found of the domain's only host. */
    private Host hostOf(String outbound, SmtpPeer.Builder kind) throws Exception {
        try (SmtpPeer peer = kind.start()) {
            mxIs(peer);
            return host(probe(outbound, peer));
        }
    }

    private static Host host(Destination destination) {
        assertThat(destination.hosts()).hasSize(1);
        return destination.hosts().get(0);
    }

    /** RFC 8689: whether mail that requires TLS all the way would go. */
    @Test
    void whatMailThatRequiresTlsWouldComeToIsTold() throws Exception {
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        String secure = "level='secure' match='" + MX + "'";
        assertThat(requireTls(secure, SmtpPeer.named("mx").offering(identity).extensions("REQUIRETLS")))
                .isEqualTo("offered: mail that asks for it goes");
        assertThat(requireTls(
                        "level='verify'",
                        SmtpPeer.named("mx").offering(identity).extensions("REQUIRETLS")))
                .startsWith("offered, but mail that asks for it bounces: the mail requires TLS");
        assertThat(requireTls(secure, SmtpPeer.named("mx").offering(identity)))
                .isEqualTo("not offered: mail that asks for it bounces");
    }

    private String requireTls(String rule, SmtpPeer.Builder kind) throws Exception {
        return hostOf("<outbound><to domain='customer.example' " + rule + " trust='conf/tls/ca.pem'/></outbound>", kind)
                .facts()
                .get("requiretls");
    }

    /** The policy may name the host, once its web server is heard. */
    @Test
    void thatMailThatRequiresTlsWaitsIsTold() throws Exception {
        dns.fail("_mta-sts." + DOMAIN);
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        assertThat(requireTls(
                        "level='verify'",
                        SmtpPeer.named("mx").offering(identity).extensions("REQUIRETLS")))
                .startsWith("offered, but mail that asks for it waits: the mail requires TLS");
    }

    @Test
    void aHostThatSatisfiesTheRuleIsShownWithItsCertificates() throws Exception {
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        try (SmtpPeer peer = SmtpPeer.named("mx").offering(identity).start()) {
            mxIs(peer);
            Destination found = probe(
                    "<outbound><to domain='customer.example' level='verify' trust='conf/tls/ca.pem'/></outbound>",
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
            assertThat(peer.commands())
                    .startsWith("EHLO mail.ours.example", "STARTTLS", "EHLO mail.ours.example")
                    .doesNotContain("RSET")
                    .noneMatch(command -> command.startsWith("MAIL"));
        }
    }

    @Test
    void aHostThatDoesNotSatisfyTheRuleGetsNoMail() throws Exception {
        String rule = "<outbound mtaSts='off'><to domain='customer.example' level='secure'/></outbound>";
        Host host =
                hostOf(rule, SmtpPeer.named("mx").offering(AUTHORITY.request(MX).selfSigned()));
        assertThat(host.isDeliverable()).isFalse();
        assertThat(host.outcome()).startsWith("mail waits: 454 4.7.5 ").contains("secure asks for: self-signed");
        assertThat(host.facts().get("certificate")).startsWith("self-signed");
        assertThat(host.chain()).hasSize(1);

        Host without = hostOf(rule, SmtpPeer.named("mx"));
        assertThat(without.isDeliverable()).isFalse();
        assertThat(without.facts()).containsEntry("starttls", "not offered");
        assertThat(without.outcome())
                .isEqualTo("mail waits: 454 4.7.5 mx1.hosting.example does not offer STARTTLS; required is secure");
    }

    @Test
    void byDefaultMailGoesWithoutTlsWhereThereIsNone() throws Exception {
        try (SmtpPeer peer = SmtpPeer.named("mx").start()) {
            mxIs(peer);
            Destination found = probe("<outbound mtaSts='off'/>", peer);
            assertThat(found.isDeliverable()).isTrue();
            assertThat(found.facts()).containsEntry("level", "opportunistic").containsEntry("mta-sts", "switched off");
            assertThat(host(found).outcome()).isEqualTo("mail goes in clear text: STARTTLS is not offered");
        }
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        Host refused = hostOf(
                "", SmtpPeer.named("mx").offering(identity).at(Phase.STARTTLS).says("454 4.7.0 not now"));
        assertThat(refused.outcome())
                .isEqualTo("mail goes in clear text: STARTTLS was answered with 454 4.7.0 not now");
        assertThat(refused.facts()).containsEntry("starttls", "offered");
        // Somebody is there: the one failure that is not answered by clear text.
        Host injected = hostOf(
                "", SmtpPeer.named("mx").offering(identity).at(Phase.STARTTLS).injects("250 injected\r\n"));
        assertThat(injected.isDeliverable()).isFalse();
        assertThat(injected.outcome()).contains("clear text came behind the answer to STARTTLS");
    }

    @Test
    void aHostThatDoesNotAnswerAsAServerIsTold() throws Exception {
        try (SmtpPeer peer = SmtpPeer.named("mx")
                .at(Phase.GREETING)
                .says("554 5.7.1 go away")
                .start()) {
            dns.mx(DOMAIN, 5, "nowhere.example");
            mxIs(peer);
            Destination found = probe("", peer);
            assertThat(found.isDeliverable()).isFalse();
            assertThat(found.hosts())
                    .extracting(Host::outcome)
                    .containsExactly(
                            "mail waits: the DNS has no address for the host nowhere.example",
                            "mail waits: 450 4.3.2 mx1.hosting.example answered the greeting with 554 5.7.1 go away");
        }
    }

    /** As the delivery does: one of a host's addresses is as good as another. */
    @Test
    void theNextAddressIsAskedWhereOneFails() throws Exception {
        ServerCertificate identity = AUTHORITY.request(MX).issue();
        try (SmtpPeer peer = SmtpPeer.named("mx").offering(identity).start()) {
            int port = peer.address().getPort();
            try (SmtpPeer other = SmtpPeer.named("mx")
                    .at(Phase.EHLO)
                    .drops()
                    .start(new InetSocketAddress(InetAddress.getByName("127.0.0.9"), port))) {
                dns.mx(DOMAIN, 10, MX).address(MX, "127.0.0.9", "127.0.0.1");
                Host host = host(probe("", peer));
                assertThat(host.facts()).containsEntry("address", "127.0.0.1").containsEntry("starttls", "offered");
                assertThat(host.outcome()).isEqualTo("mail goes under TLS");
                assertThat(other.connections()).isEqualTo(1);
            }
        }
    }

    @Test
    void whatTheDnsProvesIsTold() throws Exception {
        ServerCertificate identity = AUTHORITY.request("mx.whatever.example").selfSigned();
        try (SignedZones zones = SignedZones.start();
                SmtpPeer peer = SmtpPeer.named("mx").offering(identity).start()) {
            int port = peer.address().getPort();
            zones.zone("example.", SignedZones.Signing.NSEC)
                    .add("customer.example. MX 10 " + MX + ".")
                    .add(MX + ". A 127.0.0.1")
                    .add("_" + port + "._tcp." + MX + ". TLSA 3 1 1 "
                            + Fingerprint.ofKey(identity.certificate())
                                    .toString()
                                    .replace("spki-sha256:", ""));
            Host host = host(proven(zones, port));
            assertThat(host.outcome()).isEqualTo("mail goes under TLS");
            assertThat(host.facts())
                    .containsEntry("level", "dane")
                    .containsEntry("decided by", "dane, since no rule names the domain, and its dane binds");
            assertThat(host.facts().get("rule")).startsWith("_" + port + "._tcp." + MX + ": 3 1 1 ");
            assertThat(host.facts().get("certificate")).startsWith("dane: the TLSA record 3 1 1 ");

            zones.fault("customer.example.", "MX", SignedZones.Fault.FORGED);
            Destination bogus = proven(zones, port);
            assertThat(bogus.isDeliverable()).isFalse();
            assertThat(host(bogus).outcome())
                    .startsWith("mail waits: DANE: the DNS does not answer for customer.example (DNSSEC: ");
        }
    }

    private static Destination proven(SignedZones zones, int port) throws Exception {
        return probe().probe(
                        policy("<outbound mtaSts='off' dnssec='validate' rootAnchors='conf/root.txt'/>"),
                        url -> new ByteArrayInputStream(zones.anchor().getBytes(StandardCharsets.US_ASCII)),
                        List.of(zones.address()),
                        "mail.ours.example",
                        Domain.of(DOMAIN),
                        port);
    }

    @Test
    void aDomainWithoutHostsIsTold() throws Exception {
        try (SmtpPeer peer = SmtpPeer.start()) {
            assertThat(probe("", peer).problem())
                    .hasValue("the DNS has neither an MX record nor an address for customer.example");
            dns.address(DOMAIN, "127.0.0.1");
            assertThat(host(probe("", peer)).facts()).containsEntry("host", DOMAIN);
            dns.nullMx(DOMAIN);
            assertThat(probe("", peer).problem()).hasValue("customer.example takes no mail (null MX, RFC 7505)");
            dns.fail(DOMAIN);
            assertThat(probe("", peer).problem()).hasValue("the DNS does not answer for customer.example");
        }
    }
}
