/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policies;
import org.rempart.policy.file.Policy;

class TlsPolicyTest {
    private static TlsPolicy policy() throws PolicyException {
        return Policies.read("<policy><networks><network name='site'>10.0.0.0/8</network>"
                        + "<network name='office'>10.30.0.0/16</network>"
                        + "<network name='printers'>10.30.4.0/24, 2001:db8:30::/64</network></networks>"
                        + "<relay><allow network='office'/></relay><tls>"
                        + "<clients>required<except network='site' reason='old'/>"
                        + "<except network='printers' reason='firmware'/></clients>"
                        + "<outbound default='encrypt'><to domain='*.example' level='verify'/>"
                        + "<to domain='*.b.example' level='opportunistic'/><to domain='a.b.example' level='secure'/>"
                        + "<to domain='b\u00FCcher.test' level='verify'/></outbound></tls></policy>")
                .tls();
    }

    @ParameterizedTest
    @CsvSource({
        "10.30.4.9, EXCEPTED, firmware",
        "2001:db8:30::1, EXCEPTED, firmware",
        "10.30.5.9, EXCEPTED, old",
        "10.1.1.1, EXCEPTED, old",
        "192.0.2.1, REQUIRED, required",
        "2001:db8:31::1, REQUIRED, required",
    })
    void exceptionOfTheLongestPrefix(String client, ClientTls expected, String word) throws Exception {
        Decision<ClientTls> decision = policy().clients(InetAddress.getByName(client));
        assertThat(decision.verdict()).isEqualTo(expected);
        assertThat(decision.rule().text()).contains(word);
    }

    @ParameterizedTest
    @CsvSource({
        "a.b.example, SECURE",
        "x.a.b.example, OPPORTUNISTIC",
        "c.b.example, OPPORTUNISTIC",
        "b.example, VERIFY",
        "example, ENCRYPT",
        "other.test, ENCRYPT",
        "xn--bcher-kva.test, VERIFY",
        "[192.0.2.1], ENCRYPT",
    })
    void outboundOfTheMostSpecificDomain(String domain, TlsLevel expected) throws Exception {
        assertThat(policy().outbound(Domain.of(domain)).verdict().level()).isEqualTo(expected);
    }

    /** RFC 8461, section 3.2. */
    @Test
    void thePolicyThatIsServed() throws Exception {
        MtaStsPublication served = Policies.read("<policy><tls><mta-sts serve='[2001:db8::1]:8443' mode='enforce'"
                        + " mx='Mail.example.com., *.b.example' maxAge='14d'/></tls></policy>")
                .tls()
                .publication()
                .orElseThrow();
        assertThat(served.address()).isEqualTo("2001:db8::1");
        assertThat(served.port()).isEqualTo(8443);
        assertThat(served.certificate()).isEqualTo("conf/tls/certificate.pem");
        assertThat(served.text(List.of("ignored.example")))
                .isEqualTo("version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.b.example\nmax_age: 1209600\n");
        MtaStsPublication withdrawn =
                MtaStsPublication.of("0.0.0.0", 443, MtaStsPublication.Mode.NONE, List.of(), Duration.ofDays(1));
        assertThat(withdrawn.text(List.of("mail.example.com")))
                .isEqualTo("version: STSv1\nmode: none\nmax_age: 86400\n");
        assertThat(Policy.defaults().tls().publication()).isEmpty();
    }

    @Test
    void defaults() throws Exception {
        TlsPolicy tls = Policy.defaults().tls();
        assertThat(tls.protocols()).containsExactly("TLSv1.3", "TLSv1.2");
        assertThat(tls.clients(InetAddress.getLoopbackAddress()).verdict()).isEqualTo(ClientTls.REQUIRED);
        assertThat(tls.outbound(Domain.of("example.com")).verdict().level()).isEqualTo(TlsLevel.OPPORTUNISTIC);
        assertThat(tls.outbound(Domain.of("example.com")).rule().location()).isEmpty();
    }

    @Test
    void onlyTwoLevelsAllowClearText() {
        assertThat(TlsLevel.values())
                .filteredOn(TlsLevel::allowsClearText)
                .containsExactly(TlsLevel.NONE, TlsLevel.OPPORTUNISTIC);
    }

    @Test
    void levelsByKeyword() {
        assertThat(TlsLevel.ofKeyword("verify")).contains(TlsLevel.VERIFY);
        assertThat(TlsLevel.ofKeyword("VERIFY")).isEmpty();
    }

    private static OutboundTls outbound(String to) throws PolicyException {
        return Policies.read("<policy><tls><outbound>" + to + "</outbound></tls></policy>")
                .tls()
                .outbound(Domain.of("a.example"))
                .verdict();
    }

    @Test
    void aRuleSaysAllThatTheDeliveryNeeds() throws PolicyException {
        assertThat(outbound("<to domain='a.example' level='verify' trust='conf/tls/ca.pem'/>"))
                .isEqualTo(OutboundTls.verify("conf/tls/ca.pem"));
        assertThat(outbound("<to domain='a.example' level='secure'/>"))
                .isEqualTo(OutboundTls.secure(List.of(), Optional.empty()));
        assertThat(outbound("<to domain='a.example' level='secure' match='Mail.X.example, .x.example' trust='a.pem'/>"))
                .isEqualTo(OutboundTls.secure(
                        List.of(PeerName.exactly("mail.x.example"), PeerName.below("x.example")),
                        Optional.of("a.pem")));
        String hex = "0b".repeat(32);
        assertThat(outbound("<to domain='a.example' level='fingerprint' fingerprints='SHA256:"
                                + hex.toUpperCase(Locale.ROOT)
                                + ", spki-sha256:CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws='/>")
                        .fingerprints())
                .extracting(Fingerprint::toString)
                .containsExactlyInAnyOrder("sha256:" + hex, "spki-sha256:" + hex);
    }

