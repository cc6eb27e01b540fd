/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.filesystem.api.FileSystem;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.mailet.delivery.tls.TlsPolicySource.Statement;
import org.rempart.message.dns.SecureAnswer;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.testsupport.CertificateAuthority;
import org.xbill.DNS.DClass;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.Type;

class TlsPoliciesTest {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final Domain BANK = Domain.of("bank.example");
    private static final Domain OTHER = Domain.of("other.example");
    private static final String MX = "mx.hosting.example";

    /** A source that says the same of every domain, or nothing, or that it can't say. */
    private static final class Says implements TlsPolicySource {
        private final String name;
        private final Optional<Statement> statement;
        private final List<Domain> asked = new ArrayList<>();

        Says(String name, Optional<Statement> statement) {
            this.name = name;
            this.statement = statement;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Optional<Statement> find(Domain recipientDomain, String mxHost) {
            asked.add(recipientDomain);
            return statement;
        }
    }

    private static final TlsPolicySource DOWN = new TlsPolicySource() {
        @Override
        public String name() {
            return "dane";
        }

        @Override
        public Optional<Statement> find(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException {
            throw new TlsPolicyUnavailableException("the DNS does not answer for TLSA", null);
        }
    };

    private static TlsRequirement mtaSts(String mode) {
        return TlsRequirement.ofMtaSts(
                List.of(MxPattern.parse("mx.other.example").orElseThrow()),
                Rule.from("https://mta-sts.other.example", "mode: " + mode),
                PROTOCOLS);
    }

    private static final Says ENFORCED = new Says("mta-sts", Optional.of(Statement.enforced(mtaSts("enforce"))));
    private static final Says TESTED = new Says("mta-sts", Optional.of(Statement.tested(mtaSts("testing"))));
    private static final Says SILENT = new Says("dane", Optional.empty());

    private static TlsPolicy policy(String outbound) throws PolicyException, IOException {
        String xml = "<policy><tls>" + outbound + "</tls></policy>";
        return PolicyFile.read(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)), "rempart.xml")
                .tls();
    }

    private static LocalTlsRules local(String outbound) throws PolicyException, IOException {
        return LocalTlsRules.read(policy(outbound), new OneFile("conf/tls/partner-ca.pem", pem()));
    }

    private static byte[] pem() throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(CertificateAuthority.create("partner CA").certificate());
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static TlsPolicies policies(String outbound, TlsPolicySource... further) throws Exception {
        return new TlsPolicies(local(outbound), List.of(further));
    }

    @Test
    void aRuleForTheDomainOverridesWhatItPublishesAndNobodyElseIsAsked() throws Exception {
        Says enforced = new Says("mta-sts", Optional.of(Statement.enforced(mtaSts("enforce"))));
        TlsDecision decision = policies(
                        "<outbound><to domain='bank.example' level='none' reason='r'/></outbound>", DOWN, enforced)
                .decide(BANK, MX);
        assertThat(decision.requirement().level()).isEqualTo(TlsLevel.NONE);
        assertThat(decision.requirement().allowsClearText()).isTrue();
        assertThat(decision.requirement().refusal("any.host.example")).isEmpty();
        assertThat(decision.requirement().source()).isEqualTo("policy");
        assertThat(decision.why()).isEqualTo("a rule names the domain");
        assertThat(decision.describe(AuditEvent.now("test")).toString())
                .contains("\"level\":\"none\"", "\"tlsSource\":\"policy\"", "rempart.xml:1:");
        assertThat(enforced.asked).isEmpty();
    }

    @Test
    void whatADomainEnforcesOverridesTheDefaultOnly() throws Exception {
        for (String byDefault : List.of("opportunistic", "encrypt", "verify", "secure")) {
            TlsDecision decision = policies("<outbound default='" + byDefault + "'/>", SILENT, ENFORCED)
                    .decide(OTHER, MX);
            assertThat(decision.requirement().source()).isEqualTo("mta-sts");
            assertThat(decision.requirement().level()).isEqualTo(TlsLevel.VERIFY);
            assertThat(decision.requirement().refusal(MX)).isPresent();
            assertThat(decision.requirement().refusal("mx.other.example")).isEmpty();
            assertThat(decision.tested()).isEmpty();
            assertThat(decision.why()).contains("mta-sts");
        }
        assertThat(policies("<outbound><to domain='*' level='encrypt'/></outbound>", ENFORCED)
                        .decide(OTHER, MX)
                        .requirement()
                        .source())
                .isEqualTo("mta-sts");
    }

