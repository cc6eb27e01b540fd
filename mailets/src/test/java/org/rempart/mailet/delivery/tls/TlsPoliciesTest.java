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
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.testsupport.CertificateAuthority;

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
        assertThat(decision.requirement().allowsMx("any.host.example")).isTrue();
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
            assertThat(decision.requirement().allowsMx(MX)).isFalse();
            assertThat(decision.requirement().allowsMx("mx.other.example")).isTrue();
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
        assertThat(decision.requirement().allowsMx(MX)).isTrue();
        assertThat(decision.tested())
                .hasValueSatisfying(tested -> assertThat(tested.allowsMx(MX)).isFalse());
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
        assertThat(policies.decideForGateway("Relay.ISP.example.").requirement().level())
                .isEqualTo(TlsLevel.VERIFY);
        assertThat(policies.decideForGateway("[192.0.2.1]").requirement().level())
                .isEqualTo(TlsLevel.ENCRYPT);
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
