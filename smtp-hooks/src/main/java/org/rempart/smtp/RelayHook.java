/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;
import org.rempart.message.OriginatorField;
import org.rempart.message.Originators;
import org.rempart.message.ShownAddress;
import org.rempart.message.proof.Proof;
import org.rempart.policy.Decision;
import org.rempart.policy.Rule;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides, recipient by recipient and while the client is still connected, who may send to domains that are not ours.
 * For every listener:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RelayHook"/>
 * }</pre>
 *
 * It is the only authority: it overrules James's {@code <authorizedAddresses>}, and stands before James's own hooks, one
 * of which takes mail for postmaster at any domain. A refused recipient is answered {@code 550 5.7.1}, or
 * {@code 530 5.7.0} where the client could authenticate and has not. When the domains can't be looked up, the answer is
 * {@code 451 4.3.0}.
 *
 * <p>Where a rule lets only senders of some domains relay, all addresses of From, Sender, Resent-From and Resent-Sender have
 * to be of them, too; else, or where they can't be read, the answer to the message is {@code 550 5.7.1}.
 *
 * <p>Where a rule asks for a proof ({@code proof="dmarc"}), the recipients are taken, and the answer to the message is {@code
 * 550 5.7.1} when {@link SenderProofHook} has found none, {@code 451 4.7.0} when the DNS did not say.
 *
 * <p>A mail all of whose recipients passed here is marked with {@link MailAttributes#GATE}, for the second gate in the pipeline. A mail
 * with another recipient, one that a handler put before this one has taken, is refused with {@code 451 4.3.0}.
 */
public final class RelayHook extends PolicyHook implements RcptHook, JamesMessageHook {
    /** A client does not fill our log. */
    private static final int MOST_TOLD = 20;

    private static final Logger LOGGER = LoggerFactory.getLogger(RelayHook.class);

    private final DomainList domains;

    @Inject
    public RelayHook(DomainList domains, ServerPolicy server) {
        super(server);
        this.domains = domains;
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        // Whatever another recipient or James's own settings opened does not count for this one.
        session.setRelayingAllowed(false);
        boolean ours;
        try {
            ours = domains.containsDomain(recipient.getDomain());
        } catch (DomainListException | RuntimeException unknown) {
            return Answers.cannotDecide(LOGGER, recipient, unknown);
        }
        Transaction transaction = Transaction.of(session);
        if (transaction.isFull()) {
            return Answers.refuseForNow("452", "4.5.3 Too many recipients");
        }
        boolean authenticated = transaction.account().isPresent();
        RelayRequest request = RelayRequest.of(transaction.client(), authenticated, sender, ours);
        Decision<RelayVerdict> decision = policy().relay().decide(request);
        if (decision.verdict() == RelayVerdict.DENIED) {
            Decision<RelayVerdict> proven = policy().relay().decide(request.proven());
            if (proven.verdict() == RelayVerdict.ALLOWED) {
                transaction.awaitProof(proven.rule());
                decision = proven;
            }
        }
        switch (decision.verdict()) {
            case ALLOWED:
                // James's own hook, further down the chain, asks this.
                session.setRelayingAllowed(true);
                transaction.relay();
                transaction.decide(recipient);
                return HookResult.DECLINED;
            case LOCAL:
                transaction.decide(recipient);
                return HookResult.DECLINED;
            case DENIED:
                AuditTrail.event("relay-refused", session)
                        .with("from", sender.asString())
                        .recipient(recipient)
                        .rule(decision.rule())
                        .log();
                return !authenticated && session.isAuthAnnounced()
                        ? Answers.refuse("530", "5.7.0 Authentication required")
                        : Answers.refuse("550", "5.7.1 Relaying denied");
        }
        throw new AssertionError(decision);
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Transaction transaction = Transaction.of(session);
        if (!transaction.hasDecided(mail.getRecipients())) {
            LOGGER.error(
                    "A handler in front of RelayHook took a recipient of {}; put RelayHook before all that answer RCPT",
                    mail.getName());
            return Answers.cannotDecide();
        }
        Optional<HookResult> unproven = transaction.awaitedProof().flatMap(rule -> refuseUnproven(session, mail, rule));
        if (unproven.isPresent()) {
            return unproven.get();
        }
        if (transaction.relays()) {
            try {
                Optional<HookResult> refusal = refuseOriginators(session, mail);
                if (refusal.isPresent()) {
                    return refusal.get();
                }
            } catch (MessagingException | IOException | RuntimeException unread) {
                LOGGER.error("Can't tell who {} is from", mail.getName(), unread);
                return Answers.cannotDecide();
            }
        }
        mail.setAttribute(new Attribute(MailAttributes.GATE, AttributeValue.of("rcpt")));
        return HookResult.DECLINED;
    }

    /** What was let pass at RCPT in the hope of a proof is told now that there is none. */
    private static Optional<HookResult> refuseUnproven(SMTPSession session, Mail mail, Rule rule) {
        Optional<Proof> proof = Transaction.of(session).proof();
        Proof.Dmarc found = proof.map(Proof::dmarc).orElse(Proof.Dmarc.NONE);
        if (found == Proof.Dmarc.PASS) {
            return Optional.empty();
        }
        AuditTrail.event("relay-refused", session)
                .with("from", mail.getMaybeSender().asString())
                .with("results", proof.map(Proof::summary).orElse(""))
                .rule(rule)
                .log();
        return Optional.of(
                found == Proof.Dmarc.TEMPERROR
                        ? Answers.refuseForNow("451", "4.7.0 The sender can't be verified now, try again later")
                        : Answers.refuse("550", "5.7.1 Relaying denied, since nothing proves the sender"));
    }

    /** Where only senders of some domains may relay, that is true of From and Sender, too. */
    private Optional<HookResult> refuseOriginators(SMTPSession session, Mail mail)
            throws MessagingException, IOException {
        Transaction transaction = Transaction.of(session);
        if (mayRelayAs(transaction, MaybeSender.nullSender()).verdict() == RelayVerdict.ALLOWED) {
            return Optional.empty();
        }
        Originators originators = Originators.of(OriginatorCheck.headerOf(mail));
        Set<String> refused = new LinkedHashSet<>();
        for (OriginatorField field : originators.all()) {
            for (ShownAddress address : field.mailboxes()) {
                Optional<MailAddress> sender = address.asMailAddress();
                if (sender.isEmpty()
                        || mayRelayAs(transaction, MaybeSender.of(sender.get())).verdict() != RelayVerdict.ALLOWED) {
                    refused.add(address.toString());
                }
            }
        }
        if (refused.isEmpty() && originators.fault().isEmpty()) {
            return Optional.empty();
        }
        AuditTrail.event("relay-refused", session)
                .with("from", refused.stream().limit(MOST_TOLD).collect(Collectors.joining(", ")))
                .rule(mayRelayAs(transaction, MaybeSender.nullSender()).rule())
                .log();
        return Optional.of(Answers.refuse("550", "5.7.1 From address not allowed"));
    }

    private Decision<RelayVerdict> mayRelayAs(Transaction transaction, MaybeSender sender) {
        RelayRequest request =
                RelayRequest.of(transaction.client(), transaction.account().isPresent(), sender, false);
        boolean proven = transaction.awaitedProof().isPresent();
        return policy().relay().decide(proven ? request.proven() : request);
    }
}
