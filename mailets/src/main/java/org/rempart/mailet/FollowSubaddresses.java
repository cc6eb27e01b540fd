/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.util.LinkedHashSet;
import java.util.Set;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.user.api.UsersRepository;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.OurAddresses;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.server.ServerPolicy;

/**
 * Gives mail for {@code alice+detail} (RFC 5233) to {@code alice}, where {@code <subaddresses>} of the policy says so and no
 * account, alias or group has that very address. If {@code alice} is an alias, a group or a forward, the mail goes where that
 * leads. Behind James's mailet that follows these, and before what asks who is local:
 *
 * <pre>{@code
 * <mailet match="All" class="RecipientRewriteTable">
 *   <errorProcessor>rrt-error</errorProcessor>
 * </mailet>
 * <mailet match="All" class="org.rempart.mailet.FollowSubaddresses">
 *   <onMailetException>propagate</onMailetException>
 * </mailet>
 * <mailet match="RecipientIsLocal" class="ToProcessor">
 * }</pre>
 *
 * A detail of nobody stays, so that the sender is told of the address that he wrote to. The message is not touched. When the
 * directory can't be asked, it throws.
 *
 * <p>Parameter {@code policy}: the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given.
 */
public final class FollowSubaddresses extends GenericMailet {
    private final ServerPolicy server;
    private final UsersRepository users;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private OurAddresses addresses;

    @Inject
    public FollowSubaddresses(
            ServerPolicy server, UsersRepository users, RecipientRewriteTable mappings, DomainList domains) {
        this.server = server;
        this.users = users;
        this.mappings = mappings;
        this.domains = domains;
    }

    @Override
    public void init() throws MessagingException {
        addresses = new OurAddresses(
                users,
                mappings,
                domains,
                ForwardConfiguration.policy(this, server).subaddresses());
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        Set<MailAddress> destinations = new LinkedHashSet<>();
        try {
            for (MailAddress recipient : mail.getRecipients()) {
                destinations.addAll(addresses.destinations(recipient));
            }
        } catch (OurAddresses.DirectoryException unknown) {
            throw new MessagingException("FollowSubaddresses: can't tell whose the recipients are", unknown);
        }
        if (!destinations.equals(Set.copyOf(mail.getRecipients()))) {
            mail.setRecipients(destinations);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Gives mail for an address with a detail to the address without it";
    }
}
