/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailHook;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.MailAttributes;
import org.rempart.message.OriginatorField;
import org.rempart.message.Originators;
import org.rempart.message.ShownAddress;
import org.rempart.message.dns.Dns;
import org.rempart.message.proof.Proof;
import org.rempart.message.proof.SenderProof;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainNames;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.server.ServerPolicy;
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
 * It claims to be ours when its envelope sender, or an address in From, is in a domain of ours or has the name of this
 * server, and its client has neither proved an account nor is one that {@code <relay>} lets send as that address. What {@link
 * SenderProofHook} has found is a proof, too: SPF of our domain for the envelope, and a signature of our domain or an aligned
 * envelope for From, as what our people write to mailing lists has. Whatever
 * any lenient mail program takes for a From counts ({@link Originators}), also in a header that a strict one can't read.
 * {@code refuse} answers {@code 550 5.7.1}; {@code mark} takes it, with the attribute
 * {@link MailAttributes#UNVERIFIED_SENDER} that says where:
 *
 * <ul>
 *   <li>{@code envelope}, {@code from};
 *   <li>{@code name}: only in a display name or a comment of From, or From has an address without a domain, or one whose
 *       domain looks like one of ours;
 *   <li>{@code sender}: only in Sender, Resent-From or Resent-Sender, which some programs show;
 *   <li>{@code unreadable}: a header that can be read in more than one way, or is too long.
 * </ul>
 *
 * The last three never refuse: mailing lists write the first, calendars the second, and bounces of old servers the third.
 * Where the domains can't be asked, the answer is {@code 451 4.3.0}.
 */
public final class SpoofedSenderHook extends PolicyHook implements MailHook, JamesMessageHook {
    private static final String FROM = "from";
    private static final String UNREADABLE = "unreadable";

    /** A stranger does not fill our log. */
    private static final int MOST_TOLD = 20;

    private static final Logger LOGGER = LoggerFactory.getLogger(SpoofedSenderHook.class);

    private final DomainList domains;
    private final SenderProof senders;

    @Inject
    public SpoofedSenderHook(DomainList domains, DNSService dns, ServerPolicy server) {
        super(server);
        this.domains = domains;
        this.senders = new SenderProof(Dns.of(dns));
    }

    @Override
    public HookResult doMail(SMTPSession session, MaybeSender sender) {
        try {
            if (sender.isNullSender() || !isClaimed(session, new OurNames(domains, session), sender.get())) {
                return HookResult.DECLINED;
            }
            Decision<SpoofedHandling> decision = decide(session);
            return decision.verdict() == SpoofedHandling.REFUSE && !isProven(session, sender.get())
                    ? refuse(session, decision, "envelope", List.of(sender.get().asString()), "Sender address")
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
        if (Transaction.of(session).account().isPresent()
                || (decision.verdict() == SpoofedHandling.ACCEPT && !excepted)) {
            return HookResult.DECLINED;
        }
        Map<String, Set<String>> claims;
        try {
            claims = claims(session, mail);
        } catch (DomainListException | MessagingException | IOException | RuntimeException unknown) {
            LOGGER.error("Can't tell whether {} claims to be ours", mail.getName(), unknown);
            return Answers.cannotDecide();
        }
        if (claims.containsKey(FROM) && decision.verdict() == SpoofedHandling.REFUSE) {
            return refuse(session, decision, FROM, claims.get(FROM), "From address");
        }
        if (excepted) {
            // A header that nobody could read claims nothing.
            claims.remove(UNREADABLE);
        }
        if (!claims.isEmpty()) {
            // What DMARC says of others stays.
            String before = AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class)
                    .map(mark -> mark + ", ")
                    .orElse("");
            String where = before + String.join(", ", claims.keySet());
            Set<String> claimed = new LinkedHashSet<>();
            claims.values().forEach(claimed::addAll);
            audit(session, decision, excepted ? "excepted" : "marked", where, claimed);
            if (!excepted) {
                mail.setAttribute(new Attribute(MailAttributes.UNVERIFIED_SENDER, AttributeValue.of(where)));
            }
        }
        return HookResult.DECLINED;
    }

    /** Whether the SPF record of our own domain names the client. */
    private boolean isProven(SMTPSession session, MailAddress sender) {
        return policy().inbound().proof()
                && senders.mayClientSendAs(Transaction.of(session).client(), SmtpFacts.helo(session), sender);
    }

    /** Where the mail claims to be ours, and the addresses that it claims there; one place at most for the header. */
    private Map<String, Set<String>> claims(SMTPSession session, Mail mail)
            throws DomainListException, MessagingException, IOException {
        OurNames ours = new OurNames(domains, session);
        Optional<Proof> proof = Transaction.of(session).proof();
        Map<String, Set<String>> claims = new LinkedHashMap<>();
        MaybeSender sender = mail.getMaybeSender();
        if (!sender.isNullSender()
                && proof.filter(proven -> proven.provesEnvelope(
                                DomainNames.comparable(sender.get().getDomain().asString())))
                        .isEmpty()
                && isClaimed(session, ours, sender.get())) {
            claims.put("envelope", Set.of(sender.get().asString()));
        }
        Originators originators = Originators.of(OriginatorCheck.headerOf(mail));
        Set<String> from = new LinkedHashSet<>();
        Set<String> names = new LinkedHashSet<>();
        Set<String> others = new LinkedHashSet<>();
        for (OriginatorField field : originators.from()) {
            for (ShownAddress address : field.mailboxes()) {
                if (proof.filter(proven -> proven.provesFrom(address.domain())).isPresent()) {
                    continue;
                }
                if (isClaimed(session, ours, address, address.domain())) {
                    from.add(address.toString());
                } else if (isClaimedBySight(session, ours, address) && !isOldBounce(sender, address)) {
                    names.add(address.toString());
                }
            }
            for (ShownAddress address : union(field.names(), field.hints())) {
                if (isClaimed(session, ours, address, address.domain()) || isClaimedBySight(session, ours, address)) {
                    names.add(address.toString());
                }
            }
        }
        for (OriginatorField field : originators.others()) {
            for (ShownAddress address : union(field.mailboxes(), field.names())) {
                if (isClaimed(session, ours, address, address.domain())) {
                    others.add(address.toString());
                }
            }
        }
        boolean doubtful = originators.fault().isPresent() && !isInnocent(originators);
        if (!from.isEmpty() || !names.isEmpty()) {
            String where = from.isEmpty() ? "name" : FROM;
            names.addAll(from);
            claims.put(where, from.isEmpty() ? names : union(from, names));
        } else if (!others.isEmpty()) {
            claims.put("sender", others);
        } else if (doubtful || !ours.askedAll()) {
            claims.put(UNREADABLE, Set.of());
        }
        return claims;
    }

    /** What is only malformed and shows no address of anybody is no more than that. */
    private static boolean isInnocent(Originators originators) {
        return originators.from().stream()
                .allMatch(field -> field.mailboxes().stream()
                                .allMatch(address -> address.domain().isEmpty())
                        && field.names().isEmpty());
    }

    private static <T> Set<T> union(Set<T> one, Set<T> other) {
        Set<T> union = new LinkedHashSet<>(one);
        union.addAll(other);
        return union;
    }

    /** Servers of old write their bounces so. */
    private static boolean isOldBounce(MaybeSender sender, ShownAddress address) {
        return sender.isNullSender() && address.toString().equalsIgnoreCase("MAILER-DAEMON");
    }

    /** Whether a reader takes the address for one of ours: it has no domain, or one that looks like ours. */
    private boolean isClaimedBySight(SMTPSession session, OurNames ours, ShownAddress address)
            throws DomainListException {
        if (address.domain().isEmpty()) {
            return !mayRelayAs(session, MaybeSender.nullSender());
        }
        Optional<String> lookalike = DomainNames.lookalike(address.domain());
        return lookalike.isPresent() && isClaimed(session, ours, address, lookalike.get());
    }

    private boolean isClaimed(SMTPSession session, OurNames ours, ShownAddress address, String domain)
            throws DomainListException {
        return ours.holds(domain)
                && !mayRelayAs(
                        session, address.asMailAddress().map(MaybeSender::of).orElse(MaybeSender.nullSender()));
    }

    private boolean isClaimed(SMTPSession session, OurNames ours, MailAddress address) throws DomainListException {
        return Transaction.of(session).account().isEmpty()
                && ours.holds(DomainNames.comparable(address.getDomain().asString()))
                && !mayRelayAs(session, MaybeSender.of(address));
    }

    private boolean mayRelayAs(SMTPSession session, MaybeSender sender) {
        RelayRequest asThat = RelayRequest.of(Transaction.of(session).client(), false, sender, false);
        return policy().relay().decide(asThat).verdict() == RelayVerdict.ALLOWED;
    }

    private Decision<SpoofedHandling> decide(SMTPSession session) {
        return policy().submission().spoofed().decide(Transaction.of(session).client());
    }

    private static HookResult refuse(
            SMTPSession session,
            Decision<SpoofedHandling> decision,
            String where,
            Collection<String> claimed,
            String what) {
        audit(session, decision, "refused", where, claimed);
        Transaction.of(session).refuse(decision.rule());
        return Answers.refuse("550", "5.7.1 " + what + " needs authentication");
    }

    private static void audit(
            SMTPSession session,
            Decision<SpoofedHandling> decision,
            String verdict,
            String where,
            Collection<String> claimed) {
        AuditTrail.event("spoofed", session)
                .with("verdict", verdict)
                .with("where", where)
                .with("addresses", claimed.stream().limit(MOST_TOLD).collect(Collectors.toList()))
                .rule(decision.rule())
                .log();
    }
}
