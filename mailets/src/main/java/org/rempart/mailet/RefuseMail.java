/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.time.Clock;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.DeliveryReport;
import org.rempart.message.MailAttributes;
import org.rempart.message.MailOrigin;
import org.rempart.message.RawMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a mail that goes nowhere, for the postmaster to look at, and tells its sender where that is right:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.RefuseMail">
 *   <reason>550 5.7.1 Relaying denied</reason>
 *   <repositoryPath>memory://var/mail/relay-denied/</repositoryPath>
 *   <hostName>mail.example.com</hostName>
 * </mailet>
 * }</pre>
 *
 * {@code reason} is a reply's code, the enhanced status code (RFC 3463) and words, and is told of mail that comes without
 * one of its own ({@link MailAttributes#REFUSAL}); {@code repositoryPath} is the URL of the
 * mail repository. Both have to be given. {@code hostName}, {@code language}, {@code languages}, {@code texts} and {@code
 * largestQuoted} are those of {@link SendReport}.
 *
 * <p>The sender is told, by a report (RFC 3464), only when an account of ours submitted the mail under an address in a domain
 * of ours; a report to anybody else may reach who has not sent it (backscatter). The mail ends here. When it can't be stored,
 * the mailet fails, and James's error processor has the mail: it is never lost, and nobody is told.
 */
public final class RefuseMail extends GenericMailet {
    private static final Logger LOGGER = LoggerFactory.getLogger(RefuseMail.class);
    private static final String REASON = "reason";
    private static final String REPOSITORY_PATH = "repositoryPath";

    private final MailRepositoryStore repositories;
    private final DomainList domains;
    private final FileSystem files;
    private MailRepository repository;
    private Reports reports;
    private String reason;

    @Inject
    public RefuseMail(MailRepositoryStore repositories, DomainList domains, FileSystem files) {
        this.repositories = repositories;
        this.domains = domains;
        this.files = files;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(
                this,
                REASON,
                REPOSITORY_PATH,
                Reports.HOST_NAME,
                Reports.LANGUAGE,
                Reports.LANGUAGES,
                Reports.TEXTS,
                Reports.LARGEST_QUOTED);
        reason = given(parameters, REASON, "550 5.7.1 Relaying denied");
        if (!DeliveryReport.isReason(reason)) {
            throw parameters.fault(REASON, reason, "is no reason", "write such as 550 5.7.1 Relaying denied");
        }
        String example = "memory://var/mail/relay-denied/";
        given(parameters, REPOSITORY_PATH, example);
        repository = parameters.repository(REPOSITORY_PATH, repositories, example);
        reports = Reports.of(this, parameters, domains, files, Clock.systemUTC());
    }

    private static String given(Parameters parameters, String name, String example) throws MessagingException {
        return parameters
                .text(name)
                .filter(text -> !text.isEmpty())
                .orElseThrow(() -> new MessagingException("RefuseMail: <" + name + "> is missing; write it, such as <"
                        + name + ">" + example + "</" + name + ">"));
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        mail.setErrorMessage(AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.REFUSAL, String.class)
                .filter(DeliveryReport::isReason)
                .orElse(reason));
        RawMessage.keepBytes(mail);
        repository.store(mail);
        LOGGER.warn(
                "{}: {} from <{}> at {} for {} is kept",
                mail.getErrorMessage(),
                mail.getName(),
                mail.getMaybeSender().asString(),
                mail.getRemoteAddr(),
                mail.getRecipients());
        tellSender(mail);
        mail.setState(Mail.GHOST);
    }

    private void tellSender(Mail mail) {
        try {
            if (isOurs(mail)) {
                reports.tell(mail);
            }
        } catch (MessagingException | RuntimeException untold) {
            // The mail itself is safe in the repository.
            LOGGER.error("The sender of {} could not be told that it was refused", mail.getName(), untold);
        }
    }

    /** An account proves who submitted, not that the sender's address is his: the policy may let him use any. */
    private boolean isOurs(Mail mail) {
        return MailOrigin.account(mail).isPresent()
                && mail.getMaybeSender()
                        .asOptional()
                        .map(sender -> getMailetContext().isLocalServer(sender.getDomain()))
                        .orElse(false);
    }

    @Override
    public String getMailetInfo() {
        return "Keeps mail that goes nowhere";
    }
}
