/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.RawClient;
import org.rempart.testsupport.ServerCertificate;

@DisplayName("A renewed certificate is read without a restart, and a wrong one is not")
class ReloadContractTest {
    private final Endpoints server = Trial.server();

    private static X509Certificate shown(InetSocketAddress address) throws Exception {
        try (RawClient client = new RawClient(address).tls()) {
            return client.certificate();
        }
    }

    @Test
    void allListenersOrNone() throws Exception {
        try (Variant variant = new Variant("reload")) {
            variant.start();
            variant.addUser(server.user(), server.password());
            Path certificate = variant.home().resolve("conf/tls/certificate.pem");
            Path key = variant.home().resolve("conf/tls/private-key.pem");
            List<InetSocketAddress> listeners = List.of(variant.submissions(), variant.imaps());
            X509Certificate first = shown(variant.imaps());

            ServerCertificate renewed =
                    CertificateRequest.of("mail.example.com", "localhost").selfSigned();
            renewed.writePem(certificate, key);
            assertThat(shown(variant.imaps())).isEqualTo(first);
            Result reload = variant.run("", "reload");
            assertThat(reload.exitCode()).as(reload.output()).isZero();
            for (InetSocketAddress listener : listeners) {
                assertThat(shown(listener)).isEqualTo(renewed.certificate());
            }

            Files.copy(certificate, key, StandardCopyOption.REPLACE_EXISTING);
            Result wrong = variant.run("", "reload");
            assertThat(wrong.exitCode()).isEqualTo(78);
            assertThat(wrong.output()).contains("private-key.pem", "Nothing was read");
            for (InetSocketAddress listener : listeners) {
                assertThat(shown(listener)).isEqualTo(renewed.certificate());
            }

            renewed.writePem(certificate, key);
            variant.edit("rempart.xml", "<held [^>]*/>", "<held mail=\"keep\"/>");
            Result policy = variant.run("", "reload");
            assertThat(policy.exitCode()).as(policy.output()).isEqualTo(1);
            assertThat(policy.output()).contains("conf/rempart.xml has changed since the server started");
            assertThat(variant.run("", "doctor", "--skip", "dns").output())
                    .contains("conf/rempart.xml has changed since the server started");
        }
    }

    @Test
    void namesWithLineEndsAreNone() throws Exception {
        try (Variant variant = new Variant("line-ends")) {
            variant.start();
            for (String path : List.of(
                    "/users/eve%0A@" + variant.domain(),
                    "/domains/evil%0d%0a.example",
                    "/rempart/accounts/a%00b",
                    "/address/aliases/x%7F@" + variant.domain() + "/sources/y@" + variant.domain())) {
                assertThat(variant.administer("PUT", path, "{\"password\":\"secret-1234\"}", "*/*")
                                .statusCode())
                        .as(path)
                        .isEqualTo(400);
            }
            assertThat(variant.administration("/users")).doesNotContain("eve");
            var answer = variant.administer("GET", "/domains", "", "*/*");
            assertThat(answer.headers().allValues("Server")).containsOnly("James");
            Result nobody = variant.run("", "accounts", "hold", "nobody@" + variant.domain());
            assertThat(nobody.exitCode()).isEqualTo(1);
            assertThat(nobody.output()).contains("there is no account nobody@");
        }
    }
}
