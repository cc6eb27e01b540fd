/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.message.response.StatusResponse;
import org.apache.james.imap.decode.ImapRequestLineReader;
import org.apache.james.imap.decode.main.DefaultImapDecoder;
import org.apache.james.imap.decode.parser.ImapParserFactory;
import org.apache.james.imap.encode.FakeImapSession;
import org.apache.james.imap.message.request.LoginRequest;
import org.apache.james.imap.message.response.UnpooledStatusResponseFactory;
import org.apache.james.imapserver.netty.NettyImapRequestLineReader;
import org.apache.james.imapserver.netty.NettyImapRequestLineReader.NotEnoughDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each command line gets an answer of its own, and leaves the next one to the next command. */
class GuardedParsersTest {
    private static final UnpooledStatusResponseFactory RESPONSES = new UnpooledStatusResponseFactory();

    private static ImapRequestLineReader lines(String text) {
        return new NettyImapRequestLineReader(null, Unpooled.wrappedBuffer(text.getBytes(US_ASCII)), false, 1_000);
    }

    private static ImapMessage read(ImapRequestLineReader lines, ImapSessionState state) {
        FakeImapSession session = new FakeImapSession() {
            @Override
            public ImapSessionState getState() {
                return state;
            }
        };
        return new DefaultImapDecoder(RESPONSES, new GuardedParsers(new ImapParserFactory(RESPONSES), RESPONSES))
                .decode(lines, session);
    }

    private static ImapMessage logIn(String line) {
        return read(lines(line), ImapSessionState.NON_AUTHENTICATED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FETCH 1 (BODY[",
                "FETCH 1 (BODY[HEADER.FIELDS (From",
                "FETCH 1 (FLAGS",
                "FETCH 1 (",
                "FETCH 1",
                "FETCH",
                "UID FETCH 1 (BODY[]<",
                "SEARCH SUBJECT \"hello",
                "SEARCH (ALL",
                "SEARCH NOT",
                "LOGIN \"alice",
                "LOGIN alice",
                "LIST \"\" \"a",
                "STATUS INBOX (MESSAGES",
                "STORE 1 +FLAGS (\\Seen",
                "APPEND INBOX (\\Seen",
                "CREATE \"a\\",
                "ID (\"a\" \"b\"",
                "ENABLE",
                "XYZZY (",
                "SELECT {",
                "SELECT {1",
                "SELECT {1a ..",
                "SELECT {}",
                "SELECT {+}",
                "SELECT {-1}",
                "SELECT {1++}",
                "SELECT {1}x",
                "SELECT {99999999999}",
                "RENAME a {1",
                "APPEND INBOX {",
                "APPEND INBOX {99999999999+}",
                "LOGIN {",
            })
    void aCommandThatEndsTooEarlyIsBad(String command) throws Exception {
        ImapRequestLineReader lines = lines("c " + command + "\r\nn NOOP\r\n");
        ImapMessage first = read(
                lines, command.startsWith("LOGIN") ? ImapSessionState.NON_AUTHENTICATED : ImapSessionState.SELECTED);
        assertThat(first).isInstanceOf(StatusResponse.class);
        assertThat(((StatusResponse) first).getServerResponseType()).isEqualTo(StatusResponse.Type.BAD);

        // As what reads the connection does.
        lines.consumeLine();
        assertThat(lines.tag().asString()).isEqualTo("n");
    }

    @Test
    void aLiteralIsWaitedForAndRead() {
        assertThatThrownBy(() -> logIn("c LOGIN {5+}\r\nal")).isInstanceOf(NotEnoughDataException.class);
        assertThatThrownBy(() -> logIn("c LOGIN {5+}\r\nalice")).isInstanceOf(NotEnoughDataException.class);
        assertThatThrownBy(() -> logIn("c LOGIN {0+}\r\n")).isInstanceOf(NotEnoughDataException.class);
        ImapMessage login = logIn("c LOGIN {5+}\r\nalice {6+}\r\nse\r\ncr\r\n");
        assertThat(login).isInstanceOf(LoginRequest.class);
        assertThat(((LoginRequest) login).getPassword()).isEqualTo("se\r\ncr");
    }
}
