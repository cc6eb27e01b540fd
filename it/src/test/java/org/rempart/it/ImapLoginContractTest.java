/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.testsupport.RawClient;

@DisplayName("A3: passwords are no easier to guess over IMAP")
class ImapLoginContractTest {
    private final Endpoints server = Trial.server();

    private boolean logsIn(Variant variant, String user, String password) throws IOException {
        try (ImapClient client = ImapClient.connectTls(variant.imaps(), Mails.tls(server))) {
            return client.command("LOGIN " + user + " \"" + password + "\"").ok();
        }
    }

    private boolean authenticates(Variant variant, String user, String password) throws IOException {
        String plain =
                Base64.getEncoder().encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
        try (RawClient client = new RawClient(variant.imaps()).tls()) {
            client.line();
            return client.send("a AUTHENTICATE PLAIN " + plain + "\r\n").line().startsWith("a OK");
        }
    }

    private SmtpClient submissions(Variant variant, String from) throws IOException {
        return SmtpClient.connectTls(InetAddress.getByName(from), variant.submissions(), Mails.tls(server));
    }

    @Test
    void a3_failuresCountTogetherWithThoseOfSmtp() throws Exception {
        try (Variant variant = new Variant("imap-logins")) {
            variant.edit(
                    "rempart.xml",
                    "<failures [^>]*/>(\\s*<failures [^>]*/>)*",
                    "<failures per=\"account\" limit=\"3/10m\" then=\"block/1h\"/>"
                            + "<failures per=\"address\" limit=\"8/10m\" then=\"block/1h\"/>");
            variant.start();
            variant.addUser(server.user(), server.password());
            variant.addUser(server.user2(), server.password2());

            anAccountThatIsBlockedIsSoForImap(variant);
            aSuccessTakesBackWhatFailed(variant);
            anAddressThatGuessesIsBlockedForAll(variant);

            AuditLog trail = AuditLog.of(variant.home());
            assertThat(trail.events("login")).anySatisfy(login -> {
                assertThat(login.path("protocol").asText()).isEqualTo("imap");
                assertThat(login.path("account").asText()).isEqualTo(server.user());
                assertThat(login.path("client").asText()).isEqualTo("127.0.0.1");
                assertThat(login.path("listener").asInt())
                        .isEqualTo(variant.imaps().getPort());
                assertThat(login.path("tls").asText()).startsWith("TLSv1.");
            });
            assertThat(trail.events("blocked")).hasSize(3);
            assertThat(trail.events("blocked-refused"))
                    .anySatisfy(
                            event -> assertThat(event.path("protocol").asText()).isEqualTo("imap"));
        }
    }

    @Test
    void a3_behindAProxyTheClientsThatItSpeaksForAreToldApart() throws Exception {
        try (Variant variant = new Variant("imap-proxied")) {
            variant.edit(
                    "rempart.xml",
                    "<failures [^>]*/>(\\s*<failures [^>]*/>)*",
                    "<failures per=\"address\" limit=\"3/10m\" then=\"block/1h\"/>");
            variant.edit("imapserver.xml", "<connectionBacklog>", "<proxyRequired>true</proxyRequired>$0");
            variant.start();
            variant.addUser(server.user(), server.password());

            for (int i = 0; i < 3; i++) {
                assertThat(logsInBehindProxy(variant, "192.0.2.7", "guess" + i)).isFalse();
            }
            try (RawClient proxy = new RawClient(variant.imaps())) {
                proxy.send("PROXY TCP4 192.0.2.7 198.51.100.1 40000 993\r\n").tls();
                proxy.line();
                // Who the client is is known with the first bytes behind the proxy's line.
                proxy.send("a NOOP\r\n");
                assertThat(proxy.untilClosed()).startsWith("* BYE ").doesNotContain("OK");
            }
            assertThat(logsInBehindProxy(variant, "192.0.2.8", server.password()))
                    .isTrue();

            assertThat(AuditLog.of(variant.home()).events("blocked"))
                    .singleElement()
                    .satisfies(blocked -> {
                        assertThat(blocked.path("client").asText()).isEqualTo("192.0.2.7");
                        assertThat(blocked.path("blocked").asText()).isEqualTo("192.0.2.7");
                    });
        }
    }

    /** By the PROXY protocol, version 1, as a load balancer speaks it. */
    private boolean logsInBehindProxy(Variant variant, String client, String password) throws IOException {
        try (RawClient proxy = new RawClient(variant.imaps())) {
            proxy.send("PROXY TCP4 " + client + " 198.51.100.1 40000 993\r\n").tls();
            proxy.line();
            return proxy.send("a LOGIN " + server.user() + " " + password + "\r\n")
                    .line()
                    .startsWith("a OK");
        }
    }

    private void anAccountThatIsBlockedIsSoForImap(Variant variant) throws IOException {
        try (SmtpClient client = submissions(variant, "127.0.0.5")) {
            client.command("EHLO client.example");
            for (int i = 0; i < 3; i++) {
                assertThat(client.authPlain(server.user2(), "guess" + i).code()).isEqualTo(535);
            }
        }
        assertThat(logsIn(variant, server.user2(), server.password2())).isFalse();
        assertThat(authenticates(variant, server.user2(), server.password2())).isFalse();
        assertThat(logsIn(variant, server.user(), server.password())).isTrue();
    }

    /** More often than the limit, and never without a success in between. */
    private void aSuccessTakesBackWhatFailed(Variant variant) throws IOException {
        for (int i = 0; i < 4; i++) {
            assertThat(logsIn(variant, server.user(), "guess")).isFalse();
            assertThat(authenticates(variant, server.user(), "guess")).isFalse();
            assertThat(authenticates(variant, server.user(), server.password())).isTrue();
        }
    }

    /** And one at which somebody has logged in goes on for him. */
    private void anAddressThatGuessesIsBlockedForAll(Variant variant) throws IOException {
        try (SmtpClient client = submissions(variant, "127.0.0.7")) {
            client.command("EHLO client.example");
            for (int i = 0; i < 8; i++) {
                String nobody = "nobody" + i + "@" + variant.domain();
                assertThat(client.authPlain(nobody, "guess").code()).isEqualTo(535);
            }
        }
        Awaitility.await("the block").atMost(Mails.PATIENCE).untilAsserted(() -> {
            try (SmtpClient client = submissions(variant, "127.0.0.7")) {
                assertThat(client.greeting().toString()).startsWith("421 4.7.0");
            }
        });
        for (int i = 0; i < 20; i++) {
            logsIn(variant, "nobody" + i + "@" + variant.domain(), "guess" + i);
        }
        assertThat(logsIn(variant, "new@" + variant.domain(), "guess")).isFalse();
        assertThat(logsIn(variant, server.user(), server.password())).isTrue();
    }
}
