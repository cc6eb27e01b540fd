/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.mailet.AttributeName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.RequireTls;
import org.rempart.smtp.SmtpTestServer.Listener;

/** REQUIRETLS of MAIL (RFC 8689), over sockets. */
@Tag("james-3.8")
class RequireTlsParameterHookTest {
    private static final int MX = 0;
    private static final int SUBMISSION = 1;
    private static final int SUBMISSIONS = 2;
    private static final AttributeName ATTRIBUTE = AttributeName.of("REQUIRETLS");

    private static final String OWN =
            SmtpClient.message("Hello").replace("sender@client.example", "alice@ours.example");

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        // As SecureRemoteDelivery says it.
        RequireTls.keep();
        server = SmtpTestServer.start(
                home,
                null,
                Listener.mx(),
                Listener.submission(),
                Listener.submission().implicitTls());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    private static String offer(SmtpClient client) throws Exception {
        return client.send("EHLO client.example\r\n").reply();
    }

    @ParameterizedTest
    @ValueSource(ints = {MX, SUBMISSION})
    void itIsOfferedUnderTlsAlone(int listener) throws Exception {
        try (SmtpClient client = server.connect(listener)) {
            assertThat(offer(client)).contains("STARTTLS").doesNotContain("REQUIRETLS");
            if (listener == MX) {
                client.command("MAIL FROM:<a@sender.example> REQUIRETLS", "555 5.5.4");
            }
            client.startTls();
            assertThat(offer(client)).containsOnlyOnce("REQUIRETLS").doesNotContain("STARTTLS");
        }
    }

    @Test
    void itIsOfferedWhereTlsIsThereFromTheFirstByte() throws Exception {
        try (SmtpClient client = server.connectTls(SUBMISSIONS)) {
            assertThat(offer(client)).contains("REQUIRETLS");
            client.authenticate("alice@ours.example");
            client.command("MAIL FROM:<alice@ours.example> REQUIRETLS SIZE=100 RET=HDRS", "250");
            client.command("RCPT TO:<bob@ours.example>", "250");
            client.command("DATA", "354");
            client.send(OWN).expect(250);
        }
        assertThat(server.spool().only().attribute(ATTRIBUTE)).isEqualTo("true");
    }

    @Test
    void aGreetingInClearTextDoesNotCountUnderTls() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls();
            client.command("MAIL FROM:<a@sender.example> REQUIRETLS", "555 5.5.4");
            client.command("HELO client.example", "250");
            client.command("MAIL FROM:<a@sender.example> REQUIRETLS", "555 5.5.4");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"REQUIRETLS=", "REQUIRETLS=yes", "REQUIRETLS REQUIRETLS", "requiretls=1"})
    void itHasNoValueAndStandsThereOnce(String written) throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo();
            client.command("MAIL FROM:<a@sender.example> " + written, "501 5.5.4");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"REQUIRETLS", "requiretls", "BODY=8BITMIME RequireTLS ENVID=1"})
    void theMailKeepsIt(String written) throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo();
            client.command("MAIL FROM:<a@sender.example> " + written, "250");
            deliver(client);
            // The next mail over the same connection is one of its own.
            client.command("MAIL FROM:<b@sender.example>", "250");
            deliver(client);
        }
        assertThat(server.spool().mails()).hasSize(2);
        assertThat(server.spool().mails().get(0).attribute(ATTRIBUTE)).isEqualTo("true");
        assertThat(server.spool().mails().get(1).attribute(ATTRIBUTE)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MAIL FROM:<a@sender.example> REQUIRETLS\r\nRSET",
                "MAIL FROM:<a@sender.example> REQUIRETLS\r\nEHLO client.example",
            })
    void whatWasGivenUpLeavesNothing(String before) throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo();
            for (String line : before.split("\r\n", -1)) {
                client.command(line);
            }
            client.command("MAIL FROM:<b@sender.example>", "250");
            deliver(client);
        }
        assertThat(server.spool().only().attribute(ATTRIBUTE)).isNull();
    }

    @Test
    void aMailThatWasRefusedLeavesNothing() throws Exception {
        try (SmtpClient client = server.connectTls(SUBMISSIONS)) {
            client.ehlo().authenticate("alice@ours.example");
            client.command("MAIL FROM:<bob@ours.example> REQUIRETLS", "553");
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(OWN).expect(250);
        }
        assertThat(server.spool().only().attribute(ATTRIBUTE)).isNull();
    }

    /** Who names a second sender does not take from the first mail what it asked for. */
    @Test
    void aSecondMailWithinATransactionMakesItNoWeaker() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo();
            client.command("MAIL FROM:<a@sender.example> REQUIRETLS", "250");
            client.command("RCPT TO:<bob@ours.example>", "250");
            client.command("MAIL FROM:<b@sender.example>", "503");
            client.command("DATA", "354");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().attribute(ATTRIBUTE)).isEqualTo("true");
    }

    private static void deliver(SmtpClient client) throws Exception {
        client.command("RCPT TO:<bob@ours.example>", "250");
        client.command("DATA", "354");
        client.send(SmtpClient.message("Hello")).expect(250);
    }
}
