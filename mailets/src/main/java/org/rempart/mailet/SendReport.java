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
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryStore.MailRepositoryStoreException;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.DeliveryReport;
import org.rempart.mailet.delivery.DeliveryReport.Action;
import org.rempart.mailet.delivery.Outcome;
import org.rempart.mailet.report.StatusReport;
import org.rempart.mailet.report.Texts;
import org.rempart.message.OwnMail;
import org.rempart.policy.trail.AuditEvent;

/**
 * Tells the sender of a mail what became of it, with a report that programs and people understand (RFC 3464), and ends the
 * mail. It stands where DSNBounce stands in James's samples, in the processor that {@code <bounceProcessor>} and {@code
 * <reportProcessor>} of {@link SecureRemoteDelivery} name:
 *
 * <pre>{@code
 * <processor state="bounces">
 *   <mailet match="All" class="org.rempart.mailet.SendReport">
 *     <hostName>mail.example.com</hostName>
 *     <repositoryPath>file://var/mail/undeliverable/</repositoryPath>
 *     <languages>example.de=de, example.fr=fr</languages>
 *     <onMailetException>propagate</onMailetException>
 *   </mailet>
 * </processor>
 * }</pre>
 *
 * One report tells of all recipients of the mail whose sender wants to know (NOTIFY of RFC 3461). Mail with a null sender,
 * which nobody can be told of, is kept for the postmaster.
 *
 * <table>
 *   <caption>Parameters</caption>
 *   <tr><td>hostName</td><td>the name that this server says of itself, the default domain if not given</td></tr>
 *   <tr><td>repositoryPath</td><td>where mail is kept that nobody can be told of; if not given, it goes to the processor
 *       {@code error}</td></tr>
 *   <tr><td>language</td><td>{@code en}, {@code de} or {@code fr}, or what a file of yours has: {@code en}</td></tr>
 *   <tr><td>languages</td><td>others for senders of some domains: {@code example.de=de, example.fr=fr}</td></tr>
 *   <tr><td>texts</td><td>the URL of a folder with texts of your own, {@code en.properties} and the like</td></tr>
 *   <tr><td>largestQuoted</td><td>up to which size a message is quoted as a whole when its sender asks for it, in bytes:
 *       1048576</td></tr>
 * </table>
 *
 * The audit trail gets a {@code bounce} for a report of failure, a {@code report} for one of delay or of success, and a
 * {@code kept} for what is kept.
 */
public final class SendReport extends GenericMailet {
    private static final String HOST_NAME = "hostName";
    private static final String REPOSITORY_PATH = "repositoryPath";
    private static final String LANGUAGE = "language";
    private static final String LANGUAGES = "languages";
    private static final String TEXTS = "texts";
    private static final String LARGEST_QUOTED = "largestQuoted";
    private static final long LARGEST = 1024 * 1024;

    private final DomainList domains;
    private final MailRepositoryStore repositories;
    private final FileSystem files;
    private final Clock clock;
    private String host;
    private long largestQuoted;
    private Texts texts;
    private final Map<Domain, Texts> textsByDomain = new HashMap<>();
    /** Null: such mail goes to the processor {@code error}. */
    private MailRepository repository;

    @Inject
    public SendReport(DomainList domains, MailRepositoryStore repositories, FileSystem files) {
        this(domains, repositories, files, Clock.systemUTC());
    }

