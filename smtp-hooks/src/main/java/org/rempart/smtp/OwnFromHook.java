/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.james.user.api.UsersRepository;
import org.apache.mailet.Mail;
import org.rempart.message.OurAddresses;
import org.rempart.policy.Decision;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets an account write only as the addresses that {@code <identity header="…">} of the policy grants it: what the
 * recipient sees is the header, not the envelope. For submission listeners, behind {@link OwnSenderHook}, whose
 * documentation says what {@code own} means:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.OwnFromHook"/>
 * }</pre>
 *
 * Every address in every From, Sender, Resent-From and Resent-Sender field counts, and so does an address in a display
 * name or a comment, which some mail programs show instead ({@code "boss@example.com" <me@example.com>}). Others' are
 * answered {@code 553 5.7.1}. A message without From, or whose header could be read in more than one way or is longer than
 * 1 MiB, is answered {@code 550 5.7.1}; where the directory can't be asked, the answer is {@code 451 4.3.0}. A session
 * without an account is not this hook's business.
 */
public final class OwnFromHook extends PolicyHook implements JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(OwnFromHook.class);

    private final UsersRepository users;
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private OwnAddresses addresses;

    @Inject
    public OwnFromHook(
            UsersRepository users,
            CanSendFrom canSendFrom,
            RecipientRewriteTable mappings,
            DomainList domains,
            ServerPolicy server) {
        super(server);
        this.users = users;
        this.canSendFrom = canSendFrom;
        this.mappings = mappings;
        this.domains = domains;
    }

    @Override
    void ready(FileSystem files) {
        addresses = new OwnAddresses(users, canSendFrom, mappings, domains, policy());
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Optional<Username> account = Transaction.of(session).account();
        Decision<Boolean> anybody = policy().submission().identity().decideHeader(() -> false, () -> false);
        if (account.isEmpty() || anybody.verdict()) {
            return HookResult.DECLINED;
        }
        try {
            List<String> strangers = OriginatorCheck.notAllowed(
                    OriginatorCheck.headerOf(mail),
                    address -> addresses.mayBeShown(account.get(), address).verdict());
            if (strangers.isEmpty()) {
                return HookResult.DECLINED;
            }
            OwnAddresses.refused(session, "header", strangers, "not the account's", anybody.rule());
            return Answers.refuse("553", "5.7.1 From address not owned by the authenticated account");
        } catch (UnreadableHeaderException unreadable) {
            OwnAddresses.refused(session, "header", List.of(), unreadable.getMessage(), anybody.rule());
            return Answers.refuse("550", "5.7.1 From field missing, or message header malformed");
        } catch (OurAddresses.DirectoryException | IOException | MessagingException unknown) {
            LOGGER.error("Can't tell whether {} may send {}", account.get().asString(), mail.getName(), unknown);
            return Answers.cannotDecide();
        }
    }
}
