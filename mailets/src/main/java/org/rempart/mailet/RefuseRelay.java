/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryStore.MailRepositoryStoreException;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a mail that may not leave, for the postmaster to look at:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.RefuseRelay">
 *   <repositoryPath>memory://var/mail/relay-denied/</repositoryPath>
 * </mailet>
 * }</pre>
 *
 * {@code repositoryPath}, which has to be given, is the URL of the mail repository. The sender is told, by a bounce, only
 * when an account of ours submitted the mail under an address in a domain of ours; a notice to anybody else may reach who
 * has not sent it (backscatter). The mail ends here. When it can't be stored, the mailet fails, and James's error
 * processor has the mail: it is never lost.
 */
public final class RefuseRelay extends GenericMailet {
    private static final Logger LOGGER = LoggerFactory.getLogger(RefuseRelay.class);
    private static final String REPOSITORY_PATH = "repositoryPath";
    private static final String NOTICE =
            "Your message was not sent to the recipients below: you may not send to them from where it came.";

    private final MailRepositoryStore repositories;
    private MailRepository repository;

    @Inject
    public RefuseRelay(MailRepositoryStore repositories) {
        this.repositories = repositories;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(this, REPOSITORY_PATH);
        String url = parameters
                .text(REPOSITORY_PATH)
                .filter(text -> !text.isEmpty())
                .orElseThrow(
                        () -> new MessagingException("RefuseRelay: <repositoryPath> is missing; write where the mail "
                                + "is kept, such as <repositoryPath>memory://var/mail/relay-denied/</repositoryPath>"));
        try {
            repository = repositories.select(MailRepositoryUrl.from(url));
        } catch (MailRepositoryStoreException | IllegalArgumentException fault) {
            MessagingException wrong = parameters.fault(
                    REPOSITORY_PATH,
                    url,
                    "is no mail repository (" + fault.getMessage() + ")",
                    "write a protocol that mailrepositorystore.xml names, and a path: memory://var/mail/relay-denied/");
            wrong.initCause(fault);
            throw wrong;
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        mail.setErrorMessage("Relaying denied");
        repository.store(mail);
        LOGGER.warn(
                "Relaying denied: {} from <{}> at {} for {} is kept",
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
                getMailetContext().bounce(mail, NOTICE);
            }
        } catch (MessagingException | RuntimeException untold) {
            // The mail itself is safe in the repository.
            LOGGER.error("The sender of {} could not be told that it was refused", mail.getName(), untold);
        }
    }

    /** An account proves who submitted, not that the sender's address is his: the policy may let him use any. */
    private boolean isOurs(Mail mail) {
        return mail.getAttribute(Mail.SMTP_AUTH_USER).isPresent()
                && mail.getMaybeSender()
                        .asOptional()
                        .map(sender -> getMailetContext().isLocalServer(sender.getDomain()))
                        .orElse(false);
    }

    @Override
    public String getMailetInfo() {
        return "Keeps mail that may not leave";
    }
}
