/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailHook;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.james.user.api.UsersRepository;
import org.apache.mailet.Mail;
import org.rempart.message.DispositionNotification;
import org.rempart.message.HeaderBlock;
import org.rempart.message.OurAddresses;
import org.rempart.policy.Decision;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets an account use only the envelope senders that {@code <identity envelope="…">} of the policy grants it. For
 * submission listeners:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.OwnSenderHook"/>
 * }</pre>
 *
 * {@code own} are the account's address, its aliases, what James's {@link CanSendFrom} lets it send as, and all these
 * with a detail, as {@code <subaddresses>} of the policy has it; a group that it is a member of is not, unless a
 * {@code <delegate>} says so. Another sender is answered {@code 553 5.7.1}, and {@code 451 4.3.0} where the directory can't
 * be asked.
 *
 * <p>The null sender is what read receipts are sent with (RFC 8098, section 3) and is nobody's own. It is accepted at MAIL
 * and judged when the message is there: that has to be such a receipt, from addresses that the account could have used as
 * envelope sender, and is else answered {@code 553 5.7.1}. A session without an account is not this hook's business.
 */
public final class OwnSenderHook extends PolicyHook implements MailHook, JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(OwnSenderHook.class);

    private final UsersRepository users;
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private OwnAddresses addresses;

    @Inject
    public OwnSenderHook(
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
    public HookResult doMail(SMTPSession session, MaybeSender sender) {
        Optional<Username> account = Transaction.of(session).account();
        Optional<MailAddress> address = sender.asOptional();
        if (account.isEmpty() || address.isEmpty()) {
            return HookResult.DECLINED;
        }
        try {
            Decision<Boolean> decision = addresses.mayBeSender(account.get(), address.get());
            return decision.verdict()
                    ? accept(session, decision, address.get())
                    : refuse(session, decision, List.of(address.get().asString()), "not the account's");
        } catch (OurAddresses.DirectoryException unknown) {
            LOGGER.error("Can't tell whether {} may send as {}", account.get().asString(), sender.asString(), unknown);
            return Answers.cannotDecide();
        }
    }

    /** Whose rule it was is in the trail: an account that writes as another one is worth knowing of. */
    private HookResult accept(SMTPSession session, Decision<Boolean> decision, MailAddress address) {
        if (!decision.rule().equals(policy().submission().identity().rule())) {
            AuditTrail.event("delegated", session)
                    .with("from", address.asString())
                    .rule(decision.rule())
                    .log();
        }
        return HookResult.DECLINED;
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Optional<Username> account = Transaction.of(session).account();
        Decision<Boolean> anybody = policy().submission().identity().decideEnvelope(() -> false, () -> false);
        if (account.isEmpty() || !mail.getMaybeSender().isNullSender() || anybody.verdict()) {
            return HookResult.DECLINED;
        }
        try {
            HeaderBlock header = OriginatorCheck.headerOf(mail);
            List<String> strangers = OriginatorCheck.notAllowed(
                    header,
                    address -> addresses.mayBeSender(account.get(), address).verdict());
            if (!strangers.isEmpty()) {
                return refuse(session, anybody, strangers, "not the account's, with a null sender");
            }
            return OriginatorCheck.isDispositionNotification(header) && hasItsStructure(mail)
                    ? HookResult.DECLINED
                    : refuse(session, anybody, List.of("<>"), "a null sender on what is no read receipt");
        } catch (UnreadableHeaderException unreadable) {
            return refuse(session, anybody, List.of("<>"), unreadable.getMessage());
        } catch (OurAddresses.DirectoryException | IOException | MessagingException unknown) {
            LOGGER.error("Can't tell whether {} may send {}", account.get().asString(), mail.getName(), unknown);
            return Answers.cannotDecide();
        }
    }

    private static boolean hasItsStructure(Mail mail) throws MessagingException, IOException {
        try (InputStream message = StructureHook.bytes(mail)) {
            return DispositionNotification.isOne(message);
        }
    }

    private static HookResult refuse(
            SMTPSession session, Decision<Boolean> decision, List<String> addresses, String reason) {
        OwnAddresses.refused(session, "envelope", addresses, reason, decision.rule());
        return Answers.refuse("553", "5.7.1 Sender address not owned by the authenticated account");
    }
}
