/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.DataLineFilter;

/**
 * Refuses a message that holds a CR or an LF which is not part of a CRLF (RFC 5321, section 2.3.8). Servers disagree on
 * whether such a line end counts, and a sender that one of them lets say {@code \n.\n} writes a second message, with any
 * sender, into the connection of the first ("SMTP smuggling"). Put it before the other filters:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.StrictLinesFilter"/>
 * }</pre>
 *
 * The answer is {@code 554 5.5.2}, the connection ends, and what the client has sent behind it has no effect. James
 * 3.8.1 sees a bare LF (not a bare CR), but then executes the rest of the segment as commands.
 */
public final class StrictLinesFilter implements DataLineFilter {
    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        if (endsWithCrLfAlone(line)) {
            return next.onLine(session, line);
        }
        AuditTrail.event("bare-line-end", session).log();
        session.popLineHandler();
        Swallow.everythingFrom(session);
        return Answers.BARE_LINE_END;
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
