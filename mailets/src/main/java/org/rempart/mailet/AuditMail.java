/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.util.List;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.MailOrigin;
import org.rempart.policy.trail.AuditEvent;

/**
 * Writes to the audit trail what becomes of a mail here:
 *
 * <pre>{@code
 * <mailet match="All" class="LocalDelivery">
 *   <consume>false</consume>
 * </mailet>
 * <mailet match="All" class="org.rempart.mailet.AuditMail">
 *   <event>local-delivery</event>
 *   <consume>true</consume>
 * </mailet>
 * }</pre>
 *
 * <table>
 *   <caption>Parameters</caption>
 *   <tr><td>event</td><td>{@code local-delivery} (it is in its recipients' mailboxes), {@code outgoing} (it goes to a queue
 *   of mail that leaves), {@code kept} (it is put aside for the postmaster), or {@code bounce} (it could not be delivered,
 *   and its sender is told)</td></tr>
 *   <tr><td>consume</td><td>whether the mail ends here; false if not given</td></tr>
 * </table>
 */
public final class AuditMail extends GenericMailet {
    private static final String EVENT = "event";
    private static final String CONSUME = "consume";
    private static final List<String> EVENTS = List.of("local-delivery", "outgoing", "kept", "bounce");

    private String event;
    private boolean consume;

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(this, EVENT, CONSUME);
        String right = "write one of " + String.join(", ", EVENTS);
        event = parameters
                .text(EVENT)
                .orElseThrow(() -> new MessagingException("AuditMail: <event> is missing; " + right));
        if (!EVENTS.contains(event)) {
            throw parameters.fault(EVENT, event, "is no event of a mail", right);
        }
        String consumed = parameters.text(CONSUME).orElse("false");
        if (!consumed.equals("true") && !consumed.equals("false")) {
            throw parameters.fault(CONSUME, consumed, "is unknown", "write true or false");
        }
        consume = consumed.equals("true");
    }

    @Override
    public void service(Mail mail) {
        AuditEvent trail = AuditEvent.now(event).with("mail", mail.getName());
        MailOrigin.account(mail).ifPresent(account -> trail.with("account", account));
        trail.with("from", mail.getMaybeSender().asString()).recipients(mail.getRecipients());
        try {
            if (mail.getMessage() != null) {
                Optional.ofNullable(mail.getMessage().getMessageID()).ifPresent(id -> trail.with("messageId", id));
            }
        } catch (MessagingException | RuntimeException unreadable) {
            trail.with("unreadable", String.valueOf(unreadable.getMessage()));
        }
        Optional.ofNullable(mail.getErrorMessage())
                .filter(error -> !error.isEmpty())
                .ifPresent(error -> trail.saying("error", error));
        trail.log();
        if (consume) {
            mail.setState(Mail.GHOST);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Writes what becomes of mail to the audit trail";
    }
}
