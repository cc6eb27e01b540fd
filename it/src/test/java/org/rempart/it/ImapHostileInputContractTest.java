/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.RawClient;

/** Each command over IMAP gets an answer, whatever it asks for, and the connection goes on. */
class ImapHostileInputContractTest {
    private static final List<String> COMMANDS = List.of(
            "SEARCH " + "NOT ".repeat(15_000) + "ALL",
            "SEARCH " + "NOT ".repeat(1_000) + "ALL",
            "SEARCH " + "(".repeat(30_000) + "ALL" + ")".repeat(30_000),
            "SEARCH " + "(".repeat(500) + "ALL" + ")".repeat(500),
            "SEARCH " + "OR ALL ".repeat(2_000) + "ALL",
            "UID SEARCH " + "NOT ".repeat(1_000) + "ALL",
            "FETCH 1 BODY[" + "1.".repeat(10_000) + "1]",
            "FETCH 1 BODY[" + "1.".repeat(1_000) + "MIME]",
            "FETCH 1 (" + "BODY[TEXT] BODY[1]<0.1> ".repeat(1_000) + "FLAGS)",
            "FETCH 1 (" + "(".repeat(5_000) + "FLAGS" + ")".repeat(5_000) + ")",
            "FETCH 1 (BODY[",
            "FETCH 1 (FLAGS",
            "SEARCH SUBJECT \"a",
            "LIST \"\" \"" + "*".repeat(10_000) + "\"",
            "LIST \"\" \"" + "%a*".repeat(5_000) + "\"",
            "LSUB \"\" \"" + "*a".repeat(5_000) + "\"",
            "STATUS \"" + "a.".repeat(10_000) + "\" (MESSAGES)",
            "CREATE \"A&B\"",
            "CREATE \"&&&&\"",
            "CREATE \"A&AAAA-B\"",
            "SELECT \"A&B\"",
            "RENAME \"A&B\" \"C&D\"",
            "SELECT \"#user.bob.INBOX\"",
            "SELECT \"#shared.x\"",
            "SELECT \"#private.x.y\"",
            "EXAMINE \"#user.\"",
            "DELETE \"#user.bob.INBOX\"",
            "GETACL \"#user.bob.INBOX\"",
            "UNAUTHENTICATE",
            "DELETE INBOX",
            "DELETE inbox",
            "STORE 1:* +FLAGS (" + "\\Seen ".repeat(5_000) + ")",
            "SETQUOTA \"\" (STORAGE 1)",
            "ENABLE " + "X ".repeat(10_000),
            "ID (" + "\"a\" \"b\" ".repeat(2_000) + ")",
            "FETCH 99999999999999999999 FLAGS",
            "FETCH 0 FLAGS",
            "SEARCH BEFORE 99-Foo-99999",
            "SEARCH CHARSET X-NONE ALL",
            "COMPRESS DEFLATE",
            "XYZZY");

    private final Endpoints server = Trial.server();

    @Test
    void everyCommandIsAnsweredAndTheConnectionGoesOn() throws Exception {
        for (String command : COMMANDS) {
            String abbreviated = command.length() > 40 ? command.substring(0, 40) + "…" : command;
            try (RawClient client = logIn()) {
                client.send("s SELECT INBOX\r\n");
                until(client, "s ");
                client.send("c " + command + "\r\n");
                assertThat(until(client, "c ")).as(abbreviated).matches("(?s)c (OK|NO|BAD) .*");
                client.send("n NOOP\r\n");
                assertThat(until(client, "n ")).as("NOOP after " + abbreviated).startsWith("n OK");
            }
        }
        try (RawClient client = logIn()) {
            client.send("s SELECT INBOX\r\n");
            assertThat(until(client, "s ")).startsWith("s OK");
        }
    }

    @Test
    void aMessageThatWouldHangWhoOpensItIsNotAppended() throws Exception {
        StringBuilder nested = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            nested.append("Content-Type: multipart/mixed; boundary=b").append(i).append("\r\n\r\n--b");
            nested.append(i).append("\r\n");
        }
        try (RawClient client = logIn()) {
            client.send("a APPEND INBOX {" + nested.length() + "}\r\n");
            client.line();
            client.send(nested + "\r\n");
            assertThat(until(client, "a ")).startsWith("a NO");
            client.send("n NOOP\r\n");
            assertThat(until(client, "n ")).startsWith("n OK");
        }
    }

    private RawClient logIn() throws IOException {
        RawClient client = new RawClient(server.imaps()).tls();
        client.line();
        client.send("l LOGIN " + server.user() + " " + server.password() + "\r\n");
        assertThat(until(client, "l ")).startsWith("l OK");
        return client;
    }

    /** The line with this tag; what comes before it is passed over. Empty when the connection ends. */
    private static String until(RawClient client, String tag) throws IOException {
        String line = client.line();
        while (!line.isEmpty() && !line.startsWith(tag) && !line.startsWith("* BYE")) {
            line = client.line();
        }
        return line;
    }
}
