/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.user.api.UsersRepository;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.ProcessingState;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.MailAttributes;
import org.rempart.message.MailOrigin;
import org.rempart.message.OurAddresses;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.ledger.Admission;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.trail.AuditEvent;

/**
 * Asks of mail that a user submits by JMAP (RFC 8621, section 7) what {@link OwnSenderHook}, {@link OwnFromHook} and {@link
 * AccountLimitsHook} ask of mail over SMTP, and writes it to the audit trail. First in the processor {@code root}:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.smtp.CheckSubmission">
 *   <processor>relay-denied</processor>
 *   <onMailetException>propagate</onMailetException>
 * </mailet>
 * }</pre>
 *
 * JMAP has told the user already that the mail is sent. What is refused goes to the {@code processor}, with the reason for
 * {@code org.rempart.mailet.RefuseMail}, which tells him by a report. With {@code <held mail="keep"/>}, what a held account
 * submits is marked for the matcher AccountIsHeld. When the directory or the ledger can't be asked, it throws. Other mail is
 * not its business.
 *
 * <p>Parameters: {@code processor} has to be given; {@code policy} is the URL of the policy file,
 * {@value PolicyFile#DEFAULT_URL} if not given.
 */
public final class CheckSubmission extends GenericMailet {
    private static final String PROCESSOR = "processor";
    private static final String POLICY = "policy";
    private static final Set<String> KNOWN = Set.of(PROCESSOR, POLICY, "onMailetException", "onMatchException");

    private final UsersRepository users;
    private final CanSendFrom canSendFrom;
    private final RecipientRewriteTable mappings;
    private final DomainList domains;
    private final SubmissionLedger ledger;
    private final PostmasterNotice postmaster;
    private final ServerPolicy server;
    private Policy policy;
    private OwnAddresses addresses;
    private String refused;

    @Inject
    CheckSubmission(
            UsersRepository users,
            CanSendFrom canSendFrom,
            RecipientRewriteTable mappings,
            DomainList domains,
            SubmissionLedger ledger,
            PostmasterNotice postmaster,
            ServerPolicy server) {
        this.users = users;
        this.canSendFrom = canSendFrom;
        this.mappings = mappings;
        this.domains = domains;
        this.ledger = ledger;
        this.postmaster = postmaster;
        this.server = server;
    }

    /** Why a mail is refused: what its sender is told, and what the trail says. */
    private static final class Refusal {
        private final String reply;
        private final String reason;
        private final Rule rule;

        Refusal(String reply, String reason, Rule rule) {
            this.reply = reply;
            this.reason = reason;
            this.rule = rule;
        }
    }

    @Override
    public void init() throws MessagingException {
        for (Iterator<String> given = getInitParameterNames(); given.hasNext(); ) {
            String name = given.next();
            if (!KNOWN.contains(name)) {
                throw new MessagingException(
                        "CheckSubmission: unknown parameter <" + name + ">; it takes <policy>, <processor>");
            }
        }
        refused = getInitParameter(PROCESSOR);
        if (refused == null || refused.isBlank()) {
            throw new MessagingException(
                    "CheckSubmission: <processor> is missing; write the one that has RefuseMail, such as <processor>relay-denied</processor>");
        }
        refused = refused.trim();
        try {
            policy = server.asked(
                    Optional.ofNullable(getInitParameter(POLICY)).map(String::trim),
                    "CheckSubmission in mailetcontainer.xml");
        } catch (PolicyException | IOException fault) {
            throw new MessagingException("CheckSubmission: " + fault.getMessage(), fault);
        }
        addresses = new OwnAddresses(users, canSendFrom, mappings, domains, policy);
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        Optional<Username> account = MailOrigin.jmapAccount(mail).map(Username::of);
        if (account.isEmpty() || mail.getAttribute(MailAttributes.SUBMISSION).isPresent()) {
            return;
        }
        Optional<Refusal> refusal = identity(account.get(), mail);
        if (refusal.isEmpty()) {
            refusal = rate(account.get(), mail);
        }
        trail(account.get(), mail, refusal);
        if (refusal.isEmpty()) {
            mark(mail, MailAttributes.SUBMISSION, AttributeValue.of(true));
            return;
        }
        mark(mail, MailAttributes.REFUSAL, AttributeValue.of(refusal.get().reply));
        mail.setState(refused);
    }

