/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import javax.inject.Inject;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.user.api.UsersRepository;
import org.rempart.message.OurAddresses;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses recipients in our domains that do not exist, with {@code 550 5.1.1}, while the client is connected: a bounce
 * sent later would go to whom the sender pretends to be. Behind {@link RelayHook}, on every listener:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.KnownRecipientHook"/>
 * }</pre>
 *
 * Known are accounts, whatever the recipient rewrite tables map (aliases, groups, forwards), both with a detail as
 * {@code <subaddresses>} of the policy has it, postmaster of each of our domains (RFC 5321, section 4.5.1), and what
 * {@link ForwardedSenderHook} takes. When the directory can't be asked, the answer is {@code 451 4.3.0}.
 */
public final class KnownRecipientHook extends PolicyHook implements RcptHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(KnownRecipientHook.class);

    private final DomainList domains;
    private final UsersRepository users;
    private final RecipientRewriteTable mappings;

    private OurAddresses addresses;

    @Inject
    public KnownRecipientHook(
            DomainList domains, UsersRepository users, RecipientRewriteTable mappings, ServerPolicy server) {
        super(server);
        this.domains = domains;
        this.users = users;
        this.mappings = mappings;
    }

    @Override
    void ready(FileSystem files) {
        addresses = new OurAddresses(users, mappings, domains, policy().subaddresses());
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        try {
            if (!addresses.isOurs(recipient)
                    || Transaction.of(session).takesBounce(recipient)
                    || recipient.getLocalPart().equalsIgnoreCase("postmaster")
                    || addresses.isKnown(recipient)) {
                return HookResult.DECLINED;
            }
        } catch (OurAddresses.DirectoryException unknown) {
            LOGGER.error("Can't tell whether {} exists", recipient.asString(), unknown);
            return Answers.cannotDecide();
        }
        AuditTrail.event("unknown-recipient", session)
                .with("from", sender.asString())
                .recipient(recipient)
                .log();
        return Answers.refuse("550", "5.1.1 No such recipient here");
    }
}
