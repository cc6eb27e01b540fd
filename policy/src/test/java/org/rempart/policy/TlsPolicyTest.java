/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        assertThat(policy().outbound(Domain.of(domain)).verdict()).isEqualTo(expected);
    }

    @Test
    void defaults() throws Exception {
        TlsPolicy tls = Policy.defaults().tls();
        assertThat(tls.protocols()).containsExactly("TLSv1.3", "TLSv1.2");
        assertThat(tls.clients(InetAddress.getLoopbackAddress()).verdict()).isEqualTo(ClientTls.REQUIRED);
        assertThat(tls.outbound(Domain.of("example.com")).verdict()).isEqualTo(TlsLevel.OPPORTUNISTIC);
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
}
