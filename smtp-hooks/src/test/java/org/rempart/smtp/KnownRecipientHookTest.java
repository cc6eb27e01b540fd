/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.james.core.Domain;
import org.apache.james.rrt.lib.MappingSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.smtp.SmtpTestServer.Listener;

@Tag("james-3.8")
class KnownRecipientHookTest {
    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, null, Listener.mx(), Listener.submission());
        server.addDomain("by-alias.example");
        server.mappings()
                .addDomainAliasMapping(
                        MappingSource.fromDomain(Domain.of("by-alias.example")), Domain.of("ours.example"));
        server.mappings().addAliasMapping(MappingSource.fromUser("lists+x", "ours.example"), "bob@ours.example");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "alice@ours.example, 250",
        "ALICE@Ours.Example, 250",
        // An alias, a group, an address that the tables answer with an error of their own.
        "info@ours.example, 250",
        "team@ours.example, 250",
        "gone@ours.example, 250",
        // RFC 5321, section 4.5.1: at each of our domains, in any case.
        "postmaster@ours.example, 250",
        "PostMaster@also.example, 250",
        "nobody@ours.example, 550 5.1.1",
        "alice@also.example, 550 5.1.1",
        "info@also.example, 550 5.1.1",
        // RFC 5233: details of an account, an alias and a group; an address with one that is somebody's own; and of
        // nobody.
        "alice+x@ours.example, 250",
        "Alice+@ours.example, 250",
        "info+x+y@ours.example, 250",
        "team+x@ours.example, 250",
        "gone+x@ours.example, 250",
        "lists+x@ours.example, 250",
        "lists@ours.example, 550 5.1.1",
        "lists+y@ours.example, 550 5.1.1",
        "nobody+x@ours.example, 550 5.1.1",
        "alice+x@also.example, 550 5.1.1",
        "+x@ours.example, 550 5.1.1",
        "'\"alice +x\"@ours.example', 550 5.1.1",
        "alice-x@ours.example, 550 5.1.1",
        // What can be no account's name.
        "'\"someone@elsewhere.example\"@ours.example', 550 5.1.1",
        "'\"some+one@elsewhere.example\"@ours.example', 550 5.1.1",
        "'\"someone@elsewhere.example\"@by-alias.example', 550 5.1.1",
        "SRS1=x+y@ours.example, 550 5.7.1",
        // A domain that is an alias has who is in the other one, and nobody else.
        "alice@by-alias.example, 250",
        "info+x@by-alias.example, 250",
        "nobody@by-alias.example, 550 5.1.1",
        "nobody+x@by-alias.example, 550 5.1.1",
    })
    void unknownRecipientsAreRefusedAtRcpt(String recipient, String reply) throws IOException {
        try (SmtpClient client = server.connect(0)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<" + recipient + ">", reply);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "<subaddresses mail='refuse'/>, alice+x@ours.example, 550 5.1.1",
        "<subaddresses separator='-'/>, alice+x@ours.example, 550 5.1.1",
        "<subaddresses separator='-'/>, alice-x@ours.example, 250",
    })
    void whatADetailIsThePolicySays(String element, String recipient, String reply, @TempDir Path another)
            throws Exception {
        try (SmtpTestServer elsewhere =
                        SmtpTestServer.start(another, "<policy>" + element + "</policy>", Listener.mx());
                SmtpClient client = elsewhere.connect(0)) {
            client.ehlo().command("MAIL FROM:<>", "250");
            client.command("RCPT TO:<" + recipient + ">", reply);
        }
    }

    @Test
    void soTheyAreForOurOwnUsers() throws IOException {
        try (SmtpClient client = server.connect(1)) {
            client.ehlo().startTls().ehlo().authenticate("alice@ours.example");
            client.command("MAIL FROM:<alice@ours.example>", "250");
            client.command("RCPT TO:<nobody@ours.example>", "550 5.1.1");
        }
    }

    @Test
    void withoutTheDirectoryTheClientIsToTryLater() throws IOException {
        server.breakUsers(true);
        try (SmtpClient client = server.connect(0)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<alice@ours.example>", "451 4.3.0");
        } finally {
            server.breakUsers(false);
        }
    }

    @Test
    void neitherVrfyNorExpnTellsWhoIsThere() throws IOException {
        try (SmtpClient client = server.connect(0)) {
            client.ehlo();
            for (String command : new String[] {"VRFY ", "EXPN "}) {
                String known = client.command(command + "alice@ours.example");
                assertThat(known).startsWith("502").isEqualTo(client.command(command + "nobody@ours.example"));
            }
        }
    }
}
