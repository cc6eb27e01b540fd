/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Locale;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.mailet.Mail;
import org.rempart.policy.trail.AuditEvent;

/** The audit trail's events of a connection: its id, client, account and TLS facts are in them from the start. */
final class AuditTrail {
    private static final AttachmentKey<String> MECHANISM = AttachmentKey.of("org.rempart.smtp.mechanism", String.class);

    private AuditTrail() {}

    /** Remembers the mechanism (RFC 4954, section 4) when the command is AUTH. */
    static void noteMechanism(SMTPSession session, Request request) {
        if (request != null && request.getCommand().equals("AUTH") && request.getArgument() != null) {
            String mechanism = request.getArgument().trim().split("\\s", 2)[0].toUpperCase(Locale.ROOT);
            session.setAttachment(MECHANISM, mechanism, State.Connection);
        }
    }

    static AuditEvent event(String event, SMTPSession session) {
        AuditEvent trail = AuditEvent.now(event)
                .with("connection", session.getSessionID())
                .with("client", SmtpFacts.client(session).getHostAddress())
                .with("port", session.getRemoteAddress().getPort())
                .with("listener", session.getLocalAddress().getPort());
        session.getAttachment(SMTPSession.CURRENT_HELO_NAME, SMTPSession.State.Connection)
                .ifPresent(helo -> trail.with("helo", helo));
        session.getAttachment(MECHANISM, State.Connection).ifPresent(mechanism -> trail.with("mechanism", mechanism));
        SmtpFacts.account(session).ifPresent(account -> trail.with("account", account.asString()));
        SmtpFacts.tls(session)
                .ifPresent(tls -> trail.with("tls", tls.getProtocol()).with("cipher", tls.getCipherSuite()));
        return trail;
    }

    /** Writes into an event what is known of a mail: envelope, Message-ID, subject and size. */
    static void describe(AuditEvent trail, Mail mail) {
        trail.with("mail", mail.getName())
                .with("from", mail.getMaybeSender().asString())
                .recipients(mail.getRecipients());
        try {
            Optional.ofNullable(mail.getMessage().getMessageID()).ifPresent(id -> trail.with("messageId", id));
            trail.subject(Optional.ofNullable(mail.getMessage().getSubject()).orElse(""));
            trail.with("size", mail.getMessageSize());
        } catch (MessagingException | RuntimeException unreadable) {
            // The trail is worth more with what is known than not at all.
            trail.with("unreadable", String.valueOf(unreadable.getMessage()));
        }
    }
}
