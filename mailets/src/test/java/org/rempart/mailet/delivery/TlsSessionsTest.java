/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.james.core.Domain;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.mailet.delivery.tls.TlsPolicySource;
import org.rempart.mailet.delivery.tls.TlsRequirement;
import org.rempart.mailet.delivery.tls.TlsResult;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.SmtpPeer;

/** Who listens hears of each session once, and of those that bring reports never. */
class TlsSessionsTest {
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void prepare() throws Exception {
        rig = new DeliveryRig()
                .sessions((domain, policy, host, address, failure, reason) -> heard.add(domain.asString() + " "
                        + policy.type() + " " + host + " " + address.isPresent() + " "
                        + failure.map(result -> result.keyword() + " " + reason.contains("mx.there.example"))
                                .orElse("fine")))
                .address("mx.there.example", "127.0.0.1")
                .mx("there.example", "mx.there.example.")
                .mx("named.example", "mx.there.example.")
                .level("named.example", TlsLevel.OPPORTUNISTIC);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    private void start(SmtpPeer.Builder builder) throws Exception {
        peer = builder.start();
        rig.with(settings -> settings.port(peer.address().getPort())).start();
    }

    private void send(String recipient) throws Exception {
        int before = rig.queue().endings().size();
        rig.send(DeliveryRig.MESSAGE, recipient);
        await().atMost(DeliveryRig.PATIENCE).until(() -> rig.queue().endings().size() > before);
    }

    /** Asks for TLS with a trusted certificate, for every domain. */
    private static TlsPolicySource strict() {
        return new TlsPolicySource() {
            @Override
            public String name() {
                return "mta-sts";
            }

            @Override
            public Optional<Statement> find(Domain domain, String mxHost) {
                return Optional.of(Statement.enforced(TlsRequirement.ofRule(
                        OutboundTls.of(TlsLevel.VERIFY),
                        Rule.byDefault("a policy"),
                        "default",
                        domain,
                        List.of("TLSv1.3", "TLSv1.2"),
                        Optional.empty())));
            }
        };
    }

    @Test
    void aSessionUnderTls() throws Exception {
        start(SmtpPeer.withoutChunking()
                .offering(CertificateRequest.of("mx.there.example").selfSigned()));
        send("a@there.example");
        assertThat(heard).containsExactly("there.example no-policy-found mx.there.example true fine");
    }

    @Test
    void aSessionInClearText() throws Exception {
        start(SmtpPeer.withoutChunking());
        send("a@there.example");
        assertThat(heard)
                .containsExactly("there.example no-policy-found mx.there.example true starttls-not-supported false");
    }

    @Test
    void aSessionThatTheAdministratorsOwnRuleIsFor() throws Exception {
        start(SmtpPeer.withoutChunking());
        send("a@named.example");
        assertThat(peer.mails()).hasSize(1);
        assertThat(heard).isEmpty();
    }

    @Test
    void aSessionThatFails() throws Exception {
        rig.source(strict());
        start(SmtpPeer.withoutChunking()
                .offering(CertificateRequest.of("mx.there.example").selfSigned()));
        send("a@there.example");
        assertThat(peer.mails()).isEmpty();
        assertThat(heard)
                .containsExactly("there.example no-policy-found mx.there.example true certificate-not-trusted true");
    }

    @Test
    void aPolicyThatCannotBeHad() throws Exception {
        rig.source(new TlsPolicySource() {
            @Override
            public String name() {
                return "mta-sts";
            }

            @Override
            public Optional<Statement> find(Domain domain, String mxHost) {
                return Optional.empty();
            }

            @Override
            public Optional<TlsResult> failure(Domain domain) {
                return Optional.of(TlsResult.STS_POLICY_FETCH_ERROR);
            }
        });
        start(SmtpPeer.withoutChunking()
                .offering(CertificateRequest.of("mx.there.example").selfSigned()));
        send("a@there.example");
        assertThat(peer.mails()).hasSize(1);
        assertThat(heard).containsExactly("there.example sts mx.there.example true sts-policy-fetch-error false");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void mailThatThePolicyMayNotKeepGoes(boolean waived) throws Exception {
        rig.source(strict());
        start(SmtpPeer.withoutChunking());
        MailImpl report = rig.mail(
                "", DeliveryRig.MESSAGE.getBytes(java.nio.charset.StandardCharsets.US_ASCII), "tls@there.example");
        report.setAttribute(new Attribute(waived ? TlsSessions.WAIVED : TlsSessions.REPORT, AttributeValue.of(true)));
        rig.service().enqueue(report);
        report.dispose();
        await().atMost(DeliveryRig.PATIENCE).until(() -> !rig.queue().endings().isEmpty());
        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.underTls()).isFalse());
        assertThat(heard).isEmpty();
    }
}
