/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.domainlist.api.DomainList;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.MailAttributes;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.policy.server.ServerPolicy;

/**
 * What has to be done before aliases and forwards are followed:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.BeforeForwarding">
 *   <onMailetException>propagate</onMailetException>
 * </mailet>
 * <mailet match="All" class="RecipientRewriteTable">
 * }</pre>
 *
 * <ul>
 *   <li>A bounce that comes to the address that {@link RewriteForwardedSender} gave a forwarded mail for a sender gets the
 *       first sender for a recipient. An address that is forged or too old stays, and is nobody's.
 *   <li>Which recipients outside the mail was addressed to is noted in {@link MailAttributes#ADDRESSED}: all that are there
 *       later come from an alias or a forward of ours.
 * </ul>
 *
 * Parameter {@code policy}: the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given.
 */
public final class BeforeForwarding extends GenericMailet {
    private final ServerPolicy server;
    private final DomainList domains;
    private SenderRewriting senders;

    @Inject
    public BeforeForwarding(ServerPolicy server, DomainList domains) {
        this.server = server;
        this.domains = domains;
    }

    @Override
    public void init() throws MessagingException {
        senders = ForwardConfiguration.senders(
                this, ForwardConfiguration.policy(this, server).forwards(), server.files());
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        // What a forward sends on comes by here again, as a mail of its own.
        boolean first = mail.getAttribute(MailAttributes.ADDRESSED).isEmpty();
        Set<MailAddress> recipients = new LinkedHashSet<>();
        List<AttributeValue<?>> addressed = new ArrayList<>();
        for (MailAddress recipient : mail.getRecipients()) {
            MailAddress meant = mail.hasSender() || !isOurs(recipient)
                    ? recipient
                    : senders.read(recipient).sender().orElse(recipient);
            recipients.add(meant);
            if (first && !isOurs(meant)) {
                addressed.add(AttributeValue.of(meant.asString()));
            }
        }
        if (!recipients.equals(Set.copyOf(mail.getRecipients()))) {
            mail.setRecipients(recipients);
        }
        if (first) {
            mail.setAttribute(new Attribute(MailAttributes.ADDRESSED, AttributeValue.of(addressed)));
        }
    }

    private boolean isOurs(MailAddress address) throws MessagingException {
        return ForwardConfiguration.isOurs(this, domains, address.getDomain());
    }

    @Override
    public String getMailetInfo() {
        return "Gives bounces of forwarded mail back to the first sender, and notes who was addressed";
    }
}
