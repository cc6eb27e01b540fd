/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Collection;
import java.util.List;
import javax.inject.Inject;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.CommandHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.esmtp.EhloExtension;
import org.rempart.policy.Decision;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.tls.ClientTls;

/**
 * Makes clients that submit mail use TLS, as {@code <clients>} of the policy says. For submission listeners:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RequireTlsHook"/>
 * }</pre>
 *
 * Before TLS is established, AUTH is answered {@code 538 5.7.11} (RFC 4954, section 4.3 asks for encryption) whatever
 * the mechanism, and where the policy says {@code required}, MAIL and what follows it {@code 530 5.7.0} (RFC 3207,
 * section 4). James's own {@code <requireSSL>} only leaves the AUTH keyword out of EHLO.
 *
 * <p>A client in an excepted network may do without TLS, and may then authenticate in clear text; it is offered AUTH, and
 * each use is in the audit trail with the exception's reason.
 */
public final class RequireTlsHook extends PolicyHook implements CommandHandler<SMTPSession>, EhloExtension {
    private static final String AUTH = "AUTH";
    private static final List<String> COMMANDS = List.of(AUTH, "MAIL", "RCPT", "DATA", "VRFY", "EXPN");

    @Inject
    public RequireTlsHook(ServerPolicy server) {
        super(server);
    }

    @Override
    public Collection<String> getImplCommands() {
        return COMMANDS;
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        if (SmtpFacts.tls(session).isPresent()) {
            return null;
        }
        boolean auth = request.getCommand().equalsIgnoreCase(AUTH);
        Decision<ClientTls> decision = policy().tls().clients(SmtpFacts.client(session));
        switch (decision.verdict()) {
            case REQUIRED:
                return refuse(session, auth, decision);
            case OPTIONAL:
                return auth ? refuse(session, auth, decision) : null;
            case EXCEPTED:
                if (auth || request.getCommand().equalsIgnoreCase("MAIL")) {
                    AuditTrail.event("clear-text-exception", session)
                            .with("command", auth ? AUTH : "MAIL")
                            .rule(decision.rule())
                            .log();
                }
                return null;
        }
        throw new AssertionError(decision);
    }

    private static Response refuse(SMTPSession session, boolean auth, Decision<ClientTls> decision) {
        if (!auth) {
            return Answers.STARTTLS_FIRST;
        }
        AuditTrail.event("clear-text-auth-refused", session)
                .rule(decision.rule())
                .log();
        return Answers.ENCRYPTION_FOR_AUTH;
    }

    @Override
    public List<String> getImplementedEsmtpFeatures(SMTPSession session) {
        boolean offer = SmtpFacts.tls(session).isEmpty()
                && !session.isAuthAnnounced()
                && session.getConfiguration().isPlainAuthEnabled()
                && policy().tls().clients(SmtpFacts.client(session)).verdict() == ClientTls.EXCEPTED;
        return offer ? List.of("AUTH PLAIN LOGIN") : List.of();
    }
}
