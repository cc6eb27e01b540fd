/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;

@DisplayName("The server's command says what is wrong and what is right")
class CommandContractTest {
    private static final int CONFIGURATION_FAULT = 78;

    private final Endpoints server = Trial.server();

    @Test
    void aFaultInThePolicyStopsTheStartWithItsPlace() throws Exception {
        Variant variant = new Variant("policy-fault");
        variant.edit("rempart.xml", "preset=\"client\"", "preset=\"cleint\"");
        for (String command : new String[] {"check-config", "start"}) {
            Result result = variant.run("", command);
            assertThat(result.exitCode()).isEqualTo(CONFIGURATION_FAULT);
            assertThat(result.output())
                    .containsPattern("rempart\\.xml:\\d+:\\d+: ")
                    .contains("cleint")
                    .contains("client")
                    .doesNotContain("\tat ");
        }
        assertThat(variant.run("", "status").exitCode()).isEqualTo(3);
    }

    @Test
    void aTakenPortStopsTheStart() throws Exception {
        Variant variant = new Variant("port-taken");
        try (ServerSocket other = new ServerSocket(variant.smtp().getPort(), 1, variant.smtp().getAddress())) {
            Result result = variant.run("", "start");
            assertThat(result.exitCode()).isEqualTo(CONFIGURATION_FAULT);
            assertThat(result.output())
                    .contains("smtpserver.xml")
                    .contains(String.valueOf(other.getLocalPort()))
                    .contains("<bind>");
        }
    }

    @Test
    void aMissingOrForeignKeyStopsTheStart() throws Exception {
        Variant variant = new Variant("key-fault");
        Files.copy(
                variant.home().resolve("conf/tls/certificate.pem"),
                variant.home().resolve("conf/tls/private-key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Result wrong = variant.run("", "start");
        assertThat(wrong.exitCode()).isEqualTo(CONFIGURATION_FAULT);
        assertThat(wrong.output()).contains("private-key.pem").contains("openssl pkcs8");
        Files.delete(variant.home().resolve("conf/tls/certificate.pem"));
        Result missing = variant.run("", "check-config");
        assertThat(missing.exitCode()).isEqualTo(CONFIGURATION_FAULT);
        assertThat(missing.output()).contains("conf/tls/certificate.pem is missing");
    }

    @Test
    void administrationNeedsItsCredential() throws Exception {
        URI domains = URI.create("http://127.0.0.1:" + server.webadmin().getPort() + "/domains");
        HttpClient http = HttpClient.newHttpClient();
        assertThat(http.send(HttpRequest.newBuilder(domains).build(), HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(401);
        assertThat(http.send(
                                HttpRequest.newBuilder(domains)
                                        .header("Authorization", "Bearer guess")
                                        .build(),
                                HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(401);
    }
}
