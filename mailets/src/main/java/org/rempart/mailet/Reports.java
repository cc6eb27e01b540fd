/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.Attribute;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.DeliveryReport;
import org.rempart.mailet.delivery.DeliveryReport.Action;
import org.rempart.mailet.delivery.Outcome;
import org.rempart.mailet.delivery.SenderReports;
import org.rempart.mailet.report.StatusReport;
import org.rempart.mailet.report.Texts;
import org.rempart.message.OwnMail;
import org.rempart.message.RequireTls;
import org.rempart.policy.trail.AuditEvent;

/**
 * The reports that a mailet sends, with the host, the words and the bounds that its parameters say. The audit trail gets a
 * {@code bounce} for a report of failure, a {@code report} for another.
 */
final class Reports implements SenderReports {
    static final String HOST_NAME = "hostName";
    static final String LANGUAGE = "language";
    static final String LANGUAGES = "languages";
    static final String TEXTS = "texts";
    static final String LARGEST_QUOTED = "largestQuoted";

    private static final long LARGEST = 1024 * 1024;

    private final MailetContext server;
    private final String host;
    private final Texts texts;
    private final Map<Domain, Texts> textsByDomain;
    private final long largestQuoted;
    private final Clock clock;

    private Reports(
            MailetContext server,
            String host,
            Texts texts,
            Map<Domain, Texts> textsByDomain,
            long largestQuoted,
            Clock clock) {
        this.server = server;
        this.host = host;
        this.texts = texts;
        this.textsByDomain = textsByDomain;
        this.largestQuoted = largestQuoted;
        this.clock = clock;
    }

    /**
     * In the words that this server comes with.
     *
     * @param host the name that this server says of itself
     * @throws MessagingException when they can't be read
     */
    static Reports standard(MailetContext server, String host, FileSystem files) throws MessagingException {
        try {
            return new Reports(server, host, Texts.read("en", null, files), Map.of(), LARGEST, Clock.systemUTC());
        } catch (IOException fault) {
            throw new MessagingException("The texts of reports can't be read", fault);
        }
    }

    /** @throws MessagingException when a parameter is wrong, with a message for the administrator */
    static Reports of(GenericMailet mailet, Parameters parameters, DomainList domains, FileSystem files, Clock clock)
            throws MessagingException {
        Map<Domain, Texts> byDomain = new HashMap<>();
        for (String pair : parameters.list(LANGUAGES)) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw parameters.fault(LANGUAGES, pair, "is no language of a domain", "write example.de=de");
            }
            byDomain.put(
                    Domain.of(pair.substring(0, equals).trim()),
                    texts(
                            parameters,
                            files,
                            LANGUAGES,
                            pair.substring(equals + 1).trim()));
        }
        return new Reports(
                mailet.getMailetContext(),
                parameters.text(HOST_NAME).isPresent()
                        ? parameters.hostName(HOST_NAME)
                        : defaultDomain(mailet, domains),
                texts(parameters, files, LANGUAGE, parameters.text(LANGUAGE).orElse("en")),
                byDomain,
                largestQuoted(parameters),
                clock);
    }

    private static String defaultDomain(GenericMailet mailet, DomainList domains) throws MessagingException {
        try {
            return domains.getDefaultDomain().asString();
        } catch (DomainListException fault) {
            throw new MessagingException(
                    mailet.getClass().getSimpleName()
                            + ": the server has no default domain; name this host in <hostName>",
                    fault);
        }
    }

    private static long largestQuoted(Parameters parameters) throws MessagingException {
        String value = parameters.text(LARGEST_QUOTED).orElse(Long.toString(LARGEST));
        try {
            int number = Integer.parseInt(value);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException none) {
            // Told below.
        }
        throw parameters.fault(LARGEST_QUOTED, value, "is no number of bytes", "write such a one: " + LARGEST);
    }

    private static Texts texts(Parameters parameters, FileSystem files, String name, String language)
            throws MessagingException {
        try {
            return Texts.read(
                    language.toLowerCase(Locale.ROOT), parameters.text(TEXTS).orElse(null), files);
        } catch (IOException fault) {
            throw parameters.fault(name, language, "can't be used", String.valueOf(fault.getMessage()));
        }
    }

    /** Tells the sender of those recipients of whom he wants to know (NOTIFY of RFC 3461): what the mail itself says of them. */
    void tell(Mail mail) throws MessagingException {
        Map<MailAddress, Outcome> outcomes = new LinkedHashMap<>();
        Map<MailAddress, Outcome> known = DeliveryReport.outcomes(mail);
        for (MailAddress recipient : mail.getRecipients()) {
            outcomes.put(recipient, known.getOrDefault(recipient, DeliveryReport.ofErrorMessage(mail)));
        }
        tell(mail, DeliveryReport.action(mail), outcomes);
    }

    /** Tells the sender of those among the recipients of whom he wants to know (NOTIFY of RFC 3461). */
    @Override
    public void tell(Mail mail, Action action, Map<MailAddress, Outcome> outcomes) throws MessagingException {
        Map<MailAddress, Outcome> wanted = new LinkedHashMap<>(outcomes);
        wanted.keySet().removeIf(recipient -> !DeliveryReport.isWanted(mail, recipient, action));
        if (wanted.isEmpty()) {
            return;
        }
        MailAddress sender = mail.getMaybeSender().get();
        Texts words = textsByDomain.getOrDefault(sender.getDomain(), texts);
        byte[] report;
        try {
            report = new StatusReport(host, server.getPostmaster(), words, largestQuoted, clock.instant())
                    .write(mail, action, wanted);
        } catch (IOException unreadable) {
            throw new MessagingException("The message can't be read", unreadable);
        }
        // RFC 8689, section 5: it tells as much of the mail as the mail's header.
        Attribute[] attributes = RequireTls.holds(mail) ? new Attribute[] {RequireTls.attribute()} : new Attribute[0];
        OwnMail.send(server, "report-" + UUID.randomUUID(), List.of(sender), report, attributes);
        trail(action == Action.FAILED ? "bounce" : "report", mail, action);
    }

    static void trail(String event, Mail mail, Action action) {
        AuditEvent trail = AuditEvent.now(event)
                .with("mail", mail.getName())
                .with("from", mail.getMaybeSender().asString())
                .with("action", action.toString())
                .recipients(mail.getRecipients());
        Optional.ofNullable(mail.getErrorMessage())
                .filter(error -> !error.isEmpty())
                .ifPresent(error -> trail.saying("error", error));
        trail.log();
    }
}