    private static void mark(Mail mail, AttributeName name, AttributeValue<?> value) {
        mail.setAttribute(new Attribute(name, value));
    }

    private Optional<Refusal> identity(Username account, Mail mail) throws MessagingException {
        Rule rule = policy.submission().identity().rule();
        try {
            Optional<MailAddress> sender = mail.getMaybeSender().asOptional();
            Decision<Boolean> envelope = sender.isPresent()
                    ? addresses.mayBeSender(account, sender.get())
                    : policy.submission().identity().decideEnvelope(() -> false, () -> false);
            if (!envelope.verdict()) {
                return Optional.of(new Refusal(
                        "553 5.7.1 Sender address not owned by the account",
                        "not the account's: " + mail.getMaybeSender().asString(),
                        envelope.rule()));
            }
            if (policy.submission()
                    .identity()
                    .decideHeader(() -> false, () -> false)
                    .verdict()) {
                return Optional.empty();
            }
            List<String> strangers = OriginatorCheck.notAllowed(
                    OriginatorCheck.headerOf(mail),
                    address -> addresses.mayBeShown(account, address).verdict());
            return strangers.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Refusal(
                            "553 5.7.1 From address not owned by the account",
                            "not the account's: " + String.join(", ", strangers),
                            rule));
        } catch (UnreadableHeaderException unreadable) {
            return Optional.of(new Refusal(
                    "550 5.7.1 From field missing, or message header malformed", unreadable.getMessage(), rule));
        } catch (OurAddresses.DirectoryException | IOException unknown) {
            throw new MessagingException(
                    "CheckSubmission: can't tell whether " + account.asString() + " may send " + mail.getName(),
                    unknown);
        }
    }

    private Optional<Refusal> rate(Username account, Mail mail) throws MessagingException {
        try {
            return judged(account, mail);
        } catch (LedgerAwayException unknown) {
            throw new MessagingException(
                    "CheckSubmission: can't tell whether " + account.asString() + " may send " + mail.getName()
                            + " now",
                    unknown);
        }
    }

    private Optional<Refusal> judged(Username account, Mail mail) {
        Admission admission = ledger.enter(
                account, policy.submission().rates(), mail.getRecipients().size());
        if (admission.isAdmitted()) {
            return Optional.empty();
        }
        if (admission.limit().isPresent() && !admission.holds()) {
            return Optional.of(tooMuch(
                    "550 5.7.28 Too much mail for now, send it again later",
                    admission.limit().get()));
        }
        HeldMail kept = policy.submission().heldMail();
        if (admission.holds()) {
            AuditEvent.now("held")
                    .with("account", account.asString())
                    .with("messages", admission.messages())
                    .with("recipientCount", admission.recipients())
                    .rule(admission.limit().orElseThrow().rule())
                    .log();
            ledger.held(account).ifPresent(hold -> postmaster.held(hold, kept));
        }
        if (kept == HeldMail.KEEP) {
            mark(mail, MailAttributes.KEPT_FOR_HELD_ACCOUNT, AttributeValue.of(true));
            AuditEvent.now("held-kept")
                    .with("account", account.asString())
                    .with("mail", mail.getName())
                    .recipients(mail.getRecipients())
                    .log();
            return Optional.empty();
        }
        String reply = "550 5.7.28 Too much mail; the account is held";
        return Optional.of(admission
                .limit()
                .map(limit -> tooMuch(reply, limit))
                .orElseGet(() -> new Refusal(reply, "held", null)));
    }

    private static Refusal tooMuch(String reply, RateLimit limit) {
        return new Refusal(reply, "rate exceeded", limit.rule());
    }

    private static void trail(Username account, Mail mail, Optional<Refusal> refusal) {
        AuditEvent trail = AuditEvent.now("submission")
                .with("protocol", "jmap")
                .with("account", account.asString())
                .with("verdict", refusal.isPresent() ? "refused" : "accepted");
        AuditTrail.describe(trail, mail);
        refusal.ifPresent(why -> {
            trail.with("answer", why.reply).with("reason", why.reason);
            Optional.ofNullable(why.rule).ifPresent(trail::rule);
        });
        trail.log();
    }

    @Override
    public Collection<ProcessingState> requiredProcessingState() {
        return List.of(new ProcessingState(refused));
    }

    @Override
    public String getMailetInfo() {
        return "Asks of mail submitted by JMAP what the hooks ask of mail over SMTP";
    }
}
