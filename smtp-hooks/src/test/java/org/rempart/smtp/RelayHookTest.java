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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.smtp.SmtpTestServer.Listener;

@Tag("james-3.8")
class RelayHookTest {
    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, null, Listener.mx(), Listener.submission());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    @Test
    void mailForOurDomainIsTaken() throws IOException {
        try (SmtpClient client = server.connect(0)) {
            client.ehlo().envelope("u@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().recipients()).containsExactly("alice@ours.example");
        assertThat(server.spool().only().attribute(RelayHook.GATE)).isEqualTo("rcpt");
    }
}
