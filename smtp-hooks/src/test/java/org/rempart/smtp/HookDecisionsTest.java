/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.configuration2.BaseConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.BaseRequest;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.api.handler.UnknownCommandHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.server.ServerPolicy;

/** What each hook decides, hook by hook, whatever the flavour of James. */
class HookDecisionsTest {
    private static final DomainList OURS = FakeConnection.proxy(
            DomainList.class,
            (method, arguments) -> ((Domain) arguments[0]).asString().equals("ours.example"));

    private static ServerPolicy policy(String content) {
        return new ServerPolicy(FakeConnection.proxy(FileSystem.class, (method, arguments) -> {
            if (content == null) {
                throw new FileNotFoundException((String) arguments[0]);
            }
            return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
        }));
    }

    private static <T extends PolicyHook> T init(T hook) throws ConfigurationException {
        hook.init(new BaseConfiguration());
        return hook;
    }

    private static BaseRequest request(String command, String argument) {
        return new BaseRequest(command, argument);
    }

    private static HookResult rcpt(RelayHook hook, FakeConnection client, String recipient) throws Exception {
        return hook.doRcpt(
                client.session(), MaybeSender.of(new MailAddress("f@foreign.example")), new MailAddress(recipient));
    }

    @Test
    void relayHookOverrulesWhatJamesThinksOfTheAddress() throws Exception {
        RelayHook hook = init(new RelayHook(OURS, policy(null)));
        FakeConnection client = new FakeConnection();
        client.relayingAllowed = true;
        assertThat(rcpt(hook, client, "u@foreign.example").getSmtpRetCode()).isEqualTo("550");
        assertThat(client.relayingAllowed).isFalse();
        client.relayingAllowed = true;
        assertThat(rcpt(hook, client, "alice@ours.example")).isEqualTo(HookResult.DECLINED);
        assertThat(client.relayingAllowed).isFalse();
    }

    @Test
    void relayHookTellsJamesOfWhomItLetsRelay() throws Exception {
        RelayHook hook = init(new RelayHook(OURS, policy(null)));
        FakeConnection client = new FakeConnection();
        client.account = "alice@ours.example";
        assertThat(rcpt(hook, client, "u@foreign.example")).isEqualTo(HookResult.DECLINED);
        assertThat(client.relayingAllowed).isTrue();
    }

    @Test
    void relayHookAsksForAuthenticationOnlyWhereItIsOnOffer() throws Exception {
        RelayHook hook = init(new RelayHook(OURS, policy(null)));
        FakeConnection client = new FakeConnection();
        client.authAnnounced = true;
        assertThat(rcpt(hook, client, "u@foreign.example").getSmtpDescription())
                .isEqualTo("5.7.0 Authentication required");
        client.authAnnounced = false;
        assertThat(rcpt(hook, client, "u@foreign.example").getSmtpDescription()).isEqualTo("5.7.1 Relaying denied");
    }

    @Test
    void relayHookRefusesForNowWhatItCannotDecide() throws Exception {
        for (Exception failure : new Exception[] {new DomainListException("down"), new IllegalStateException("bug")}) {
            DomainList broken = FakeConnection.proxy(DomainList.class, (method, arguments) -> {
                throw failure;
            });
            FakeConnection client = new FakeConnection();
            client.relayingAllowed = true;
            HookResult result = rcpt(init(new RelayHook(broken, policy(null))), client, "alice@ours.example");
            assertThat(result.getSmtpRetCode()).isEqualTo("451");
            assertThat(result.getResult()).isEqualTo(HookReturnCode.denySoft());
            assertThat(client.relayingAllowed).isFalse();
        }
    }

    @Test
    void relayHookRemembersOnlySoManyRecipients() throws Exception {
        RelayHook hook = init(new RelayHook(OURS, policy(null)));
        FakeConnection client = new FakeConnection();
        for (int i = 0; i < Transaction.MOST_DECIDED; i++) {
            assertThat(rcpt(hook, client, "nobody" + i + "@ours.example")).isEqualTo(HookResult.DECLINED);
        }
        assertThat(rcpt(hook, client, "alice@ours.example").getSmtpDescription())
                .startsWith("4.5.3 ");
        Transaction.begin(client.session());
        assertThat(rcpt(hook, client, "alice@ours.example")).isEqualTo(HookResult.DECLINED);
    }

