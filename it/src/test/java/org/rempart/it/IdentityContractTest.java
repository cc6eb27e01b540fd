/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.Tools;

/** As whom an account can write, seen by swaks, which shares no code with this server. */
@Contract
@DisplayName("A1: whose address it is, tried with swaks")
class IdentityContractTest {
    private final Endpoints server = Trial.server();

    @BeforeAll
    static void tool() {
        Tools.requireProgram("swaks");
    }

    /** What swaks said and heard, a line each; what it hears under TLS begins with {@code <~} or {@code <~*}. */
    private record Talk(int exitCode, String lines) {}

    private Talk swaks(InetSocketAddress to, byte[] message, String... options)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("swaks");
        try {
            Path file = Files.write(folder.resolve("message"), message);
            List<String> command = new ArrayList<>(List.of(
                    "swaks",
                    "--server",
                    to.getAddress().getHostAddress(),
                    "--port",
                    String.valueOf(to.getPort()),
                    "--ehlo",
                    "client.example",
                    "--data",
                    "@" + file));
            command.addAll(List.of(options));
            Path output = folder.resolve("output");
            Process swaks = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!swaks.waitFor(3, TimeUnit.MINUTES)) {
                swaks.destroyForcibly();
                throw new IOException("swaks hangs: " + Files.readString(output, StandardCharsets.ISO_8859_1));
            }
            return new Talk(swaks.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1));
        } finally {
            Folders.delete(folder);
        }
    }

    /** The account of the first user, who sends to the second. */
    private Talk submit(String envelopeSender, byte[] message) throws IOException, InterruptedException {
        return swaks(
                server.submission(),
                message,
                "--tls",
                "--auth",
                "PLAIN",
                "--auth-user",
                server.user(),
                "--auth-password",
                server.password(),
                "--from",
                envelopeSender,
                "--to",
                server.user2());
    }

    private byte[] message(String marker, String... from) {
        return Mails.bytes(String.join("\r\n", from) + "\r\nTo: <" + server.user2() + ">\r\nSubject: " + marker
                + "\r\nDate: Tue, 24 Nov 2026 20:50:07 +0000\r\nMessage-ID: <" + marker + "@client.example>\r\n\r\n"
                + marker + "\r\n");
    }

    @Test
    void a1_theOwnAddressIsTaken() throws Exception {
        String marker = Mails.marker();
        Talk talk = submit(server.user(), message(marker, "From: \"A. User\" <" + server.user() + ">"));
        assertThat(talk.exitCode()).as(talk.lines()).isZero();
        assertThat(talk.lines()).containsPattern("<~ +250 ");
        Mails.awaitLocal(server, server.user2(), server.password2(), marker);
    }

    @Test
    void a1_anothersEnvelopeSenderIsRefused() throws Exception {
        Talk talk = submit(server.user2(), message(Mails.marker(), "From: <" + server.user() + ">"));
        assertThat(talk.exitCode()).as(talk.lines()).isNotZero();
        assertThat(talk.lines()).containsPattern("<~\\* 553 5\\.7\\.1 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Another account's, a stranger's, and the own one with another beside it.
                "From: <OTHER>",
                "From: <ceo@partner.example>",
                "From: <OWN>, <OTHER>",
                // Programs show the name, and some show it alone.
                "From: \"OTHER\" <OWN>",
                "From: =?utf-8?B?ENCODED?= <OWN>",
                // Of two fields, one program shows the first, another the last.
                "From: <OWN>|From: <OTHER>",
                "From: <OTHER>|From: <OWN>",
                "From: <OWN>|Sender: <OTHER>",
            })
    void a1_aForeignFromIsRefused(String fields) throws Exception {
        String encoded =
                java.util.Base64.getEncoder().encodeToString(server.user2().getBytes(StandardCharsets.UTF_8));
        String marker = Mails.marker();
        Talk talk = submit(
                server.user(),
                message(
                        marker,
                        fields.replace("OWN", server.user())
                                .replace("OTHER", server.user2())
                                .replace("ENCODED", encoded)
                                .split("\\|")));
        assertThat(talk.exitCode()).as(talk.lines()).isNotZero();
        assertThat(talk.lines()).containsPattern("<~\\* 55[03] 5\\.7\\.1 ");
    }

    /** At the MX, where nobody has an account: the trick is taken and marked, by default. */
    @Test
    void a1_aStrangerWhoClaimsToBeOursIsMarked() throws Exception {
        String marker = Mails.marker();
        Talk talk = swaks(
                server.smtp(),
                message(marker, "From: <" + server.user() + ">"),
                "--from",
                "somebody@outside.example",
                "--to",
                server.user2());
        assertThat(talk.exitCode()).as(talk.lines()).isZero();
        byte[] taken = Mails.awaitLocal(server, server.user2(), server.password2(), marker);
        assertThat(Mails.header(taken)).contains("X-Unverified-Sender: from");
    }
}
