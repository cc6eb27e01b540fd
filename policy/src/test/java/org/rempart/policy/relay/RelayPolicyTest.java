/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.Rule;
import org.rempart.policy.file.Policies;
import org.rempart.policy.file.Policy;

/** R: who may relay. In the tables, an empty sender is the null reverse-path. */
class RelayPolicyTest {
    private static final String NETWORKS = "<networks><network name='app'>10.20.0.0/16, 2001:db8:20::/48</network>"
            + "<network name='link'>fe80::/10</network></networks>";

    private static Decision<RelayVerdict> decide(
            String allows, InetAddress client, boolean authenticated, String sender, boolean ours) throws Exception {
        RelayPolicy policy = Policies.read("<policy>" + NETWORKS + "<relay>" + allows + "</relay></policy>")
                .relay();
        MaybeSender from = sender == null ? MaybeSender.nullSender() : MaybeSender.of(new MailAddress(sender));
        return policy.decide(RelayRequest.of(client, authenticated, from, ours));
    }

    private static RelayVerdict verdict(String allows, String client, boolean authenticated, String sender)
            throws Exception {
        return decide(allows, InetAddress.getByName(client), authenticated, sender, false)
                .verdict();
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, false, a@example.com, DENIED",
        "192.0.2.1, true, a@example.com, ALLOWED",
        "192.0.2.1, true, a@elsewhere.example, ALLOWED",
        "192.0.2.1, true, , ALLOWED",
        "127.0.0.1, false, a@example.com, DENIED",
        "192.0.2.1, false, , DENIED",
    })
    void byDefaultOnlyTheAuthenticated(String client, boolean authenticated, String sender, RelayVerdict expected)
            throws Exception {
        MaybeSender from = sender == null ? MaybeSender.nullSender() : MaybeSender.of(new MailAddress(sender));
        RelayRequest request = RelayRequest.of(InetAddress.getByName(client), authenticated, from, false);
        assertThat(Policy.defaults().relay().decide(request).verdict()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "10.20.1.1, false, a@example.com, ALLOWED",
        "10.20.1.1, false, a@b.example.com, ALLOWED",
        "10.20.1.1, false, a@EXAMPLE.COM, ALLOWED",
        "2001:db8:20::9, false, a@example.com, ALLOWED",
        "10.20.1.1, false, a@badexample.com, DENIED",
        "10.20.1.1, false, a@example.com.evil.example, DENIED",
        "10.20.1.1, false, a@elsewhere.example, DENIED",
        "10.20.1.1, false, , DENIED",
        "10.20.1.1, true, a@elsewhere.example, DENIED",
        "10.21.1.1, false, a@example.com, DENIED",
        "10.21.1.1, true, a@example.com, DENIED",
        "2001:db8:21::9, false, a@example.com, DENIED",
    })
    void networkAndSender(String client, boolean authenticated, String sender, RelayVerdict expected) throws Exception {
        String allow = "<allow network='app' senderDomains='example.com, *.example.com'/>";
        assertThat(verdict(allow, client, authenticated, sender)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "10.20.1.1, true, a@example.com, ALLOWED",
        "10.20.1.1, false, a@example.com, DENIED",
        "192.0.2.1, true, a@example.com, DENIED",
        "10.20.1.1, true, a@elsewhere.example, DENIED",
    })
    void allConditionsOfOneRuleHaveToHold(String client, boolean authenticated, String sender, RelayVerdict expected)
            throws Exception {
        String allow = "<allow authenticated='true' network='app' senderDomains='example.com'/>";
        assertThat(verdict(allow, client, authenticated, sender)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, true, a@example.com, ALLOWED",
        "192.0.2.1, true, a@elsewhere.example, DENIED",
        "192.0.2.1, true, , DENIED",
        "192.0.2.1, false, a@example.com, DENIED",
    })
    void authenticatedAndSender(String client, boolean authenticated, String sender, RelayVerdict expected)
            throws Exception {
        assertThat(verdict("<allow authenticated='true' senderDomains='example.com'/>", client, authenticated, sender))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "10.20.1.1, false, , ALLOWED",
        "10.20.1.1, false, a@elsewhere.example, ALLOWED",
        "192.0.2.1, true, a@example.com, ALLOWED",
        "192.0.2.1, false, a@example.com, DENIED",
    })
    void rulesAreAlternatives(String client, boolean authenticated, String sender, RelayVerdict expected)
            throws Exception {
        assertThat(verdict("<allow network='app'/><allow authenticated='true'/>", client, authenticated, sender))
                .isEqualTo(expected);
    }

    @Test
    void starMeansAnySenderButTheNullOne() throws Exception {
        String allow = "<allow network='app' senderDomains='*'/>";
        assertThat(verdict(allow, "10.20.1.1", false, "a@elsewhere.example")).isEqualTo(RelayVerdict.ALLOWED);
        assertThat(verdict(allow, "10.20.1.1", false, null)).isEqualTo(RelayVerdict.DENIED);
    }

    @Test
    void mappedAddressIsItsIpv4Address() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff, 10, 20, 1, 1};
        InetAddress client = Inet6Address.getByAddress("mapped", mapped, 0);
        assertThat(decide("<allow network='app'/>", client, false, "a@example.com", false)
                        .verdict())
                .isEqualTo(RelayVerdict.ALLOWED);
    }

    @Test
    void zoneDoesNotMatter() throws Exception {
        InetAddress client = Inet6Address.getByAddress(
                "zoned", InetAddress.getByName("fe80::7").getAddress(), 2);
        assertThat(decide("<allow network='link'/>", client, false, "a@example.com", false)
                        .verdict())
                .isEqualTo(RelayVerdict.ALLOWED);
    }

    @Test
    void recipientOfOursNeedsNoRule() throws Exception {
        Decision<RelayVerdict> decision =
                decide("", InetAddress.getByName("192.0.2.1"), false, "a@elsewhere.example", true);
        assertThat(decision.verdict()).isEqualTo(RelayVerdict.LOCAL);
    }

    @Test
    void withoutAnyRuleNobodyRelays() throws Exception {
        assertThat(verdict("", "10.20.1.1", true, "a@example.com")).isEqualTo(RelayVerdict.DENIED);
    }

    @Test
    void ruleOfTheLongestPrefixIsTheOneThatIsTold() throws Exception {
        RelayPolicy policy = Policies.read("<policy><networks><network name='wide'>10.0.0.0/8</network>"
                        + "<network name='narrow'>10.20.0.0/16</network></networks>"
                        + "<relay><allow network='wide'/><allow network='narrow'/></relay></policy>")
                .relay();
        RelayRequest request =
                RelayRequest.of(InetAddress.getByName("10.20.1.1"), false, MaybeSender.nullSender(), false);
        assertThat(policy.decide(request).rule().text()).isEqualTo("<allow network=\"narrow\"/>");
    }

    @Test
    void ruleThatDecidedHasItsPlace() throws Exception {
        assertThat(decide("<allow network='app'/>", InetAddress.getByName("10.20.1.1"), false, null, false)
                        .rule())
                .asString()
                .startsWith("<allow network=\"app\"/> (rempart.xml:1:");
    }

    @Test
    void aRuleThatAsksForAProofAdmitsWhatIsProven() throws Exception {
        RelayPolicy policy = Policies.read("<policy><networks><network name='app'>10.20.0.0/16</network></networks>"
                        + "<relay><allow network='app' senderDomains='a.example' proof='dmarc'/></relay></policy>")
                .relay();
        RelayRequest request = RelayRequest.of(
                InetAddress.getByName("10.20.1.1"), false, MaybeSender.of(new MailAddress("x@a.example")), false);
        assertThat(policy.decide(request).verdict()).isEqualTo(RelayVerdict.DENIED);
        assertThat(policy.decide(request.proven()).verdict()).isEqualTo(RelayVerdict.ALLOWED);
        RelayRequest elsewhere = RelayRequest.of(
                InetAddress.getByName("192.0.2.1"), false, MaybeSender.of(new MailAddress("x@a.example")), false);
        assertThat(policy.decide(elsewhere.proven()).verdict()).isEqualTo(RelayVerdict.DENIED);
        assertThat(policy.rules()
                        .get(0)
                        .admitsAllOf(RelayPolicy.Allow.of(Rule.byDefault("x"), false, "app", List.of())))
                .isFalse();
    }

    @Test
    void senderDomainsAloneCannotEvenBeBuilt() throws Exception {
        List<DomainPattern> domains = List.of(DomainPattern.parse("example.com"));
        assertThatThrownBy(() -> RelayPolicy.Allow.of(Rule.byDefault("x"), false, null, domains))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