    @Test
    void aFaultyPolicyOrAnUnknownParameterStopsTheStart() {
        assertThatThrownBy(() -> init(new RelayHook(OURS, policy("<policy><relai/></policy>"))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("RelayHook")
                .hasMessageContaining("relai");
        BaseConfiguration unknown = new BaseConfiguration();
        unknown.addProperty("authorizedAddresses", "10.0.0.0/8");
        assertThatThrownBy(() -> new RequireTlsHook(policy(null)).init(unknown))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("unknown parameter <authorizedAddresses>");
        assertThatThrownBy(() -> rcpt(new RelayHook(OURS, policy(null)), new FakeConnection(), "u@foreign.example"))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOOP", "MAIL", "EHLO", "QUIT", "XYZZY", "STARTTLS"})
    void aCommandBetweenStarttlsAndTheHandshakeCondemnsTheConnection(String command) {
        SessionGuard guard = new SessionGuard();
        FakeConnection client = new FakeConnection()
                .with(SMTPSession.CURRENT_HELO_NAME, "injected.example", State.Connection)
                .with(SMTPSession.SENDER, MaybeSender.nullSender(), State.Transaction);
        SMTPSession session = client.session();
        assertThat(guard.onCommand(session, request("STARTTLS", null))).isNull();
        assertThat(client.transaction).isEmpty();
        assertThat(client.connection).doesNotContainKey(SMTPSession.CURRENT_HELO_NAME);

        client.tlsStarted = true;
        Response answer = guard.onCommand(session, request(command, null));
        assertThat(answer.getRetCode()).isEqualTo("421");
        assertThat(answer.isEndSession()).isTrue();
        assertSwallows(client);
    }

    @Test
    void afterTheHandshakeTheConversationGoesOn() {
        SessionGuard guard = new SessionGuard();
        FakeConnection client = new FakeConnection();
        SMTPSession session = client.session();
        assertThat(guard.onCommand(session, request("STARTTLS", null))).isNull();
        client.encrypted();
        assertThat(guard.onCommand(session, request("EHLO", "client.example"))).isNull();
        assertThat(guard.onCommand(session, request("MAIL", "FROM:<f@foreign.example>")))
                .isNull();
        assertThat(client.lineHandlers).isEmpty();
    }

    @Test
    void aStarttlsThatIsRefusedCondemnsNothing() {
        SessionGuard guard = new SessionGuard();
        FakeConnection client = new FakeConnection();
        SMTPSession session = client.session();
        assertThat(guard.onCommand(session, request("STARTTLS", "now")).getRetCode())
                .isEqualTo("501");
        assertThat(guard.onCommand(session, request("NOOP", null))).isNull();
        client.account = "alice@ours.example";
        assertThat(guard.onCommand(session, request("STARTTLS", null)).getRetCode())
                .isEqualTo("503");
        assertThat(guard.onCommand(session, request("NOOP", null))).isNull();
    }

    @Test
    void theGuardStandsBeforeEveryCommandOfJames() {
        assertThat(new SessionGuard().getImplCommands())
                .contains("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN")
                .contains("HELP", "QUIT", UnknownCommandHandler.COMMAND_IDENTIFIER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb\r\n", "a\n", "\n", "\r", "", "a", "a\r", ".\n", ".\r", ".\r\r\n", "\r.\r\n"})
    void aLineThatDoesNotEndInItsOnlyCrLfEndsTheConnection(String line) {
        FakeConnection client =
                new FakeConnection().with(SMTPSession.SENDER, MaybeSender.nullSender(), State.Transaction);
        client.lineHandlers.push((session, any) -> null);
        Response answer = new StrictLinesFilter()
                .onLine(client.session(), line.getBytes(StandardCharsets.ISO_8859_1), (session, any) -> {
                    throw new AssertionError("the line went on");
                });
        assertThat(answer.getRetCode()).isEqualTo("554");
        assertThat(answer.isEndSession()).isTrue();
        assertThat(client.transaction).isEmpty();
        assertThat(client.lineHandlers).hasSize(1);
        assertSwallows(client);
    }

    @SuppressWarnings("unchecked") // The fake keeps what the session was given.
    private static void assertSwallows(FakeConnection client) {
        LineHandler<SMTPSession> handler = (LineHandler<SMTPSession>) client.lineHandlers.peek();
        assertThat(handler.onLine(client.session(), "MAIL FROM:<>\r\n".getBytes(StandardCharsets.US_ASCII)))
                .isNull();
        assertThat(client.lineHandlers.peek()).isSameAs(handler);
    }

    @Test
    void tlsCountsWhenTheHandshakeIsDoneAndNotBefore() throws Exception {
        RequireTlsHook hook = init(new RequireTlsHook(policy(null)));
        FakeConnection client = new FakeConnection();
        client.tlsStarted = true;
        assertThat(hook.onCommand(client.session(), request("MAIL", "FROM:<>")).getRetCode())
                .isEqualTo("530");
        assertThat(hook.onCommand(client.session(), request("AUTH", "PLAIN x")).getRetCode())
                .isEqualTo("538");
        client.encrypted();
        assertThat(hook.onCommand(client.session(), request("MAIL", "FROM:<>"))).isNull();
        assertThat(hook.onCommand(client.session(), request("AUTH", "PLAIN x"))).isNull();
    }

    @Test
    void noAnswerNamesAHostAProductOrARule() {
        for (Response answer : new Response[] {
            Answers.STARTTLS_FIRST, Answers.AUTHENTICATE_FIRST, Answers.ENCRYPTION_FOR_AUTH, Answers.AUTH_NOT_OFFERED,
            Answers.CONTROL_CHARACTERS, Answers.INJECTED, Answers.BARE_LINE_END, Answers.LINE_TOO_LONG,
            Answers.STARTTLS_TOO_LATE, Answers.CANNOT_DECIDE
        }) {
            assertThat(String.join("\n", answer.getLines()))
                    .matches("[45]\\d\\d [45]\\.\\d+\\.\\d+ [^.]+")
                    .doesNotContainIgnoringCase("james")
                    .doesNotContainIgnoringCase("rempart")
                    .doesNotContain("<");
        }
    }
}
