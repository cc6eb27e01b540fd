/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.policy.trail.AuditEvent;

/** The audit trail's events of a connection: its id, client, account and TLS facts are in them from the start. */
final class AuditTrail {
    private AuditTrail() {}

    static AuditEvent event(String event, SMTPSession session) {
        AuditEvent trail = AuditEvent.now(event)
                .with("connection", session.getSessionID())
                .with("client", SmtpFacts.client(session).getHostAddress())
                .with("port", session.getRemoteAddress().getPort())
                .with("listener", session.getLocalAddress().getPort());
        session.getAttachment(SMTPSession.CURRENT_HELO_NAME, SMTPSession.State.Connection)
                .ifPresent(helo -> trail.with("helo", helo));
        SmtpFacts.account(session).ifPresent(account -> trail.with("account", account.asString()));
        SmtpFacts.tls(session)
                .ifPresent(tls -> trail.with("tls", tls.getProtocol()).with("cipher", tls.getCipherSuite()));
        return trail;
    }
}
