/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** What a mail transaction knows, how long it lasts, and that nothing of one counts for another. */
@Tag("james-3.8")
class TransactionTest {
    private static final String POLICY =
            "<policy><networks><network name=\"app-servers\">127.0.0.1</network></networks>"
                    + "<relay><allow authenticated=\"true\"/>"
                    + "<allow network=\"app-servers\" senderDomains=\"app.example\"/></relay>"
                    + "<submission><rate per=\"account\" messages=\"1/1h\" then=\"defer\"/></submission>"
                    + "<tls><clients>optional</clients></tls></policy>";

    private static final int MX = 0;
    private static final int STOCK_CORE = 1;
    private static final int SUBMISSION = 2;
    private static final int AUTH_ON_OFFER = 3;

    private static final String FROM_APP = "From: f@app.example\r\n\r\nbody\r\n.\r\n";

    private final AuditRecorder trail = new AuditRecorder();
    private SmtpTestServer server;

    @BeforeEach
    void start(@TempDir Path home) throws Exception {
        List<Class<?>> submission = new ArrayList<>(SubmissionHandlers.OURS);
        submission.add(FailsOnDemand.class);
        server = SmtpTestServer.start(
                home,
                POLICY,
                Listener.mx(),
                Listener.mx().stockCore(),
                Listener.submission().handlers(submission.toArray(new Class<?>[0])),
                Listener.mx()
                        .handlers(SessionGuard.class, StrictLinesFilter.class, RequireTlsHook.class, RelayHook.class)
                        .announce("always"));
    }

    @AfterEach
    void stop() {
        FailsOnDemand.behaviour = () -> HookResult.DECLINED;
        server.close();
        trail.close();
    }

    @Test
    void aSecondMailChangesNothing() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "250");
            for (String second : List.of("MAIL FROM:<f@other.example>", "MAIL FROM:<>", "MAIL FROM", "MAIL")) {
                client.command(second, "503 5.5.1");
            }
            client.command("DATA", "354").send(FROM_APP).expect(250);
        }
        assertThat(server.spool().only().sender()).isEqualTo("f@app.example");
    }

    /** James's own MAIL forgets the sender when it refuses a second one, and keeps the recipients for a third. */
    @Test
    void recipientsOfOneSenderAreNotAnothers() throws IOException {
        try (SmtpClient client = server.connect(STOCK_CORE)) {
            client.ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "250");
            client.command("MAIL FROM:<f@other.example>", "503");
            client.command("MAIL FROM:<f@other.example>", "250");
            client.command("DATA", "354").send(FROM_APP).expect(451);
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSET", "EHLO client.example", "HELO client.example", "STARTTLS"})
    void whatEndsItLeavesNothingOfIt(String end) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "250");
            if (end.equals("STARTTLS")) {
                client.startTls().ehlo();
            } else {
                client.command(end, "250");
            }
            client.command("DATA", "503");
            client.command("MAIL FROM:<f@other.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
            client.command("RCPT TO:<alice@ours.example>", "250");
            client.command("DATA", "354").send(FROM_APP).expect(250);
        }
        assertThat(server.spool().only().recipients()).containsExactly("alice@ours.example");
    }

    /** What refused one mail is not told of the next. */
    @Test
    void aRefusalBelongsToItsMail() throws IOException {
        FailsOnDemand.behaviour = () -> Answers.refuse("550", "5.6.0 No");
        try (SmtpClient client = login()) {
            client.command("MAIL FROM:<bob@ours.example>", "553 5.7.1");
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send("From: alice@ours.example\r\n\r\nbody\r\n.\r\n").expect(550);
        }
        assertThat(trail.events("identity-refused")).hasSize(1);
        assertThat(trail.events("submission")).hasSize(1);
        assertThat(trail.events("submission").get(0))
                .contains("\"verdict\":\"refused\"")
                .doesNotContain("<identity");
    }

    @Test
    void whoSendsDoesNotChangeWithinIt() throws IOException {
        try (SmtpClient client = server.connect(AUTH_ON_OFFER)) {
            client.ehlo().startTls().ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command(
                    "AUTH PLAIN " + SmtpClient.plain("alice@ours.example", SmtpTestServer.PASSWORD), "503 5.5.1");
            client.command("AUTH LOGIN", "503 5.5.1");
            client.command("RSET", "250");
            client.authenticate("alice@ours.example");
        }
    }

    static Stream<Supplier<HookResult>> failures() {
        return Stream.of(
                () -> {
                    throw new IllegalStateException("a fault of a hook");
                },
                () -> {
                    throw new StackOverflowError();
                },
                () -> Answers.refuse("550", "5.6.0 No"),
                () -> Answers.refuseForNow("451", "4.3.0 Not now"));
    }

    /** A message that a hook behind the count refuses, or fails at, was not submitted. */
    @ParameterizedTest
    @MethodSource("failures")
    void whatIsNotTakenDoesNotCount(Supplier<HookResult> failure) throws IOException {
        FailsOnDemand.behaviour = failure;
        for (int i = 0; i < 3; i++) {
            try (SmtpClient client = login()) {
                client.envelope("alice@ours.example", "bob@ours.example");
                assertThat(client.send("From: alice@ours.example\r\n\r\nbody\r\n.\r\n")
                                .reply())
                        .matches("(?s)[45].*");
            }
        }
        FailsOnDemand.behaviour = () -> HookResult.DECLINED;
        try (SmtpClient client = login()) {
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send("From: alice@ours.example\r\n\r\nbody\r\n.\r\n").expect(250);
            client.command("MAIL FROM:<alice@ours.example>", "452 4.7.28");
        }
        assertThat(server.spool().mails()).hasSize(1);
    }

    private SmtpClient login() throws IOException {
        return server.connect(SUBMISSION).ehlo().startTls().ehlo().authenticate("alice@ours.example");
    }
}
