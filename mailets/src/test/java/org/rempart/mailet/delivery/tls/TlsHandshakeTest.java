/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.rempart.mailet.delivery.tls.CertificateVerdict.Kind;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.PeerName;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.ServerCertificate;

@Timeout(600)
class TlsHandshakeTest {
    private static final String MX = "mx1.hosting.example";
    private static final Domain DOMAIN = Domain.of("customer.example");
    private static final List<String> BOTH = List.of("TLSv1.3", "TLSv1.2");
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("partner CA");
    private static final CertificateAuthority STRANGER = CertificateAuthority.create("unknown CA");
    private static final TlsHandshake HANDSHAKE = new TlsHandshake(Duration.ofMinutes(5));

    @AfterAll
    static void closeHandshake() {
        HANDSHAKE.close();
    }

    /** Peers by what is wrong with their certificates. */
    private enum Peer {
        RIGHT,
        WRONG_NAME,
        OF_THE_DOMAIN,
        EXPIRED,
        NOT_YET_VALID,
        SELF_SIGNED,
        UNKNOWN_CA,
        SHA1,
        COMMON_NAME,
        COMMON_NAME_AND_OTHER_SUBJECT_ALT_NAME;

        ServerCertificate identity() {
            Instant now = Instant.now();
            switch (this) {
                case RIGHT:
                    return AUTHORITY.request(MX).issue();
                case WRONG_NAME:
                    return AUTHORITY.request("mx1.other.example").issue();
                case OF_THE_DOMAIN:
                    return AUTHORITY.request("mail.customer.example").issue();
                case EXPIRED:
                    return AUTHORITY
                            .request(MX)
                            .valid(now.minus(Duration.ofDays(9)), now.minus(Duration.ofDays(2)))
                            .issue();
                case NOT_YET_VALID:
                    return AUTHORITY
                            .request(MX)
                            .valid(now.plus(Duration.ofDays(2)), now.plus(Duration.ofDays(9)))
                            .issue();
                case SELF_SIGNED:
                    return AUTHORITY.request(MX).selfSigned();
                case UNKNOWN_CA:
                    return STRANGER.request(MX).issue();
                case SHA1:
                    return AUTHORITY.request(MX).signedWith("SHA1withECDSA").issue();
                case COMMON_NAME:
                    return AUTHORITY.request().commonName(MX).issue();
                default:
                    return AUTHORITY.request("mx1.other.example").commonName(MX).issue();
            }
        }
    }

    private static TlsRequirement requirement(OutboundTls outbound) {
        return requirement(outbound, BOTH);
    }

    private static TlsRequirement requirement(OutboundTls outbound, List<String> protocols) {
        return TlsRequirement.ofRule(
                outbound,
                Rule.byDefault("a test's rule"),
                "policy",
                DOMAIN,
                protocols,
                outbound.trust().map(file -> TrustAnchors.of("test-ca.pem", Set.of(AUTHORITY.certificate()))));
    }

    private static TlsConnection start(TlsPeer peer, TlsRequirement requirement) throws Exception {
        return start(peer, requirement, MX);
    }

    private static TlsConnection start(TlsPeer peer, TlsRequirement requirement, String mxHost) throws Exception {
        return HANDSHAKE.start(peer.connect(), 0, requirement, mxHost);
    }

