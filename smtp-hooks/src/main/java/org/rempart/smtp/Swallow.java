/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;

/**
 * Ends a conversation for good. James closes a connection asynchronously, and until then goes on executing the lines
 * that arrived in the same segment as the offending one; which is what an attacker who smuggles a second message counts
 * on. From here on, every line is thrown away unread.
 */
final class Swallow implements LineHandler<SMTPSession> {
    private static final Swallow EVERYTHING = new Swallow();

    private Swallow() {}

    /** From now on nothing that this client sends has any effect. */
    static void everythingFrom(SMTPSession session) {
        session.resetState();
        session.pushLineHandler(EVERYTHING);
    }

    @Override
    public Response onLine(SMTPSession session, byte[] line) {
        return null;
    }
}
