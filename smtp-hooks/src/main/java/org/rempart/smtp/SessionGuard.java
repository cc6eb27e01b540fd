/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.api.handler.UnknownCommandHandler;
import org.apache.james.protocols.smtp.SMTPSession;

/**
 * Keeps what was said before from counting where it must not: in clear text, after STARTTLS (RFC 3207, sections 4.2 and 5),
 * or of another mail. Put it first, on every
 * listener:
 *
 * <pre>{@code
 * <handlerchain>
 *   <handler class="org.rempart.smtp.SessionGuard"/>
 *   …
 * }</pre>
 *
 * <ul>
 *   <li>MAIL begins a {@link Transaction}: what was decided about a mail before does not count for this one.
 *   <li>STARTTLS forgets all that the client said before: greeting, sender, recipients. James keeps them, so that
 *       somebody in between could have said them.
 *   <li>A command that arrives between the answer to STARTTLS and the end of the handshake was injected in clear text.
 *       It is answered {@code 421 4.7.0}, and nothing of that connection has any effect any more.
 *   <li>STARTTLS behind a first DATA is answered {@code 503 5.5.1}. From DATA on, James no longer looks for what was
 *       sent together with STARTTLS, and half a line of it would become the beginning of the first encrypted command. A
 *       DATA that a hook has refused before James saw it does not count: where James does look, it hangs up on a client
 *       that goes on in clear text after its STARTTLS, however that was answered.
 *   <li>Control characters in a command are answered {@code 500 5.5.2}: a NUL or a lone CR means different things to
 *       different servers.
 *   <li>DATA, RSET, QUIT and STARTTLS with a parameter are answered {@code 501 5.5.4}, and have no effect; STARTTLS where TLS is
 *       active, or behind a login, {@code 503 5.5.1}.
 *   <li>A command that ends in a bare LF is answered {@code 500 5.5.2} (RFC 5321, section 2.3.8), where
 *       {@link StrictLinesFilter} is in the listener, too: who puts line ends into an address that a program hands on
 *       writes commands of his own. A message with such line ends is refused anyway, so no client is lost by it.
 * </ul>
 */
public final class SessionGuard implements ListenerHook, CommandHandler<SMTPSession> {
    private static final String STARTTLS = "STARTTLS";
    private static final AttachmentKey<Boolean> HANDSHAKE_DUE =
            AttachmentKey.of("org.rempart.smtp.handshake-due", Boolean.class);

    /** RFC 5321, section 4.1.1; RFC 3207, section 4. */
    private static final Set<String> WITHOUT_PARAMETER = Set.of(STARTTLS, "DATA", "RSET", "QUIT");

    private static final List<String> COMMANDS = List.of(
            "HELO",
            "EHLO",
            STARTTLS,
            "AUTH",
            "MAIL",
            "RCPT",
            "DATA",
            "RSET",
            "NOOP",
            "VRFY",
            "EXPN",
            "HELP",
            "QUIT",
            UnknownCommandHandler.COMMAND_IDENTIFIER);

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
        if (session.getAttachment(HANDSHAKE_DUE, State.Connection).isPresent()) {
            if (SmtpFacts.tls(session).isEmpty()) {
                AuditTrail.event("command-injection", session).log();
                Swallow.everythingFrom(session);
                return Answers.INJECTED;
            }
            session.removeAttachment(HANDSHAKE_DUE, State.Connection);
        }
        if (LostLines.endedInBareLf(session)) {
            AuditTrail.event("bare-line-end", session).log();
            return Answers.BARE_LF_IN_COMMAND;
        }
        if (hasControlCharacters(request.getCommand()) || hasControlCharacters(request.getArgument())) {
            return Answers.CONTROL_CHARACTERS;
        }
        if (WITHOUT_PARAMETER.contains(request.getCommand().toUpperCase(Locale.ROOT))
                && !isEmpty(request.getArgument())) {
            return Answers.NO_PARAMETER;
        }
        if (request.getCommand().equalsIgnoreCase(STARTTLS) && session.isStartTLSSupported() && !mayStart(session)) {
            return Answers.STARTTLS_OUT_OF_PLACE;
        }
        if (request.getCommand().equalsIgnoreCase("MAIL") && !Transaction.isOpen(session)) {
            Transaction.begin(session);
        }
        if (startsTls(session, request)) {
            if (!session.needsCommandInjectionDetection()) {
                return Answers.STARTTLS_TOO_LATE;
            }
            session.resetState();
            session.removeAttachment(SMTPSession.CURRENT_HELO_MODE, State.Connection);
            session.removeAttachment(SMTPSession.CURRENT_HELO_NAME, State.Connection);
            session.setAttachment(HANDSHAKE_DUE, Boolean.TRUE, State.Connection);
        }
        return null;
    }

    /** Whether James will answer this with 220 and wait for a handshake. */
    private static boolean startsTls(SMTPSession session, Request request) {
        return request.getCommand().equalsIgnoreCase(STARTTLS)
                && isEmpty(request.getArgument())
                && session.isStartTLSSupported()
                && mayStart(session);
    }

    private static boolean mayStart(SMTPSession session) {
        return !session.isTLSStarted() && session.getUsername() == null;
    }

    private static boolean isEmpty(String argument) {
        return argument == null || argument.isEmpty();
    }

    private static boolean hasControlCharacters(String text) {
        return text != null && text.chars().anyMatch(c -> (c < 32 && c != '\t') || c == 127);
    }
}