    /** Reads what the peer says under TLS; with TLS 1.3, that is also how the client gets its ticket. */
    private static String line(TlsConnection connection) throws IOException {
        InputStream in = connection.socket().getInputStream();
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            assertThat(next).isNotNegative();
            line.append((char) next);
        }
        return line.toString().strip();
    }

    /** Level, peer, and what becomes of it: a connection, or none; and what the certificate is found to prove. */
    @ParameterizedTest
    @CsvSource({
        "OPPORTUNISTIC, RIGHT, yes, UNTRUSTED",
        "OPPORTUNISTIC, EXPIRED, yes, UNTRUSTED",
        "OPPORTUNISTIC, SELF_SIGNED, yes, SELF_SIGNED",
        "OPPORTUNISTIC, SHA1, yes, UNTRUSTED",
        "ENCRYPT, RIGHT, yes, UNTRUSTED",
        "ENCRYPT, WRONG_NAME, yes, UNTRUSTED",
        "ENCRYPT, SELF_SIGNED, yes, SELF_SIGNED",
        "VERIFY, RIGHT, yes, TRUSTED",
        "VERIFY, WRONG_NAME, no, WRONG_NAME",
        "VERIFY, OF_THE_DOMAIN, no, WRONG_NAME",
        "VERIFY, EXPIRED, no, EXPIRED",
        "VERIFY, NOT_YET_VALID, no, NOT_YET_VALID",
        "VERIFY, SELF_SIGNED, no, SELF_SIGNED",
        "VERIFY, UNKNOWN_CA, no, UNTRUSTED",
        "VERIFY, SHA1, no, WEAK",
        "VERIFY, COMMON_NAME, yes, TRUSTED",
        "VERIFY, COMMON_NAME_AND_OTHER_SUBJECT_ALT_NAME, no, WRONG_NAME",
        "SECURE, OF_THE_DOMAIN, yes, TRUSTED",
        "SECURE, RIGHT, no, WRONG_NAME",
        "SECURE, EXPIRED, no, EXPIRED",
        "SECURE, UNKNOWN_CA, no, UNTRUSTED"
    })
    void levelAndPeer(TlsLevel level, Peer kind, String connected, Kind verdict) throws Exception {
        OutboundTls outbound = level == TlsLevel.VERIFY
                ? OutboundTls.verify("test-ca.pem")
                : level == TlsLevel.SECURE
                        ? OutboundTls.secure(List.of(), Optional.of("test-ca.pem"))
                        : OutboundTls.of(level);
        try (TlsPeer peer = TlsPeer.honest(kind.identity())) {
            if (connected.equals("yes")) {
                TlsConnection connection = start(peer, requirement(outbound));
                assertThat(line(connection)).isEqualTo("250 under TLS");
                assertThat(connection.protocol()).isEqualTo("TLSv1.3");
                assertThat(connection.cipher()).startsWith("TLS_");
                assertThat(connection.certificate().kind()).isEqualTo(verdict);
                assertThat(peer.serverNames()).containsExactly(MX);
                connection.socket().close();
            } else {
                Socket plain = peer.connect();
                TlsFailureException failure = catchThrowableOfType(
                        TlsFailureException.class, () -> HANDSHAKE.start(plain, 0, requirement(outbound), MX));
                assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.CERTIFICATE);
                assertThat(failure.certificate().orElseThrow().kind()).isEqualTo(verdict);
                assertThat(failure).hasMessageContaining(verdict.keyword());
                assertThat(plain.isClosed()).isTrue();
            }
        }
    }

    @Test
    void withoutAnchorsOfItsOwnARuleTrustsTheJvmsAuthorities() throws Exception {
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            assertThatThrownBy(() -> start(peer, requirement(OutboundTls.of(TlsLevel.VERIFY))))
                    .isInstanceOf(TlsFailureException.class)
                    .hasMessageContaining("untrusted")
                    .hasMessageContaining("partner CA");
        }
    }

    @Test
    void secureTakesTheNamesThatTheRuleGives() throws Exception {
        TlsRequirement secure = requirement(OutboundTls.secure(
                List.of(PeerName.parse("mx9.hosting.example"), PeerName.parse(".hosting.example")),
                Optional.of("test-ca.pem")));
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            assertThat(start(peer, secure).certificate().detail()).contains(MX);
        }
        try (TlsPeer peer = TlsPeer.honest(Peer.OF_THE_DOMAIN.identity())) {
            assertThatThrownBy(() -> start(peer, secure))
                    .hasMessageContaining("mail.customer.example")
                    .hasMessageContaining("mx9.hosting.example or .hosting.example");
        }
    }

    @Test
    void mtaStsWantsTheNameAsASubjectAltName() throws Exception {
        TlsRequirement mtaSts = TlsRequirement.ofMtaSts(
                List.of(MxPattern.parse("*.hosting.example").orElseThrow()), Rule.byDefault("mode: enforce"), BOTH);
        try (TlsPeer peer = TlsPeer.honest(Peer.COMMON_NAME.identity())) {
            TlsConnection connection = start(peer, requirement(OutboundTls.verify("test-ca.pem")));
            assertThat(connection.certificate().isProof()).isTrue();
        }
        assertThat(mtaSts.dnsIdOnly()).isTrue();
        assertThat(CertificateNames.dnsIds(Peer.COMMON_NAME.identity().certificate(), true))
                .isEmpty();
        assertThat(mtaSts.refusal(MX)).isEmpty();
        assertThat(mtaSts.refusal("mx1.a.hosting.example")).isPresent();
    }

    @Test
    void aPinIsForTheCertificateOrForItsKeyWhateverItsDatesAndIssuer() throws Exception {
        ServerCertificate expired = Peer.EXPIRED.identity();
        ServerCertificate renewed =
                AUTHORITY.request("any.example").keys(expired.keys()).selfSigned();
        TlsRequirement certificate =
                requirement(OutboundTls.fingerprint(Set.of(Fingerprint.ofCertificate(expired.certificate()))));
        TlsRequirement key = requirement(OutboundTls.fingerprint(Set.of(
                Fingerprint.ofKey(expired.certificate()),
                Fingerprint.ofCertificate(Peer.RIGHT.identity().certificate()))));
        try (TlsPeer peer = TlsPeer.honest(expired)) {
            assertThat(start(peer, certificate).certificate().kind()).isEqualTo(Kind.PINNED);
            assertThat(start(peer, key).certificate().kind()).isEqualTo(Kind.PINNED);
        }
        try (TlsPeer peer = TlsPeer.honest(renewed)) {
            assertThat(start(peer, key).certificate().kind()).isEqualTo(Kind.PINNED);
            assertThatThrownBy(() -> start(peer, certificate))
                    .hasMessageContaining("not-pinned")
                    .hasMessageContaining(
                            Fingerprint.ofCertificate(renewed.certificate()).toString())
                    .hasMessageContaining(
                            Fingerprint.ofKey(renewed.certificate()).toString());
        }
    }

    @Test
    void anAddressIsNoServerNameAndIsLookedForAmongTheAddresses() throws Exception {
        TlsRequirement verify = requirement(OutboundTls.verify("test-ca.pem"));
        try (TlsPeer peer =
                TlsPeer.honest(AUTHORITY.request(MX, "192.0.2.1", "2001:db8::1").issue())) {
            for (String address : List.of("192.0.2.1", "[IPv6:2001:db8:0::1]")) {
                TlsConnection connection = start(peer, verify, address);
                assertThat(connection.certificate().kind()).isEqualTo(Kind.TRUSTED);
                // By now the peer has written down the name that it was told.
                line(connection);
            }
            assertThat(peer.serverNames()).containsExactly("", "");
            assertThatThrownBy(() -> start(peer, verify, "192.0.2.2")).hasMessageContaining("wrong-name");
        }
    }

    @ParameterizedTest
    @CsvSource({"MX1.Hosting.Example., mx1.hosting.example", "bücher.example, xn--bcher-kva.example", "relay, relay"})
    void theServerNameIsTheHostsInAsciiLetters(String mxHost, String told) throws Exception {
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            line(start(peer, requirement(OutboundTls.of(TlsLevel.ENCRYPT)), mxHost));
            assertThat(peer.serverNames()).containsExactly(told);
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.3", "TLSv1.2"})
    void aSessionIsResumedUnderAnEqualRequirementOnly(String protocol) throws Exception {
        TlsRequirement verify = requirement(OutboundTls.verify("test-ca.pem"));
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity(), protocol)) {
            TlsConnection first = start(peer, verify);
            line(first);
            first.socket().close();
            assertThat(first.isResumed()).isFalse();
            assertThat(first.protocol()).isEqualTo(protocol);

            TlsConnection second = start(peer, requirement(OutboundTls.verify("test-ca.pem")));
            assertThat(line(second)).isEqualTo("250 under TLS");
            assertThat(second.isResumed()).isTrue();
            assertThat(second.certificate().kind()).isEqualTo(Kind.TRUSTED);
            assertThat(second.certificate().chain())
                    .isEqualTo(first.certificate().chain());

            TlsConnection weaker = start(peer, requirement(OutboundTls.of(TlsLevel.ENCRYPT)));
            assertThat(line(weaker)).isEqualTo("250 under TLS");
            assertThat(weaker.isResumed()).isFalse();

            TlsConnection otherHost = start(
                    peer, requirement(OutboundTls.secure(List.of(PeerName.parse(MX)), Optional.of("test-ca.pem"))));
            assertThat(otherHost.isResumed()).isFalse();
        }
    }

    @Test
    void aSessionIsNotResumedWithAnotherHost() throws Exception {
        TlsRequirement encrypt = requirement(OutboundTls.of(TlsLevel.ENCRYPT));
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            TlsConnection first = start(peer, encrypt);
            line(first);
            first.socket().close();
            assertThat(start(peer, encrypt, "mx2.hosting.example").isResumed()).isFalse();
            assertThat(start(peer, encrypt).isResumed()).isTrue();
        }
    }

    @Test
    void onlyThePolicysProtocolsAreOffered() throws Exception {
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity(), "TLSv1.2")) {
            assertThatThrownBy(
                            () -> start(peer, requirement(OutboundTls.of(TlsLevel.OPPORTUNISTIC), List.of("TLSv1.3"))))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.HANDSHAKE))
                    .hasMessageContaining("protocol");
        }
    }

    /** What a server answers that knows nothing newer, whatever the client offers. */
    @ParameterizedTest
    @CsvSource({"1, TLS10", "2, TLS11", "0, SSL"})
    void olderVersionsAreRefused(int minor, String named) throws Exception {
        try (TlsPeer peer = new TlsPeer((socket, self) -> {
            socket.getInputStream().read(new byte[2048]);
            socket.getOutputStream().write(serverHello(minor));
            socket.getInputStream().read();
        })) {
            assertThatThrownBy(() -> start(peer, requirement(OutboundTls.of(TlsLevel.OPPORTUNISTIC))))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.HANDSHAKE))
                    .hasMessageContaining(named);
        }
    }

    /** A ServerHello (RFC 5246, section 7.4.1.3) of version 3.minor with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA. */
    private static byte[] serverHello(int minor) {
        byte[] hello = new byte[5 + 4 + 38];
        hello[0] = 22;
        hello[1] = 3;
        hello[2] = (byte) minor;
        hello[4] = 42;
        hello[5] = 2;
        hello[8] = 38;
        hello[9] = 3;
        hello[10] = (byte) minor;
        hello[44] = (byte) 0xc0;
        hello[45] = 0x13;
        return hello;
    }

    @Test
    void whatCameBeforeTheHandshakeIsRefused() throws Exception {
        TlsRequirement opportunistic = requirement(OutboundTls.of(TlsLevel.OPPORTUNISTIC));
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            Socket plain = peer.connect();
            assertThatThrownBy(() -> HANDSHAKE.start(plain, 17, opportunistic, MX))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.INJECTED));
            assertThat(plain.isClosed()).isTrue();
        }
        try (TlsPeer peer = new TlsPeer((socket, self) -> {
            socket.getOutputStream().write("220 go ahead\r\n250 injected\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().read();
        })) {
            Socket plain = peer.connect();
            assertThat(plain.getInputStream().read()).isEqualTo('2');
            assertThatThrownBy(() -> HANDSHAKE.start(plain, 0, opportunistic, MX))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.INJECTED))
                    .hasMessageContaining("STARTTLS");
        }
    }

    @Test
    void whatIsInjectedLaterIsNoTls() throws Exception {
        try (TlsPeer peer = new TlsPeer((socket, self) -> {
            socket.getInputStream().read(new byte[2048]);
            socket.getOutputStream().write("250 injected\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().read();
        })) {
            assertThatThrownBy(() -> start(peer, requirement(OutboundTls.of(TlsLevel.OPPORTUNISTIC))))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.HANDSHAKE));
        }
    }

    @Test
    void aPeerThatHangsUpIsLost() throws Exception {
        try (TlsPeer peer =
                new TlsPeer((socket, self) -> socket.getInputStream().read(new byte[2048]))) {
            assertThatThrownBy(() -> start(peer, requirement(OutboundTls.of(TlsLevel.ENCRYPT))))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.LOST));
        }
    }

    @Test
    void aPeerThatSendsByteByByteMeetsTheDeadline() throws Exception {
        try (TlsHandshake impatient = new TlsHandshake(Duration.ofMillis(700));
                TlsPeer peer = new TlsPeer((socket, self) -> {
                    socket.getInputStream().read(new byte[2048]);
                    // The head of a handshake record of 16 KiB, then its bytes, one in a while.
                    socket.getOutputStream().write(new byte[] {22, 3, 3, 64, 0});
                    while (true) {
                        socket.getOutputStream().write(2);
                        LockSupport.parkNanos(20_000_000);
                    }
                })) {
            Socket plain = peer.connect();
            assertThatThrownBy(() -> impatient.start(plain, 0, requirement(OutboundTls.of(TlsLevel.ENCRYPT)), MX))
                    .isInstanceOfSatisfying(
                            TlsFailureException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(TlsFailureException.Kind.TIMED_OUT));
            assertThat(plain.isClosed()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TlsLevel.class,
            names = {"NONE"})
    void noHandshakeWhereThereIsNoTls(TlsLevel level) throws Exception {
        try (TlsPeer peer = TlsPeer.honest(Peer.RIGHT.identity())) {
            assertThatIllegalArgumentException().isThrownBy(() -> start(peer, requirement(OutboundTls.of(level))));
        }
    }

    @Test
    void whatIsOnlyTestedTellsWhatItWouldHaveRefused() throws Exception {
        TlsRequirement tested = TlsRequirement.ofMtaSts(
                List.of(MxPattern.parse(MX).orElseThrow()), Rule.byDefault("mode: testing"), BOTH);
        try (TlsPeer peer = TlsPeer.honest(Peer.SELF_SIGNED.identity())) {
            TlsConnection connection = start(peer, requirement(OutboundTls.of(TlsLevel.OPPORTUNISTIC)));
            assertThat(HANDSHAKE.shortfall(tested, MX, Optional.of(connection)))
                    .hasValueSatisfying(why -> assertThat(why).contains("self-signed"));
            assertThat(HANDSHAKE.shortfall(tested, "mx2.hosting.example", Optional.of(connection)))
                    .hasValueSatisfying(why -> assertThat(why).contains("mx2.hosting.example"));
            assertThat(HANDSHAKE.shortfall(tested, MX, Optional.empty())).contains("there was no TLS");
            assertThat(HANDSHAKE.shortfall(requirement(OutboundTls.of(TlsLevel.ENCRYPT)), MX, Optional.of(connection)))
                    .isEmpty();
        }
    }
}