    @Test
    void whatADomainTestsGoesBesideTheDefault() throws Exception {
        TlsDecision decision = policies("<outbound default='encrypt'/>", TESTED).decide(OTHER, MX);
        assertThat(decision.requirement().source()).isEqualTo("default");
        assertThat(decision.requirement().level()).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(decision.requirement().refusal(MX)).isEmpty();
        assertThat(decision.tested())
                .hasValueSatisfying(tested -> assertThat(tested.refusal(MX)).isPresent());
        assertThat(decision.why()).contains("only tested");
    }

    @Test
    void theFirstSourceThatBindsDecides() throws Exception {
        TlsRequirement dane = TlsRequirement.ofMtaSts(List.of(), Rule.byDefault("a stronger proof"), PROTOCOLS);
        TlsDecision decision = policies("", new Says("dane", Optional.of(Statement.enforced(dane))), ENFORCED)
                .decide(OTHER, MX);
        assertThat(decision.requirement().rule().text()).isEqualTo("a stronger proof");
    }

    @Test
    void aSourceThatCannotBeAskedIsNotPassedOverForAWeakerOne() throws Exception {
        TlsPolicies policies = policies("", DOWN, ENFORCED);
        assertThatThrownBy(() -> policies.decide(OTHER, MX))
                .isInstanceOf(TlsPolicyUnavailableException.class)
                .hasMessageContaining("TLSA");
    }

    @Test
    void aGatewayGetsWhatItsOwnRuleSaysWhateverRecipientsPublish() throws Exception {
        TlsPolicies policies = policies(
                "<outbound default='encrypt'><to domain='relay.isp.example' level='verify'/></outbound>", ENFORCED);
        assertThat(policies.decideForGateway(OTHER, "Relay.ISP.example.")
                        .requirement()
                        .level())
                .isEqualTo(TlsLevel.VERIFY);
        assertThat(policies.decideForGateway(OTHER, "[192.0.2.1]").requirement().level())
                .isEqualTo(TlsLevel.ENCRYPT);
    }

    /** A DNS in which every host has these TLSA records, and no MX record but ours. */
    private static Dane dane(Record... records) {
        Duration day = Duration.ofDays(1);
        return new Dane(
                (name, type) -> {
                    switch (type) {
                        case Type.MX:
                            return new SecureAnswer(
                                    true,
                                    name,
                                    List.of(new MXRecord(
                                            Name.root, DClass.IN, 60, 10, Name.fromConstantString(MX + "."))),
                                    day);
                        case Type.TLSA:
                            return new SecureAnswer(true, name, List.of(records), day);
                        default:
                            return new SecureAnswer(true, name, List.of(), day);
                    }
                },
                25);
    }

    private static Record tlsa(int usage) {
        return new TLSARecord(Name.root, DClass.IN, 60, usage, 1, 1, new byte[32]);
    }

    private static TlsDecision decide(String outbound, Dane dane, TlsPolicySource... further) throws Exception {
        return new TlsPolicies(local(outbound), Optional.of(dane), List.of(further)).decide(OTHER, MX);
    }

    @Test
    void daneComesBeforeMtaStsAndAfterARule() throws Exception {
        TlsDecision bound = decide("", dane(tlsa(3)), ENFORCED);
        assertThat(bound.requirement().source()).isEqualTo("dane");
        assertThat(bound.requirement().level()).isEqualTo(TlsLevel.DANE);
        assertThat(bound.why()).isEqualTo("no rule names the domain, and its dane binds");
        assertThat(decide("<outbound default='verify'/>", dane(tlsa(3)))
                        .requirement()
                        .level())
                .isEqualTo(TlsLevel.DANE);
        assertThat(decide("<outbound><to domain='other.example' level='encrypt'/></outbound>", dane(tlsa(3)), ENFORCED)
                        .requirement()
                        .level())
                .isEqualTo(TlsLevel.ENCRYPT);
    }

    @Test
    void withoutRecordsOthersSay() throws Exception {
        TlsDecision sts = decide("", dane(), ENFORCED);
        assertThat(sts.requirement().source()).isEqualTo("mta-sts");
        assertThat(sts.why())
                .isEqualTo("no rule names the domain, and DANE binds nobody (no signed TLSA record at _25._tcp." + MX
                        + "), and its mta-sts binds");
        assertThat(decide("", dane()).requirement().level()).isEqualTo(TlsLevel.OPPORTUNISTIC);
    }

    @Test
    void recordsOfNoUseNeverMakeItWeaker() throws Exception {
        assertThat(decide("", dane(tlsa(1))).requirement().level()).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(decide("", dane(tlsa(1))).requirement().source()).isEqualTo("dane");
        assertThat(decide("", dane(tlsa(1)), ENFORCED).requirement().source()).isEqualTo("mta-sts");
        assertThat(decide("<outbound default='verify'/>", dane(tlsa(1)))
                        .requirement()
                        .level())
                .isEqualTo(TlsLevel.VERIFY);
    }

