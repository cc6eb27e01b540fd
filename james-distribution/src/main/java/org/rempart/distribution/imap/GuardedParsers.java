/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import io.netty.handler.codec.DecoderException;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.Tag;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.decode.DecodingException;
import org.apache.james.imap.decode.ImapCommandParser;
import org.apache.james.imap.decode.ImapCommandParserFactory;
import org.apache.james.imap.decode.ImapRequestLineReader;
import org.apache.james.imapserver.netty.NettyImapRequestLineReader.NotEnoughDataException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * James's parsers of IMAP commands. What one of them breaks on, such as a thousand parentheses or a mailbox name that is no
 * modified UTF-7, is answered {@code BAD}, and the connection goes on; James ends it without a word.
 */
final class GuardedParsers implements ImapCommandParserFactory {
    private static final Logger LOGGER = LoggerFactory.getLogger(GuardedParsers.class);
    private static final HumanReadableText UNREADABLE =
            new HumanReadableText("org.rempart.imap.UNREADABLE", "failed. The command can't be read.");

    private final ImapCommandParserFactory parsers;
    private final StatusResponseFactory responses;

    GuardedParsers(ImapCommandParserFactory parsers, StatusResponseFactory responses) {
        this.parsers = parsers;
        this.responses = responses;
    }

    @Override
    public ImapCommandParser getParser(String command) {
        ImapCommandParser parser = parsers.getParser(command);
        return parser == null ? null : (request, tag, session) -> parse(parser, command, request, tag, session);
    }

    private ImapMessage parse(
            ImapCommandParser parser, String command, ImapRequestLineReader request, Tag tag, ImapSession session) {
        try {
            return parser.parse(new OneCommand(request), tag, session);
        } catch (NotEnoughDataException | DecoderException ofTheFramer) {
            // More is to come, or a limit is reached: what reads the connection knows what to do.
            throw ofTheFramer;
        } catch (OutOfMemoryError ofTheServer) {
            throw ofTheServer;
        } catch (RuntimeException | Error unreadable) {
            // A parser that calls itself for each parenthesis ends with an Error, which says that the command is odd.
            return refused(command, request, tag, unreadable);
        }
    }

    private ImapMessage refused(String command, ImapRequestLineReader request, Tag tag, Throwable unreadable) {
        LOGGER.info("{} can't be read: {}", command, unreadable.toString());
        LOGGER.debug("{} can't be read", command, unreadable);
        try {
            // What reads the connection takes the line's end itself; with none left it would wait for one.
            while (request.nextChar() != '\n') {
                request.consume();
            }
        } catch (DecodingException | IllegalArgumentException atItsEnd) {
            LOGGER.debug("Nothing is left of {}", command, atItsEnd);
        }
        return responses.taggedBad(tag, null, UNREADABLE);
    }
}
