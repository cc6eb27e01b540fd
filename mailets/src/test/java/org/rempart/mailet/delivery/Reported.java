/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.DeliveryReport.Action;

/** Notes on a mail what a delivery would. */
public final class Reported {
    private final Mail mail;
    private final Map<MailAddress, Outcome> outcomes = new LinkedHashMap<>();

    private Reported(Mail mail) {
        this.mail = mail;
    }

    public static Reported on(Mail mail) {
        return new Reported(mail);
    }

    /** The server answered a recipient so. */
    public Reported answered(String recipient, int code, String... lines) throws AddressException {
        outcomes.put(
                new MailAddress(recipient),
                Outcome.replied(
                        Stage.RCPT,
                        code >= 500 ? Event.PERMANENT : Event.TRANSIENT,
                        "mx.there.example",
                        new SmtpReply(code, List.of(lines))));
        return this;
    }

    /** The server took the message. */
    public Reported taken(String recipient) throws AddressException {
        outcomes.put(
                new MailAddress(recipient),
                Outcome.replied(
                        Stage.END, Event.TAKEN, "mx.there.example", new SmtpReply(250, List.of("2.6.0 Queued"))));
        return this;
    }

    /** Nobody could be connected to. */
    public Reported unreachable(String recipient) throws AddressException {
        outcomes.put(
                new MailAddress(recipient),
                Outcome.local(Stage.CONNECT, Event.LOST, 421, "4.4.1", "mx.there.example can't be connected to")
                        .at("mx.there.example"));
        return this;
    }

    public void as(Action action) {
        DeliveryReport.until(mail, Instant.parse("2026-12-05T12:00:00Z"));
        DeliveryReport.describe(mail, action, outcomes);
        mail.setRecipients(outcomes.keySet());
    }
}