    @Test
    void daneOnlyIsNothingElse() throws Exception {
        String outbound = "<outbound default='dane-only' dnssec='validate'/>";
        assertThat(decide(outbound, dane(tlsa(3)), ENFORCED).requirement().refusal(MX))
                .isEmpty();
        TlsRequirement refused = decide(outbound, dane(), ENFORCED).requirement();
        assertThat(refused.level()).isEqualTo(TlsLevel.DANE_ONLY);
        assertThat(refused.refusal(MX)).isPresent();
    }

    @Test
    void aGatewaysOwnRecordsCountWhereARuleSaysSo() throws Exception {
        TlsPolicies policies = new TlsPolicies(
                local("<outbound dnssec='validate'><to domain='other.example' level='dane'/></outbound>"),
                Optional.of(dane(tlsa(3))),
                List.of());
        TlsRequirement requirement =
                policies.decideForGateway(OTHER, "relay.isp.example").requirement();
        assertThat(requirement.level()).isEqualTo(TlsLevel.DANE);
        assertThat(requirement.serverName()).contains("relay.isp.example");
        assertThat(policies.decideForGateway(BANK, "relay.isp.example")
                        .requirement()
                        .level())
                .isEqualTo(TlsLevel.OPPORTUNISTIC);
    }

    private static final Says TESTED_HOST = new Says(
            "mta-sts",
            Optional.of(Statement.tested(TlsRequirement.ofMtaSts(
                    List.of(MxPattern.parse(MX).orElseThrow()), Rule.byDefault("mode: testing"), PROTOCOLS))));

    private static final TlsPolicySource SILENT_DNS = new TlsPolicySource() {
        @Override
        public String name() {
            return "mta-sts";
        }

        @Override
        public Optional<Statement> find(Domain recipientDomain, String mxHost) {
            return Optional.empty();
        }

        @Override
        public boolean isUncertain(Domain recipientDomain) {
            return true;
        }
    };

    /** What mail with REQUIRETLS gets: the level, or that nothing goes. */
    private static String required(String outbound, Optional<Dane> dane, String host, TlsPolicySource... further)
            throws Exception {
        TlsRequirement requirement = new TlsPolicies(local(outbound), dane, List.of(further))
                .decideRequired(OTHER, host)
                .requirement();
        return requirement.refusal(host).isPresent()
                ? "refused"
                : requirement.level().keyword();
    }

    private static String ruled(String rule) {
        return "<outbound dnssec='validate'><to domain='other.example' " + rule + "/></outbound>";
    }

    /** RFC 8689, section 4.2.1, step 1. */
    @Test
    void mailThatRequiresTlsGoesOnlyToAHostThatIsProvenToBeTheDomains() throws Exception {
        assertThat(required("", Optional.empty(), MX)).isEqualTo("refused");
        assertThat(required("<outbound default='verify'/>", Optional.empty(), MX))
                .isEqualTo("refused");
        assertThat(required("", Optional.of(dane()), MX)).isEqualTo("verify");
        assertThat(required("", Optional.of(dane(tlsa(3))), MX)).isEqualTo("dane");
        assertThat(required("", Optional.of(dane(tlsa(1))), MX)).isEqualTo("verify");
        assertThat(required("", Optional.empty(), "mx.other.example", ENFORCED)).isEqualTo("verify");
        assertThat(required("", Optional.empty(), MX, ENFORCED)).isEqualTo("refused");
        assertThat(required("", Optional.empty(), MX, TESTED_HOST)).isEqualTo("verify");
        assertThat(required("", Optional.empty(), "Other.Example.")).isEqualTo("verify");
        assertThat(required("", Optional.of(dane()), "192.0.2.1")).isEqualTo("refused");
        assertThat(required(ruled("level='secure'"), Optional.empty(), MX)).isEqualTo("secure");
        assertThat(required(ruled("level='none' reason='r'"), Optional.of(dane()), MX))
                .isEqualTo("verify");
        assertThat(required(ruled("level='none' reason='r'"), Optional.empty(), MX))
                .isEqualTo("refused");
        assertThat(required(ruled("level='encrypt'"), Optional.empty(), MX, TESTED_HOST))
                .isEqualTo("verify");
        assertThat(required(ruled("level='verify' trust='conf/tls/partner-ca.pem'"), Optional.of(dane()), MX))
                .isEqualTo("verify");
    }

