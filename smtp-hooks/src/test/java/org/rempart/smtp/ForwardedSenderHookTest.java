/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import org.apache.james.core.MailAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;
import org.rempart.policy.KeyFile;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.smtp.SmtpTestServer.Listener;

/** Bounces of mail that was sent on, over real sockets: only what we have made, and lately, is an address. */
@Tag("james-3.8")
class ForwardedSenderHookTest {
    private static final String POLICY = "<policy><forwards bounces=\"7d\"/></policy>";
    private static final int MX = 0;
    private static final int SUBMISSION = 1;

    private static SmtpTestServer server;
    private static Path key;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, POLICY, Listener.mx(), Listener.submission());
        key = home.resolve("var/forwards.key");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    private static String address(String sender, String domain, Duration before) throws Exception {
        Clock then = Clock.offset(Clock.systemUTC(), before.negated());
        return new SenderRewriting(KeyFile.read(key.toFile(), "the key"), Duration.ofDays(7), then)
                .rewrite(new MailAddress(sender), domain)
                .orElseThrow()
                .asString();
    }

    private static String address() throws Exception {
        return address("carol@far.example", "ours.example", Duration.ZERO);
    }

    @Test
    void aBounceIsTakenAndPassesTheGate() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("", address(), address("dave@far.example", "also.example", Duration.ofDays(7)));
            client.send(SmtpClient.message("Undelivered")).expect(250);
        }
        assertThat(server.spool().only().recipients()).hasSize(2).contains(address());
        assertThat(server.spool().only().attribute(MailAttributes.GATE)).isEqualTo("rcpt");
    }

    @Test
    void aLongSenderAndAnotherCaseAreTakenToo() throws Exception {
        String ses = "0100018f2b7c8a3e-5d1c0a4e-7b52-4f0e-9a57-1c2d3e4f5a6b-000000@mail.far.example";
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<>", "250");
            client.command("RCPT TO:<" + address(ses, "ours.example", Duration.ZERO) + ">", "250");
            client.command("RCPT TO:<" + address().toLowerCase(Locale.ROOT) + ">", "250");
            client.command(
                    "RCPT TO:<" + address("\"two words\"@far.example", "ours.example", Duration.ZERO) + ">", "250");
        }
    }

    @Test
    void anOldOneIsRefused() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<>", "250");
            client.command(
                    "RCPT TO:<" + address("carol@far.example", "ours.example", Duration.ofDays(8)) + ">",
                    "550 5.7.1 This address has expired");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SRS0=AAAAAAAA=AA=far.example=carol@ours.example",
                "srs0=aaaa=aa=far.example=carol@also.example",
                "SRS0=@ours.example",
                "SRS1=AAAAAAAAAA=one.example==AA=AA=far.example=carol@ours.example",
                "\"SRS0=AAAAAAAA=AA=far.example=a b\"@ours.example"
            })
    void aForgedOneIsRefused(String recipient) throws IOException {
        for (String sender : new String[] {"", "f@foreign.example"}) {
            try (SmtpClient client = server.connect(MX)) {
                client.ehlo().command("MAIL FROM:<" + sender + ">", "250");
                client.command("RCPT TO:<" + recipient + ">", "550 5.7.1 This address was not made here");
                client.command("DATA", "503");
            }
        }
    }

    @Test
    void onlyABounceIsTakenAndNoOtherDomainIsOpened() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<" + address() + ">", "550 5.7.1 This address takes delivery reports only");
            client.command("RSET", "250").command("MAIL FROM:<>", "250");
            client.command("RCPT TO:<" + address() + ">", "250");
            client.command("RCPT TO:<carol@far.example>", "550 5.7.1 Relaying denied");
            client.command(
                    "RCPT TO:<" + address().replace("ours.example", "foreign.example") + ">", "550 5.7.1 Relaying");
        }
    }

    @Test
    void anAccountHasNoOtherRights() throws Exception {
        try (SmtpClient client = server.connect(SUBMISSION)) {
            client.ehlo().startTls().ehlo().authenticate("alice@ours.example");
            client.command("MAIL FROM:<alice@ours.example>", "250");
            client.command("RCPT TO:<" + address() + ">", "550 5.7.1 This address takes delivery reports only");
        }
    }

    @Test
    void whatOneTransactionTookIsNotKnownInTheNext() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<>", "250");
            client.command("RCPT TO:<" + address() + ">", "250");
            client.command("RSET", "250").command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<" + address() + ">", "550 5.7.1");
        }
    }

    @Test
    void withoutTheDomainsNothingIsDecided() throws Exception {
        String address = address();
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<>", "250");
            server.breakDomainListAfter(1);
            client.command("RCPT TO:<" + address + ">", "451 4.3.0");
        } finally {
            server.breakDomainList(false);
        }
    }

    @Test
    void theKeyIsForTheServerAloneAndAnythingElseThereStopsTheStart(@TempDir Path home) throws Exception {
        assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/forwards.key"), "short\n");
        assertThatThrownBy(() -> SmtpTestServer.start(home, POLICY, Listener.mx()))
                .hasStackTraceContaining("ForwardedSenderHook: the key of rewritten senders, ")
                .hasStackTraceContaining("32 bytes in base64");
    }

    @Test
    void itStandsBeforeTheHookThatRefusesUnknownRecipients(@TempDir Path home) {
        assertThatThrownBy(() -> SmtpTestServer.start(
                        home,
                        POLICY,
                        Listener.mx()
                                .handlers(
                                        SessionGuard.class,
                                        StrictLinesFilter.class,
                                        RefuseAuthHook.class,
                                        RelayHook.class,
                                        KnownRecipientHook.class,
                                        ForwardedSenderHook.class)))
                .hasStackTraceContaining("ForwardedSenderHook has to stand before KnownRecipientHook");
    }
}
