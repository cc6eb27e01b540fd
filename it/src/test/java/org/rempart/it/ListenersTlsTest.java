/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.OcspResponder;

@DisplayName("What the listeners offer of TLS")
class ListenersTlsTest {
    private static final String FIRST = "<certificates>file://conf/tls/certificate.pem</certificates>";
    private static final String HOST = "mail.example.com";

    @Test
    void certificatesOfBothKindsWithTheWordOfTheirAuthority() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Authority");
        try (Variant variant = new Variant("both-kinds");
                OcspResponder responder = OcspResponder.start(authority)) {
            Path tls = variant.home().resolve("conf/tls");
            authority
                    .request(HOST, "localhost")
                    .keys(KeyKind.RSA)
                    .mustStaple(responder.url())
                    .issue()
                    .writePem(tls.resolve("certificate.pem"), tls.resolve("private-key.pem"));
            authority
                    .request(HOST, "localhost")
                    .keys(KeyKind.EC)
                    .mustStaple(responder.url())
                    .issue()
                    .writePem(tls.resolve("ecdsa.pem"), tls.resolve("ecdsa-key.pem"));
            // Who asks a responder names the one who has signed the certificate.
            Path issuer = tls.resolve("issuer.pem");
            authority.writePem(issuer);
            for (String file : List.of("certificate.pem", "ecdsa.pem")) {
                Files.writeString(tls.resolve(file), Files.readString(issuer), StandardOpenOption.APPEND);
            }
            for (String file : List.of("smtpserver.xml", "imapserver.xml")) {
                variant.edit(
                        file,
                        FIRST,
                        FIRST + "<privateKey>file://conf/tls/ecdsa-key.pem</privateKey>"
                                + "<certificates>file://conf/tls/ecdsa.pem</certificates>");
            }
            variant.start();

            Result asked = variant.run("", "tls", "--listeners", "--json");
            assertThat(asked.exitCode()).as(asked.output()).isZero();
            JsonNode listeners = new JsonMapper().readTree(asked.output());
            assertThat(listeners).hasSize(5);
            for (JsonNode listener : listeners) {
                assertThat(listener.get("certificates"))
                        .as("%s", listener)
                        .hasSize(2)
                        .anyMatch(certificate -> certificate.asText().startsWith("RSA 2048, for " + HOST))
                        .anyMatch(certificate -> certificate.asText().startsWith("ECDSA 256, for " + HOST));
                assertThat(listener.get("TLSv1.2").toString())
                        .contains("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
                        .doesNotContain("_CBC_", "TLS_RSA_");
                assertThat(listener.has("TLSv1.1")).isFalse();
                assertThat(listener.get("OCSP stapling").asText()).isEqualTo("yes");
                assertThat(listener.get("resumption with TLSv1.3").asText()).isEqualTo("yes");
                assertThat(listener.get("renegotiation by the client").asText())
                        .isIn("a second handshake is refused", "a second handshake does not come");
            }
            assertThat(responder.questions()).isPositive();
            assertThat(variant.run("", "doctor", "--skip", "dns", "--skip", "mta-sts")
                            .output())
                    .contains("conf/tls/ecdsa.pem: it names " + HOST)
                    .doesNotContain("shows another certificate");

            Files.delete(tls.resolve("ecdsa-key.pem"));
            Result reload = variant.run("", "reload");
            assertThat(reload.exitCode()).isEqualTo(78);
            assertThat(reload.output()).contains("conf/tls/ecdsa-key.pem is missing");
        }
    }
}
