/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailHook;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;
import org.rempart.policy.Decision;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.submission.SpoofedHandling;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does with mail from outside that claims to be ours what {@code <spoofed>} of the policy says. For the MX:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.SpoofedSenderHook"/>
 * }</pre>
 *
 * It claims to be ours when its envelope sender, or an address in From, is in a domain of ours, and its client has neither
 * proved an account nor is one that {@code <relay>} lets send as that address. {@code refuse} answers {@code 550 5.7.1};
 * {@code mark} takes it, with the attribute {@link MailAttributes#UNVERIFIED_SENDER} that says where: {@code envelope}, {@code from},
 * {@code name} (only in a display name or a comment of From) or {@code unreadable} (a header that can be read in more than
 * one way, or not at all). The last two never refuse: mailing lists write the one, and bounces of old servers the other.
 * Where the domains can't be asked, the answer is {@code 451 4.3.0}.
 */
public final class SpoofedSenderHook extends PolicyHook implements MailHook, JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(SpoofedSenderHook.class);

    private final DomainList domains;

    @Inject
    public SpoofedSenderHook(DomainList domains, FileSystem fileSystem) {
        super(fileSystem);
        this.domains = domains;
    }

    @Override
    public HookResult doMail(SMTPSession session, MaybeSender sender) {
        try {
            if (sender.isNullSender() || !isClaimed(session, sender.get())) {
                return HookResult.DECLINED;
            }
            Decision<SpoofedHandling> decision = decide(session);
            return decision.verdict() == SpoofedHandling.REFUSE
                    ? refuse(session, decision, "envelope", List.of(sender.get()), "Sender address")
                    : HookResult.DECLINED;
        } catch (DomainListException | RuntimeException unknown) {
            LOGGER.error("Can't tell whether {} is ours", sender.asString(), unknown);
            return Answers.cannotDecide();
        }
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Decision<SpoofedHandling> decision = decide(session);
        boolean excepted = !decision.rule()
                .equals(policy().submission().spoofed().handling().rule());
        if (SmtpFacts.account(session).isPresent() || (decision.verdict() == SpoofedHandling.ACCEPT && !excepted)) {
            return HookResult.DECLINED;
        }
        Set<String> where = new LinkedHashSet<>();
        Set<MailAddress> claimed = new LinkedHashSet<>();
        try {
            MaybeSender sender = mail.getMaybeSender();
            if (!sender.isNullSender() && isClaimed(session, sender.get())) {
                where.add("envelope");
                claimed.add(sender.get());
            }
            Set<MailAddress> from = new LinkedHashSet<>();
            readFrom(session, mail, from, where, claimed);
            if (!from.isEmpty() && decision.verdict() == SpoofedHandling.REFUSE) {
                return refuse(session, decision, "from", from, "From address");
            }
        } catch (DomainListException | MessagingException | IOException | RuntimeException unknown) {
            LOGGER.error("Can't tell whether {} claims to be ours", mail.getName(), unknown);
            return Answers.cannotDecide();
        }
        if (excepted) {
            // A header that nobody could read claims nothing.
            where.remove("unreadable");
        }
        if (!where.isEmpty()) {
            audit(session, decision, excepted ? "excepted" : "marked", String.join(", ", where), claimed);
            if (!excepted) {
                mail.setAttribute(
                        new Attribute(MailAttributes.UNVERIFIED_SENDER, AttributeValue.of(String.join(", ", where))));
            }
        }
        return HookResult.DECLINED;
    }

    /** @param from gets the addresses of From that claim to be ours */
    private void readFrom(
            SMTPSession session, Mail mail, Set<MailAddress> from, Set<String> where, Set<MailAddress> claimed)
            throws DomainListException, MessagingException, IOException {
        List<String> values;
        try {
            values = OriginatorCheck.headerOf(mail).values("From");
        } catch (UnreadableHeaderException unreadable) {
            where.add("unreadable");
            return;
        }
        Set<MailAddress> names = new LinkedHashSet<>();
        boolean whole = true;
        for (String value : values) {
            HeaderAddresses.Shown shown = HeaderAddresses.shownBy(value);
            whole &= shown.whole;
            for (MailAddress address : shown.all) {
                if (isClaimed(session, address)) {
                    (shown.mailboxes.contains(address) ? from : names).add(address);
                }
            }
        }
        if (!from.isEmpty()) {
            where.add("from");
        } else if (!names.isEmpty()) {
            where.add("name");
        } else if (!whole && values.stream().anyMatch(value -> value.indexOf('@') >= 0)) {
            where.add("unreadable");
        }
        claimed.addAll(from);
        claimed.addAll(names);
    }

    private Decision<SpoofedHandling> decide(SMTPSession session) {
        return policy().submission().spoofed().decide(SmtpFacts.client(session));
    }

    private boolean isClaimed(SMTPSession session, MailAddress address) throws DomainListException {
        if (SmtpFacts.account(session).isPresent() || !domains.containsDomain(address.getDomain())) {
            return false;
        }
        RelayRequest asThat = RelayRequest.of(SmtpFacts.client(session), false, MaybeSender.of(address), false);
        return policy().relay().decide(asThat).verdict() != RelayVerdict.ALLOWED;
    }

    private static HookResult refuse(
            SMTPSession session,
            Decision<SpoofedHandling> decision,
            String where,
            Iterable<MailAddress> claimed,
            String what) {
        audit(session, decision, "refused", where, claimed);
        Verdicts.refusedBy(session, decision.rule());
        return Answers.refuse("550", "5.7.1 " + what + " needs authentication");
    }

    private static void audit(
            SMTPSession session,
            Decision<SpoofedHandling> decision,
            String verdict,
            String where,
            Iterable<MailAddress> claimed) {
        Set<String> addresses = new LinkedHashSet<>();
        claimed.forEach(address -> addresses.add(address.asString()));
        AuditTrail.event("spoofed", session)
                .with("verdict", verdict)
                .with("where", where)
                .with("addresses", addresses.stream().collect(Collectors.toList()))
                .rule(decision.rule())
                .log();
    }
}
