/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

@Tag("james-3.8")
class RefuseAuthHookTest {
    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, null, Listener.mx());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AUTH PLAIN AGFsaWNlQG91cnMuZXhhbXBsZQBjb3JyZWN0LWhvcnNl",
                "auth login",
                "AUTH PLAIN",
                "AUTH CRAM-MD5",
                "AUTH"
            })
    void nobodyLogsInOnTheMx(String auth) throws IOException {
        try (SmtpClient client = server.connect(0)) {
            client.command(auth, "503 5.5.1");
            assertThat(client.command("EHLO client.example")).doesNotContain("AUTH");
            client.command(auth, "503 5.5.1");
            client.startTls();
            assertThat(client.command("EHLO client.example")).doesNotContain("AUTH");
            client.command(auth, "503 5.5.1").command("NOOP", "250");
        }
    }
}