    @Test
    void aRuleForEveryDomainIsTheDefault() throws PolicyException {
        TlsPolicy tls = Policies.read("<policy><tls><outbound><to domain='*' level='encrypt'/>"
                        + "<to domain='a.example' level='verify'/></outbound></tls></policy>")
                .tls();
        assertThat(tls.outboundDefault().verdict().level()).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(tls.outboundNamed(Domain.of("b.example"))).isEmpty();
        assertThat(tls.outboundNamed(Domain.of("a.example"))).isPresent();
        assertThat(tls.usedLevels()).containsExactlyInAnyOrder(TlsLevel.ENCRYPT, TlsLevel.VERIFY);
        assertThat(tls.mtaSts()).isTrue();
    }

    @Test
    void mtaStsCanBeSwitchedOff() throws PolicyException {
        assertThat(Policies.read("<policy><tls><outbound mtaSts='off'/></tls></policy>")
                        .tls()
                        .mtaSts())
                .isFalse();
    }

    @Test
    void daneWhereSomebodyProvesWhatTheDnsSays() throws PolicyException {
        TlsPolicy tls = Policies.read(
                        "<policy><tls><outbound default='dane' dnssec='validate' rootAnchors='conf/root.txt'>"
                                + "<to domain='a.example' level='dane-only'/></outbound></tls></policy>")
                .tls();
        assertThat(tls.dnssec()).isEqualTo(Dnssec.VALIDATE);
        assertThat(tls.rootAnchors()).contains("conf/root.txt");
        assertThat(tls.outbound(Domain.of("b.example")).verdict().level()).isEqualTo(TlsLevel.DANE);
        assertThat(tls.outbound(Domain.of("a.example")).verdict().level()).isEqualTo(TlsLevel.DANE_ONLY);
        assertThat(tls.reports()).isEmpty();
        assertThat(Policies.read("<policy><tls><outbound reports='tls-reports@ours.example'/></tls></policy>")
                        .tls()
                        .reports()
                        .map(MailAddress::asString))
                .contains("tls-reports@ours.example");
        assertThat(tls.sendersWaive()).isFalse();
        assertThat(Policies.read("<policy><tls><outbound tlsRequiredNo='honour'/></tls></policy>")
                        .tls()
                        .sendersWaive())
                .isTrue();
        assertThat(TlsPolicy.builder().build().dnssec()).isEqualTo(Dnssec.OFF);
        assertThat(TlsLevel.ofKeyword("dane-only")).contains(TlsLevel.DANE_ONLY);
    }

    @ParameterizedTest
    @CsvSource({
        "mail.x.example, MAIL.x.example, true",
        "mail.x.example, *.x.example, true",
        "mail.x.example, *.example, false",
        "a.mail.x.example, *.x.example, false",
        "mail.x.example, m*.x.example, false",
        "x.example, *.example, false",
        "x.example, mail.x.example, false",
        ".x.example, mail.x.example, true",
        ".x.example, a.mail.x.example, true",
        ".x.example, *.x.example, true",
        ".x.example, x.example, false",
        ".x.example, .x.example, false",
        ".x.example, *.example, false",
        ".x.example, mailx.example, false",
    })
    void namesOfCertificates(String wanted, String presented, boolean matches) throws PolicyException {
        assertThat(PeerName.parse(wanted).matches(presented)).isEqualTo(matches);
    }

    @Test
    void inlineRules() throws PolicyException {
        TlsPolicy tls = TlsPolicy.inline("bank.example=verify, *.gov.example = encrypt ,*=secure");
        assertThat(tls.outbound(Domain.of("bank.example")).verdict().level()).isEqualTo(TlsLevel.VERIFY);
        assertThat(tls.outbound(Domain.of("bank.example")).rule()).hasToString("bank.example=verify (parameter <tls>)");
        assertThat(tls.outbound(Domain.of("tax.gov.example")).verdict().level()).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(tls.outbound(Domain.of("x.example")).verdict().level()).isEqualTo(TlsLevel.SECURE);
        assertThat(TlsPolicy.inline("a.example=none")
                        .outboundDefault()
                        .verdict()
                        .level())
                .isEqualTo(TlsLevel.OPPORTUNISTIC);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bank.example|\"bank.example\" in <tls> is not a domain, an equals sign and a level",
                "''|is not a domain, an equals sign and a level; write bank.example=verify",
                "a..example=verify|is not a domain",
                "a.example=may|\"may\" in <tls> is not a level; possible are none, opportunistic",
                "a.example=fingerprint|rempart.xml",
                "a.example=dane-only|<outbound dnssec=\"validate\">",
                "a.example=verify, A.example=encrypt|stands twice",
                "*=none|all mail in clear text",
            })
    void faultsOfInlineRules(String written, String message) {
        assertThatThrownBy(() -> TlsPolicy.inline(written))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining(message);
    }
}
