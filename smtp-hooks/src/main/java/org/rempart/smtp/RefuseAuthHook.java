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
 * Refuses AUTH, for the listener that other servers deliver to (the MX, port 25). James's {@code <announce>never} only
 * leaves the keyword out of EHLO, and still takes passwords.
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RefuseAuthHook"/>
 * }</pre>
 */
public final class RefuseAuthHook implements ListenerHook, CommandHandler<SMTPSession> {
    private static final List<String> COMMANDS = List.of("AUTH");

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
        AuditTrail.event("auth-refused", session).log();
        return Answers.AUTH_NOT_OFFERED;
    }
}
