/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.policy.server.ServerPolicy;

/**
 * Gives mail that an address of ours sends on to the outside an envelope sender in a domain of ours, since the far end would
 * find that our servers are none of the sender's domain (SPF, RFC 7208). In the processor of mail that leaves:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.IsForwarded" class="org.rempart.mailet.RewriteForwardedSender">
 *   <onMailetException>propagate</onMailetException>
 * </mailet>
 * }</pre>
 *
 * Bounces come to that address, and {@link BeforeForwarding} gives them back to the sender
 * ({@link SenderRewriting Sender Rewriting Scheme}). The null sender stays null, and a sender in a domain of ours is fit as it
 * is. A sender that is too long to be rewritten becomes the null sender: what can't be delivered then is kept for the
 * postmaster.
 *
 * <p>Parameter {@code policy}: the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given. Its
 * {@code <forwards domain="…">} names the domain; else it is the server's default domain.
 */
public final class RewriteForwardedSender extends GenericMailet {
    private final ServerPolicy server;
    private final DomainList domains;
    private SenderRewriting senders;
    private Optional<String> configured;

    @Inject
    public RewriteForwardedSender(ServerPolicy server, DomainList domains) {
        this.server = server;
        this.domains = domains;
    }

    @Override
    public void init() throws MessagingException {
        ForwardPolicy policy = ForwardConfiguration.policy(this, server).forwards();
        senders = ForwardConfiguration.senders(this, policy, server.files());
        configured = policy.domain();
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        Optional<MailAddress> sender = mail.getMaybeSender().asOptional();
        if (sender.isPresent() && !isOurs(sender.get().getDomain())) {
            if (!(mail instanceof MailImpl)) {
                throw new MessagingException("RewriteForwardedSender: " + mail.getName() + " has an envelope of "
                        + mail.getClass().getName() + ", whose sender can't be changed");
            }
            ((MailImpl) mail).setSender(senders.rewrite(sender.get(), domain()).orElse(null));
        }
    }

    /** Asked each time: the first domains of a server may be added when it has started. */
    private String domain() throws MessagingException {
        try {
            Domain domain = configured.isPresent() ? Domain.of(configured.get()) : domains.getDefaultDomain();
            if (isOurs(domain)) {
                return domain.asString();
            }
            throw new MessagingException("RewriteForwardedSender: " + domain.asString()
                    + " is no domain that this server receives mail for, and bounces would not come back; name one of"
                    + " yours, <forwards domain=\"example.com\"/> in the policy file");
        } catch (DomainListException down) {
            throw new MessagingException("RewriteForwardedSender: the domain list does not answer", down);
        }
    }

    private boolean isOurs(Domain domain) throws MessagingException {
        return ForwardConfiguration.isOurs(this, domains, domain);
    }

    @Override
    public String getMailetInfo() {
        return "Gives forwarded mail an envelope sender of ours";
    }
}
