/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rempart.it.contract.Contract;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.sink.SinkMail;

@Contract
@DisplayName("H: real and malformed messages pass, and no byte of a body changes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CorpusContractTest {
    /** The envelope sender of the messages. */
    static final String AUTHOR = "author@outside.example";

    private final Endpoints server = Trial.server();

    private Variant variant;

    /** One that relays for this machine. */
    @BeforeAll
    void start() throws Exception {
        variant = new Variant("corpus");
        variant.edit(
                "rempart.xml",
                "<relay>",
                "<networks><network name=\"here\">127.0.0.1</network></networks><relay><allow network=\"here\"/>");
        variant.start();
    }

    @AfterAll
    void stop() throws IOException {
        if (variant != null) {
            variant.close();
        }
    }

    @Test
    void messagesOfOthers() throws Exception {
        Path corpus = Path.of(System.getProperty("rempart.corpus"));
        Assumptions.assumeTrue(Files.isDirectory(corpus), "there is no corpus beside the project, at " + corpus);
        List<byte[]> messages = new ArrayList<>();
        try (Stream<Path> files = Files.walk(corpus)) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(msg|eml)"))
                    .sorted()
                    .toList()) {
                messages.add(withCrLf(Files.readAllBytes(file)));
            }
        }
        assertThat(messages).isNotEmpty();
        pass("corpus", messages);
    }

    @Test
    void worseMessagesOfOurOwn() throws Exception {
        pass(
                "worse",
                Stream.of(
                                "",
                                "\r\n",
                                "no colon at all\r\n",
                                "Subject: no body",
                                "From x@y Tue Nov 24\r\nSubject: mailbox line\r\n\r\nbody\r\n",
                                "Content-Type: text/plain; charset=\"; boundary=\r\nX-Mailer: x\r\n\r\nbody\r\n",
                                "Content-Type: multipart/mixed; boundary=;;\r\nX-Mailer: x\r\n\r\n--x\r\n\r\nbody\r\n",
                                "Mime-Version: 1.0 (Mac OS X Mail 16.0)\r\nX-Mailer: x\r\n\r\nb\u00f6dy \u00ff\r\n",
                                "X-Mailer: a\r\n" + " folded\r\n".repeat(1000) + "Subject: s\r\n\r\nbody\r\n",
                                "X-A: b\r\n".repeat(5000) + "X-Mailer: x\r\n\r\nbody\r\n",
                                "Received: (((((\r\nReceived: from [10.0.0.1\r\nReceived:\r\n\r\nbody\r\n",
                                "Subject: dots\r\n\r\n.\r\n..\r\n...leading\r\n.x\r\n",
                                "Subject: long\r\n\r\n" + "x".repeat(20_000) + "\r\n")
                        .map(Mails::bytes)
                        .toList());
    }

    private void pass(String name, List<byte[]> messages) throws Exception {
        int first = SinkMail.all(server.sinkDirectory()).size();
        List<byte[]> taken = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
                client.command("EHLO outside.example");
                SmtpReply reply = client.send(AUTHOR, List.of(name + i + "@partner.example"), messages.get(i));
                if (Mails.text(messages.get(i)).matches("(?s).*(\0|\r(?!\n)).*")) {
                    assertThat(reply.refused())
                            .as("a bare CR, or a NUL: " + reply)
                            .isTrue();
                } else if (Way.current() == Way.DROP_IN && hasLongLine(messages.get(i))) {
                    assertThat(reply.toString()).startsWith("554 5.6.0 ");
                } else {
                    assertThat(reply.code()).as(reply.toString()).isEqualTo(250);
                    taken.add(messages.get(i));
                    arrivesWhole(name + i + "@partner.example", messages.get(i));
                }
            }
        }
        assertThat(SinkMail.all(server.sinkDirectory())).hasSizeGreaterThanOrEqualTo(first + taken.size());
        assertThat(variant.administration("/mailRepositories/var%2Fmail%2Ferror/mails"))
                .isEqualTo("[]");
    }

    /** Whether James, which cuts lines itself, would drop one of it. */
    private static boolean hasLongLine(byte[] message) {
        return Mails.text(message).lines().anyMatch(line -> line.length() > 8190);
    }

    private void arrivesWhole(String recipient, byte[] sent) throws Exception {
        SinkMail mail = SinkMail.await(server.sinkDirectory(), found -> found.isTo(recipient), Mails.PATIENCE)
                .orElseThrow(() -> new AssertionError("the mail to " + recipient + " has not left"));
        String message = Mails.text(sent);
        int separator = message.indexOf("\r\n\r\n");
        if (separator > 0) {
            assertThat(Mails.text(mail.raw()))
                    .as("the body of the mail to " + recipient)
                    .endsWith(message.substring(separator));
        }
    }

    /** The lines of a file end as its system writes them; those of a mail end with CRLF. */
    private static byte[] withCrLf(byte[] file) {
        String text = Mails.text(file).replace("\r\n", "\n").replace("\n", "\r\n");
        return Mails.bytes(text.endsWith("\r\n") ? text : text + "\r\n");
    }
}