    @Test
    void whatMailThatRequiresTlsMayLearnLaterItWaitsFor() {
        assertThatThrownBy(() -> required("", Optional.empty(), MX, SILENT_DNS))
                .isInstanceOf(TlsPolicyUnavailableException.class)
                .hasMessageContaining("REQUIRETLS");
    }

    @Test
    void aRuleKeepsItsOwnAuthoritiesForMailThatRequiresTls() throws Exception {
        LocalTlsRules rules = local(ruled("level='verify' trust='conf/tls/partner-ca.pem'"));
        assertThat(new TlsPolicies(rules, Optional.of(dane()), List.of())
                        .decideRequired(OTHER, MX)
                        .requirement())
                .isEqualTo(rules.find(OTHER, MX).orElseThrow().requirement());
    }

    @Test
    void aGatewayForMailThatRequiresTlsIsProvenByItsCertificate() throws Exception {
        TlsPolicies policies = policies("<outbound default='encrypt'/>");
        TlsRequirement requirement =
                policies.decideRequiredForGateway(OTHER, "relay.isp.example").requirement();
        assertThat(requirement.level()).isEqualTo(TlsLevel.VERIFY);
        assertThat(requirement.refusal("relay.isp.example")).isEmpty();
    }

    @Test
    void requirementsAreEqualWhenTheSameConnectionSatisfiesBoth() throws Exception {
        LocalTlsRules rules = local("<outbound default='verify'>"
                + "<to domain='a.example' level='verify' reason='theirs'/>"
                + "<to domain='b.example' level='verify' trust='conf/tls/partner-ca.pem'/>"
                + "<to domain='c.example' level='secure'/>"
                + "<to domain='*.c.example' level='secure' match='c.example, .c.example'/>"
                + "<to domain='d.example' level='encrypt'/></outbound>");
        TlsRequirement verify = rules.byDefault(OTHER);
        assertThat(requirement(rules, "a.example")).isEqualTo(verify).hasSameHashCodeAs(verify);
        assertThat(requirement(rules, "b.example")).isNotEqualTo(verify);
        assertThat(requirement(rules, "c.example"))
                .isEqualTo(requirement(rules, "x.c.example"))
                .isNotEqualTo(verify);
        assertThat(requirement(rules, "d.example")).isNotEqualTo(verify);
        assertThat(mtaSts("enforce")).isNotEqualTo(verify).isEqualTo(mtaSts("testing"));
        assertThat(requirement(rules, "c.example"))
                .hasToString("secure (c.example, .c.example) by policy: "
                        + requirement(rules, "c.example").rule());
    }

    /** So that a provider with a thousand domains gets their mail over the same connections. */
    @Test
    void keysOfAHostServeAllDomainsThatItTakesMailFor() throws Exception {
        for (int usage : new int[] {2, 3}) {
            TlsPolicies policies = new TlsPolicies(local(""), Optional.of(dane(tlsa(usage))), List.of());
            TlsRequirement one = policies.decide(OTHER, MX).requirement();
            TlsRequirement another = policies.decide(BANK, MX).requirement();
            assertThat(one.names()).isNotEqualTo(another.names());
            assertThat(one.equals(another)).isEqualTo(usage == 3);
            assertThat(one.hashCode() == another.hashCode()).isEqualTo(usage == 3);
        }
    }

    private static TlsRequirement requirement(LocalTlsRules rules, String domain) {
        return rules.find(Domain.of(domain), MX).orElseThrow().requirement();
    }

    @ParameterizedTest
    @CsvSource({"missing.pem, can't be read", "text.pem, it holds no certificate"})
    void trustAnchorsThatCannotBeReadAreAFaultOfTheirRule(String trust, String message) throws Exception {
        TlsPolicy policy = policy("<outbound><to domain='a.example' level='verify' trust='" + trust + "'/></outbound>");
        assertThatThrownBy(() -> LocalTlsRules.read(policy, new OneFile("text.pem", new byte[0])))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("rempart.xml:1:")
                .hasMessageContaining(trust)
                .hasMessageContaining(message)
                .hasMessageContaining("name a file of PEM certificates");
    }

    /** A James installation that holds one file. */
    private static final class OneFile implements FileSystem {
        private final String path;
        private final byte[] content;

        OneFile(String path, byte[] content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public InputStream getResource(String url) throws IOException {
            if (!url.equals("file://" + path)) {
                throw new FileNotFoundException(url);
            }
            return new ByteArrayInputStream(content);
        }

        @Override
        public File getFile(String fileURL) throws FileNotFoundException {
            throw new FileNotFoundException(fileURL);
        }

        @Override
        public File getBasedir() {
            return new File("");
        }
    }
}
