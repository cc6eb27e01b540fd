/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.apache.james.queue.api.MailQueue.MailQueueException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** What a client hears of a message that is too big, or that can't be kept. */
@Tag("james-3.8")
class SizeAndStorageTest {
    private static final int LIMIT = 2048;

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, null, Listener.mx().with("maxmessagesize", LIMIT + "B"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void forget() {
        server.spool().failWith(null);
        server.spool().clear();
    }

    private static SmtpClient deliver(Exception failure, String expected) throws IOException {
        server.spool().failWith(failure);
        SmtpClient client = server.connect(0).ehlo().envelope("f@foreign.example", "alice@ours.example");
        assertThat(client.send(SmtpClient.message("Kept")).reply()).isEqualTo(expected + "\r\n");
        return client;
    }

    @Test
    void aFullDiskIsNamedAndTheSessionGoesOn() throws Exception {
        for (Exception failure : new Exception[] {
            new MailQueueException("Unable to store", new IOException("No space left on device")),
            new IllegalStateException(new IOException("var/blobs/1: Disk quota exceeded")),
            new MailQueueException("Unable to store", new SQLException("disk", "53100"))
        }) {
            try (SmtpClient client = deliver(failure, "452 4.3.1 Insufficient system storage")) {
                server.spool().failWith(null);
                client.envelope("f@foreign.example", "alice@ours.example")
                        .send(SmtpClient.message("Later"))
                        .expect(250);
            }
        }
        assertThat(server.spool().mails()).hasSize(3);
    }

    @Test
    void anotherFailureIsNotNamed() throws Exception {
        MailQueueException failure = new MailQueueException("secret", new IOException("Too many open files"));
        deliver(failure, "451 4.3.0 Temporary failure, try again later").close();
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void theLimitIsAnnounced() throws Exception {
        try (SmtpClient client = server.connect(0)) {
            assertThat(client.command("EHLO client.example")).contains("SIZE " + LIMIT + "\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2049", "0000000000002049", "3000000000", "99999999999999999999"})
    void aStatedSizeAboveTheLimitIsRefusedAtMail(String size) throws Exception {
        try (SmtpClient client = server.connect(0).ehlo()) {
            client.command("MAIL FROM:<f@foreign.example> SIZE=" + size, "552 5.3.4 ");
            client.command("MAIL FROM:<f@foreign.example> SIZE=2048", "250 ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1k", "", "999999999999999999999"})
    void aSizeThatIsNoneIsAFaultOfTheCommand(String size) throws Exception {
        try (SmtpClient client = server.connect(0).ehlo()) {
            client.command("MAIL FROM:<f@foreign.example> SIZE=" + size, "501 ");
        }
    }

    @Test
    void aMessageAboveTheLimitIsRefusedAtItsEndAndTheNextIsTaken() throws Exception {
        try (SmtpClient client = server.connect(0).ehlo()) {
            client.envelope("f@foreign.example", "alice@ours.example")
                    .send("Subject: big\r\n\r\n" + "0123456789\r\n".repeat(LIMIT / 8) + ".\r\n");
            assertThat(client.reply()).isEqualTo("552 5.3.4 Message too big\r\n");
            client.envelope("f@foreign.example", "alice@ours.example")
                    .send(SmtpClient.message("Small"))
                    .expect(250);
        }
        assertThat(server.spool().only().content()).contains("Subject: Small");
    }
}
