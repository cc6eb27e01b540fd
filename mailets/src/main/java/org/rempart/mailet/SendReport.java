/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.time.Clock;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.DeliveryReport;
import org.rempart.message.RawMessage;

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
    private static final String REPOSITORY_PATH = "repositoryPath";

    private final DomainList domains;
    private final MailRepositoryStore repositories;
    private final FileSystem files;
    private final Clock clock;
    private Reports reports;
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
        Parameters parameters = Parameters.of(
                this,
                Reports.HOST_NAME,
                REPOSITORY_PATH,
                Reports.LANGUAGE,
                Reports.LANGUAGES,
                Reports.TEXTS,
                Reports.LARGEST_QUOTED);
        reports = Reports.of(this, parameters, domains, files, clock);
        Optional<String> url = parameters.text(REPOSITORY_PATH);
        if (url.isPresent()) {
            repository = parameters.repository(REPOSITORY_PATH, repositories, "file://var/mail/undeliverable/");
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (!mail.hasSender()) {
            keep(mail);
            return;
        }
        reports.tell(mail);
        mail.setState(Mail.GHOST);
    }

    private void keep(Mail mail) throws MessagingException {
        Reports.trail("kept", mail, DeliveryReport.action(mail));
        if (repository == null) {
            mail.setState(Mail.ERROR);
        } else {
            RawMessage.keepBytes(mail);
            repository.store(mail);
            mail.setState(Mail.GHOST);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Tells senders what became of their mail";
    }
}
