/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.ConnectHandler;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.DataLineFilter;
import org.rempart.message.Originators;

/**
 * Takes a message only when each of its lines came as the client meant it. Put it before the other filters:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.StrictLinesFilter"/>
 * }</pre>
 *
 * <ul>
 *   <li>A CR or an LF that is not part of a CRLF (RFC 5321, section 2.3.8) is refused. Servers disagree on whether such a
 *       line end counts, and a sender that one of them lets say {@code \n.\n} writes a second message, with any sender,
 *       into the connection of the first ("SMTP smuggling"). The answer is {@code 554 5.5.2}, the connection ends, and
 *       what the client has sent behind it has no effect. James 3.8.1 minds a bare LF, and not a bare CR.
 *   <li>A line longer than James can take (8192 octets; RFC 5322, section 2.1.1 allows 998) makes the message be refused
 *       at its end, with {@code 554 5.6.0}. James drops such a line, answers in the middle of the message, and takes the
 *       rest.
 *   <li>A NUL (RFC 5321, section 4.5.2: no server may send one) is refused like a bare line end: a next server that leaves
 *       NULs out sees the end of the message in {@code \0.}, where we see none.
 *   <li>A header longer than 1 MiB, or of more than {@value #MOST_HEADER_LINES} lines, makes the message be refused at its
 *       end, with {@code 554 5.6.0}: anyone who reads the mail from here on does work for each of its fields.
 * </ul>
 */
public final class StrictLinesFilter implements ListenerHook, DataLineFilter, ConnectHandler<SMTPSession> {
    /** The headers of mail that people write have a hundredth of it. */
    static final int MOST_HEADER_LINES = 20_000;

    /**
     * Makes sure that this version of James can be watched for dropped lines.
     *
     * @throws ConfigurationException when it can't, which stops the server's start
     */
    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
        try {
            LostLines.channelField();
        } catch (ReflectiveOperationException unknownJames) {
            throw new ConfigurationException(
                    "StrictLinesFilter does not work with this version of James; it is made for 3.8 and 3.9",
                    unknownJames);
        }
    }

    @Override
    public Response onConnect(SMTPSession session) {
        LostLines.watch(session);
        return null;
    }

    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        if (!endsWithCrLfAlone(line)) {
            AuditTrail.event("bare-line-end", session).log();
            session.popLineHandler();
            Swallow.everythingFrom(session);
            return Answers.BARE_LINE_END;
        }
        if (holdsNul(line)) {
            AuditTrail.event("nul", session).log();
            session.popLineHandler();
            Swallow.everythingFrom(session);
            return Answers.NUL;
        }
        Transaction transaction = Transaction.of(session);
        HeaderLength header = transaction.header();
        header.add(line);
        if (!transaction.hasLostLine() && !header.isTooLong()) {
            return next.onLine(session, line);
        }
        if (!isEndOfMessage(line)) {
            return null;
        }
        AuditTrail.event(header.isTooLong() ? "header-too-long" : "line-too-long", session)
                .log();
        session.popLineHandler();
        session.resetState();
        return header.isTooLong() ? Answers.HEADER_TOO_LONG : Answers.LINE_TOO_LONG;
    }

    /** How much of a header has come so far. */
    static final class HeaderLength {
        private long octets;
        private int lines;
        private boolean ended;

        void add(byte[] line) {
            ended |= line.length <= 2;
            if (!ended) {
                octets += line.length;
                lines++;
            }
        }

        boolean isTooLong() {
            return octets > Originators.LONGEST_HEADER || lines > MOST_HEADER_LINES;
        }
    }

    private static boolean holdsNul(byte[] line) {
        for (byte b : line) {
            if (b == 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether it is the dot alone (RFC 5321, section 4.1.1.4). */
    static boolean isEndOfMessage(byte[] line) {
        return line.length == 3 && line[0] == '.';
    }

    private static boolean endsWithCrLfAlone(byte[] line) {
        int text = line.length - 2;
        if (text < 0 || line[text] != '\r' || line[text + 1] != '\n') {
            return false;
        }
        for (int i = 0; i < text; i++) {
            if (line[i] == '\r' || line[i] == '\n') {
                return false;
            }
        }
        return true;
    }
}
