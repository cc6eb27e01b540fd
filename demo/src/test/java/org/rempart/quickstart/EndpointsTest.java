/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointsTest {
    @TempDir
    private Path folder;

    private final Endpoints endpoints = new Endpoints(
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            "example.com",
            "alice@example.com",
            "secret1",
            "bob@example.com",
            "secret2",
            Path.of("/ca.pem"),
            Path.of("/home"),
            Path.of("/sink"));

    @Test
    void hasTheseKeysAndNoOthers() throws IOException {
        Path file = folder.resolve("endpoints.json");
        endpoints.write(file);
        JsonNode root = new JsonMapper().readTree(Files.readAllBytes(file));
        assertThat(root.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder(
                        "smtp",
                        "submission",
                        "submissions",
                        "imap",
                        "imaps",
                        "webadmin",
                        "sink",
                        "domain",
                        "user",
                        "password",
                        "user2",
                        "password2",
                        "ca",
                        "home",
                        "sinkDirectory");
        assertThat(root.path("submissions").textValue()).isEqualTo("127.0.0.1:3");
        assertThat(root.path("user").textValue()).isEqualTo("alice@example.com");
        assertThat(root.path("sinkDirectory").textValue()).isEqualTo("/sink");
    }

    @Test
    void readsWhatItWrites() throws IOException {
        Path file = folder.resolve("endpoints.json");
        endpoints.write(file);
        assertThat(Endpoints.read(file)).isEqualTo(endpoints);
    }

    @Test
    void keepsPasswordsToItsOwner() throws IOException {
        Path file = Files.writeString(folder.resolve("endpoints.json"), "an old one, readable by all");
        endpoints.write(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        Path file = Files.writeString(folder.resolve("endpoints.json"), "{\"smtp\": \"127.0.0.1:1\"}");
        assertThatThrownBy(() -> Endpoints.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("endpoints.json")
                .hasMessageContaining("submission");
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(Ports.loopback(), port);
    }
}
