/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.james.core.Username;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.message.response.ImapResponseMessage;
import org.apache.james.imap.api.process.ImapProcessor.Responder;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imapserver.netty.NettyConstants;
import org.apache.james.mailbox.MailboxSession;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.LoginFailureLedger.Subject;
import org.rempart.policy.ledger.MemoryLoginFailureLedger;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit;

@DisplayName("A3: what an IMAP login counts for")
class LoginBrakeTest {
    private static final Username ALICE = Username.of("alice@example.com");
    private static final FailureLimit LIMIT = FailureLimit.of(
            FailureLimit.Per.ACCOUNT,
            RateLimit.Quantity.of(2, Duration.ofMinutes(10)),
            Duration.ofHours(1),
            Rule.byDefault("<failures>"));

    private final List<Subject> told = new ArrayList<>();
    private final MemoryLoginFailureLedger ledger = new MemoryLoginFailureLedger();
    private final LoginBrake brake = new LoginBrake(ledger, List.of(LIMIT), (braked, event) -> told.addAll(braked), "alice@example.com"::equals);

    private ImapSessionState state = ImapSessionState.NON_AUTHENTICATED;
    private final Map<String, Object> attributes = new HashMap<>();
    private final ImapSession session = connect();

    /** A session that holds what the brake asks it for. */
    private ImapSession connect() {
        MailboxSession mailboxes = new MailboxSession(
                MailboxSession.SessionId.of(1),
                ALICE,
                Optional.of(ALICE),
                List.of(),
                '.',
                MailboxSession.SessionType.User);
        ImapSession made = (ImapSession) Proxy.newProxyInstance(
                ImapSession.class.getClassLoader(),
                new Class<?>[] {ImapSession.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getState" -> state;
                    case "getAttribute" -> attributes.get((String) arguments[0]);
                    case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                    case "getMailboxSession" -> mailboxes;
                    case "sessionId" -> ImapSession.SessionId.generate();
                    case "getSSLSession" -> Optional.empty();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        EmbeddedChannel channel = new EmbeddedChannel() {
            @Override
            public SocketAddress remoteAddress() {
                return new InetSocketAddress("192.0.2.1", 40000);
            }

            @Override
            public SocketAddress localAddress() {
                return new InetSocketAddress("192.0.2.2", 993);
            }
        };
        channel.attr(NettyConstants.IMAP_SESSION_ATTRIBUTE_KEY).set(made);
        brake.introduce(channel);
        return made;
    }

    /** What James makes of it in another thread, at once. */
    private void hangUp() {
        state = ImapSessionState.LOGOUT;
    }

    private final Responder client = new Responder() {
        @Override
        public void respond(ImapResponseMessage message) {
            hangUp();
        }

        @Override
        public void flush() {}
    };

    private int tries;

    private void attempt(Consumer<Responder> login) {
        state = ImapSessionState.NON_AUTHENTICATED;
        brake.attempt(session, Optional.of(ALICE), "guess" + ++tries, "LOGIN", client, login, () -> {
            throw new AssertionError("the attempt was refused");
        });
    }

    private void wrongPassword() {
        attempt(answering -> {
            brake.failed(session);
            answering.respond(null);
        });
    }

    private void rightPassword() {
        attempt(answering -> {
            state = ImapSessionState.AUTHENTICATED;
            answering.respond(null);
        });
    }

    private boolean isBlocked() {
        return told.contains(Subject.of(LIMIT, ALICE.asString()));
    }

    @Test
    void wrongPasswordsBlock() {
        wrongPassword();
        assertThat(isBlocked()).isFalse();

        wrongPassword();
        assertThat(isBlocked()).isTrue();
    }

    @Test
    void aClientThatHangsUpWithItsAnswerHadLoggedIn() {
        wrongPassword();
        rightPassword();
        wrongPassword();

        assertThat(isBlocked()).isFalse();
    }

    @Test
    void whatNobodyCouldJudgeTakesUpNoPlace() {
        for (int i = 0; i < 5; i++) {
            attempt(answering -> hangUp());
        }

        wrongPassword();
        assertThat(isBlocked()).isFalse();
    }
}
