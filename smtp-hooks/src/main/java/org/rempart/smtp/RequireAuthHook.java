/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.smtp.SMTPSession;

/**
 * Refuses mail from a client that has not proved an account, whatever its address and whatever the recipient (RFC 6409,
 * section 4.3). For submission listeners, behind {@link RequireTlsHook}:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RequireAuthHook"/>
 * }</pre>
 */
public final class RequireAuthHook implements ListenerHook, CommandHandler<SMTPSession> {
    private static final List<String> COMMANDS = List.of("MAIL", "RCPT", "DATA");

    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    @Override
    public Collection<String> getImplCommands() {
        return COMMANDS;
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        return SmtpFacts.account(session).isPresent() ? null : Answers.AUTHENTICATE_FIRST;
    }
}
