/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.RawClient;

/** What a client sends over IMAP to hang whoever reads it. */
class ImapHostileInputContractTest {
    private final Endpoints server = Trial.server();

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
