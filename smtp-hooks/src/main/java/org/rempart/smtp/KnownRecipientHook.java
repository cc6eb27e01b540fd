/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import javax.inject.Inject;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTable.ErrorMappingException;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
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
 * Known are accounts, whatever the recipient rewrite tables map (aliases, groups, forwards), postmaster of each of our
 * domains (RFC 5321, section 4.5.1), and what {@link ForwardedSenderHook} takes. When the directory can't be asked, the answer is {@code 451 4.3.0}.
 */
public final class KnownRecipientHook implements ListenerHook, RcptHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(KnownRecipientHook.class);

    private final DomainList domains;
    private final UsersRepository users;
    private final RecipientRewriteTable mappings;

    @Inject
    public KnownRecipientHook(DomainList domains, UsersRepository users, RecipientRewriteTable mappings) {
        this.domains = domains;
        this.users = users;
        this.mappings = mappings;
    }

    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of());
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        try {
            if (!domains.containsDomain(recipient.getDomain())
                    || ForwardedSenderHook.takes(session, recipient)
                    || isKnown(recipient)) {
                return HookResult.DECLINED;
            }
        } catch (DomainListException
                | UsersRepositoryException
                | RecipientRewriteTableException
                | RuntimeException unknown) {
            LOGGER.error("Can't tell whether {} exists", recipient.asString(), unknown);
            return Answers.cannotDecide();
        }
        AuditTrail.event("unknown-recipient", session)
                .with("from", sender.asString())
                .recipient(recipient)
                .log();
        return Answers.refuse("550", "5.1.1 No such recipient here");
    }

    private boolean isKnown(MailAddress recipient) throws UsersRepositoryException, RecipientRewriteTableException {
        if (recipient.getLocalPart().equalsIgnoreCase("postmaster")) {
            return true;
        }
        Username account;
        try {
            account = users.getUsername(recipient);
        } catch (IllegalArgumentException notAName) {
            // "u@elsewhere"@ours.example: no account and no mapping can have such a name.
            return false;
        }
        return users.contains(account) || isMapped(recipient);
    }

    private boolean isMapped(MailAddress recipient) throws RecipientRewriteTableException {
        try {
            return !mappings.getResolvedMappings(recipient.getLocalPart(), recipient.getDomain())
                    .isEmpty();
        } catch (ErrorMappingException known) {
            // An address that the tables map to an error: the pipeline answers it with that error.
            return true;
        }
    }
}