    SendReport(DomainList domains, MailRepositoryStore repositories, FileSystem files, Clock clock) {
        this.domains = domains;
        this.repositories = repositories;
        this.files = files;
        this.clock = clock;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters =
                Parameters.of(this, HOST_NAME, REPOSITORY_PATH, LANGUAGE, LANGUAGES, TEXTS, LARGEST_QUOTED);
        host = parameters.text(HOST_NAME).isPresent() ? parameters.hostName(HOST_NAME) : defaultDomain();
        largestQuoted = largestQuoted(parameters);
        texts = texts(parameters, LANGUAGE, parameters.text(LANGUAGE).orElse("en"));
        for (String pair : parameters.list(LANGUAGES)) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw parameters.fault(LANGUAGES, pair, "is no language of a domain", "write example.de=de");
            }
            textsByDomain.put(
                    Domain.of(pair.substring(0, equals).trim()),
                    texts(parameters, LANGUAGES, pair.substring(equals + 1).trim()));
        }
        Optional<String> url = parameters.text(REPOSITORY_PATH);
        if (url.isPresent()) {
            repository = repository(parameters, url.get());
        }
    }

    private String defaultDomain() throws MessagingException {
        try {
            return domains.getDefaultDomain().asString();
        } catch (DomainListException fault) {
            throw new MessagingException(
                    "SendReport: the server has no default domain; name this host in <hostName>", fault);
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

    private Texts texts(Parameters parameters, String name, String language) throws MessagingException {
        try {
            return Texts.read(
                    language.toLowerCase(Locale.ROOT), parameters.text(TEXTS).orElse(null), files);
        } catch (IOException fault) {
            throw parameters.fault(name, language, "can't be used", String.valueOf(fault.getMessage()));
        }
    }

    private MailRepository repository(Parameters parameters, String url) throws MessagingException {
        try {
            return repositories.select(MailRepositoryUrl.from(url));
        } catch (MailRepositoryStoreException | IllegalArgumentException fault) {
            MessagingException wrong = parameters.fault(
                    REPOSITORY_PATH,
                    url,
                    "is no mail repository (" + fault.getMessage() + ")",
                    "write a protocol that mailrepositorystore.xml names, and a path: file://var/mail/undeliverable/");
            wrong.initCause(fault);
            throw wrong;
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (!mail.hasSender()) {
            keep(mail);
            return;
        }
        Action action = DeliveryReport.action(mail);
        Map<MailAddress, Outcome> outcomes = new LinkedHashMap<>();
        Map<MailAddress, Outcome> known = DeliveryReport.outcomes(mail);
        for (MailAddress recipient : mail.getRecipients()) {
            if (DeliveryReport.isWanted(mail, recipient, action)) {
                outcomes.put(recipient, known.getOrDefault(recipient, DeliveryReport.ofErrorMessage(mail)));
            }
        }
        if (!outcomes.isEmpty()) {
            tell(mail, action, outcomes);
        }
        mail.setState(Mail.GHOST);
    }

    private void keep(Mail mail) throws MessagingException {
        trail("kept", mail);
        if (repository == null) {
            mail.setState(Mail.ERROR);
        } else {
            repository.store(mail);
            mail.setState(Mail.GHOST);
        }
    }

    private void tell(Mail mail, Action action, Map<MailAddress, Outcome> outcomes) throws MessagingException {
        MailAddress sender = mail.getMaybeSender().get();
        Texts words = textsByDomain.getOrDefault(sender.getDomain(), texts);
        byte[] report;
        try {
            report = new StatusReport(host, getMailetContext().getPostmaster(), words, largestQuoted, clock.instant())
                    .write(mail, action, outcomes);
        } catch (IOException unreadable) {
            throw new MessagingException("The message can't be read", unreadable);
        }
        OwnMail.send(getMailetContext(), "report-" + UUID.randomUUID(), List.of(sender), report);
        trail(action == Action.FAILED ? "bounce" : "report", mail);
    }

    private static void trail(String event, Mail mail) {
        AuditEvent trail = AuditEvent.now(event)
                .with("mail", mail.getName())
                .with("from", mail.getMaybeSender().asString())
                .with("action", DeliveryReport.action(mail).toString())
                .recipients(mail.getRecipients());
        Optional.ofNullable(mail.getErrorMessage())
                .filter(error -> !error.isEmpty())
                .ifPresent(error -> trail.saying("error", error));
        trail.log();
    }

    @Override
    public String getMailetInfo() {
        return "Tells senders what became of their mail";
    }
}
