/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.testsupport.Dkimpy;

/** Signatures of what leaves, verified by dkimpy, which shares no code with this server. */
@Contract
@DisplayName("DKIM: what of our mail is signed when it leaves")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SignatureContractTest {
    private static final String PASSWORD = "correct horse battery";

    private Variant variant;
    private String alice;
    private String bob;
    private String record;

    @BeforeAll
    void start() throws Exception {
        Dkimpy.require();
        variant = new Variant("signatures");
        record = SigningKey.into(variant);
        variant.start();
        alice = "alice@" + variant.domain();
        bob = "bob@" + variant.domain();
        variant.addUser(alice, PASSWORD);
        variant.addUser(bob, PASSWORD);
    }

    @AfterAll
    void stop() throws Exception {
        if (variant != null) {
            variant.close();
        }
    }

    private List<String> verdicts(byte[] message) throws Exception {
        return Dkimpy.verify(Map.of(SigningKey.owner(variant), record), List.of(message))
                .get(0);
    }

    private TlsClient tls() throws Exception {
        return TlsClient.trusting(variant.ca(), "localhost");
    }

    private void submit(String marker, List<String> recipients, String... fields) throws Exception {
        try (SmtpClient client = SmtpClient.connect(variant.submission())) {
            client.command("EHLO client.example");
            client.startTls(tls());
            client.command("EHLO client.example");
            assertThat(client.authPlain(alice, PASSWORD).code()).isEqualTo(235);
            assertThat(client.send(alice, recipients, Mails.message(alice, recipients.get(0), marker, fields))
                            .code())
                    .isEqualTo(250);
        }
    }

    @Test
    void whatAnAccountSendsOutIsSignedAsItArrives() throws Exception {
        String marker = Mails.marker();
        submit(marker, List.of("carol@partner.example", bob), "X-Mailer: Acme", "X-Note: caf\u00e9");
        byte[] arrived = Mails.awaitRemote(Trial.server(), marker).raw();
        assertThat(verdicts(arrived)).containsExactly("pass");
        assertThat(Mails.header(arrived))
                .contains("d=" + variant.domain() + ";")
                .doesNotContain("X-Mailer");

        byte[] local = Mails.awaitLocal(variant.imaps(), tls(), bob, PASSWORD, marker);
        assertThat(Mails.header(local)).doesNotContain("DKIM-Signature").contains("X-Mailer");
    }

    @Test
    void aStrangersMailThatWeSendOnIsSealedAndNotSigned() throws Exception {
        String away = "away@" + variant.domain();
        assertThat(variant.administer("POST", "/mappings/address/" + away + "/targets/away@partner.example", "", "*/*")
                        .statusCode())
                .isBetween(200, 299);
        String marker = Mails.marker();
        try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
            client.command("EHLO outside.example");
            assertThat(client.send(
                                    "eve@outside.example",
                                    List.of(away),
                                    Mails.message("eve@outside.example", away, marker))
                            .code())
                    .isEqualTo(250);
        }
        byte[] arrived = Mails.awaitRemote(Trial.server(), marker).raw();
        assertThat(Mails.header(arrived)).contains("ARC-Seal: i=1; cv=none; ").doesNotContain("\nDKIM-Signature");
        assertThat(Dkimpy.verifySeals(Map.of(SigningKey.owner(variant), record), List.of(arrived))
                        .get(0))
                .startsWith("pass");
    }
}
