/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Provider;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.message.MailAttributes;
import org.rempart.message.RawMessage;
import org.rempart.message.dns.Dns;
import org.rempart.message.proof.Proof;
import org.rempart.message.proof.SenderProof;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainNames;
import org.rempart.policy.inbound.FailedHandling;
import org.rempart.policy.inbound.UnansweredHandling;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.smtp.reports.AggregateReports;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what proves whom a mail from outside is from (SPF, DKIM, DMARC), says so in a field Authentication-Results (RFC
 * 8601), and does what {@code <inbound>} of the policy says with mail that fails. For the MX, before {@link SpoofedSenderHook},
 * which takes a proof of our own domain for one:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.SenderProofHook"/>
 * }</pre>
 *
 * Mail of an account, and of a client that {@code <relay>} lets send with that envelope sender, is no mail from outside.
 * Fields that already say what this server has found are removed. {@code refuse} answers {@code 550 5.7.26} (RFC 7372);
 * {@code mark} notes {@code dmarc} in {@link MailAttributes#UNVERIFIED_SENDER}, and {@code junk} in {@link MailAttributes#JUNK},
 * too. The name of this server in the field is that
 * of {@code <received name>}, else that of the listener.
 */
public final class SenderProofHook extends PolicyHook implements JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(SenderProofHook.class);
    private static final String FIELD = "Authentication-Results";
    /** Of what a domain asks for, the policy here has made an exception. */
    private static final String LOCAL = "local_policy";

    private static final String REPORTS = "file://var/dmarc-reports/";

    private final Dns dns;
    private final SenderProof senders;
    private final Provider<MailetContext> server;
    private Optional<AggregateReports> reports = Optional.empty();

    @Inject
    public SenderProofHook(DNSService dns, ServerPolicy policy, Provider<MailetContext> server) {
        super(policy);
        this.dns = Dns.of(dns);
        this.senders = new SenderProof(this.dns);
        this.server = server;
    }

    @Override
    void ready(FileSystem files) throws IOException {
        Optional<MailAddress> contact = policy().inbound().reports();
        if (contact.isPresent() && policy().inbound().proof()) {
            reports = Optional.of(
                    AggregateReports.open(contact.get(), files.getFile(REPORTS).toPath(), dns, server::get));
        }
    }

    @Override
    public void destroy() {
        reports.ifPresent(AggregateReports::save);
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        Transaction transaction = Transaction.of(session);
        if (!policy().inbound().proof() || !isFromOutside(transaction, mail)) {
            return HookResult.DECLINED;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            Proof proof = senders.of(
                    transaction.client(),
                    SmtpFacts.helo(session),
                    mail.getMaybeSender(),
                    message.header(),
                    message::body);
            transaction.prove(proof);
            Optional<HookResult> refusal = refusal(session, mail, proof);
            if (refusal.isPresent()) {
                return refusal.get();
            }
            mail.setAttribute(new Attribute(
                    MailAttributes.PROOF, AttributeValue.of(publicName(session) + "; " + proof.results())));
            message.replaceHeader(withResults(message.header(), proof, publicName(session)));
            return HookResult.DECLINED;
        } catch (MessagingException | IOException | RuntimeException unknown) {
            LOGGER.error("Can't tell what proves the sender of {}", mail.getName(), unknown);
            return Answers.cannotDecide();
        }
    }

    private Optional<HookResult> refusal(SMTPSession session, Mail mail, Proof proof) {
        if (proof.dmarc() == Proof.Dmarc.TEMPERROR) {
            Decision<UnansweredHandling> decision = policy().inbound().unanswered();
            boolean defers = decision.verdict() == UnansweredHandling.DEFER;
            audit(session, proof, decision, defers ? "deferred" : "accepted");
            return defers
                    ? Optional.of(
                            Answers.refuseForNow("451", "4.7.0 The sender can't be verified now, try again later"))
                    : Optional.empty();
        }
        if (proof.dmarc() != Proof.Dmarc.FAIL || proof.wish() == Proof.Wish.NONE) {
            // The record may ask for more than is wanted of this mail: so many in a hundred.
            boolean sampled = proof.dmarc() == Proof.Dmarc.FAIL
                    && proof.evaluation()
                            .filter(evaluation ->
                                    !evaluation.published().get("p").equals("none"))
                            .filter(evaluation ->
                                    !evaluation.published().get("pct").equals("100"))
                            .isPresent();
            report(session, mail, proof, "none", sampled ? "sampled_out" : "");
            return Optional.empty();
        }
        Transaction transaction = Transaction.of(session);
        Decision<FailedHandling> decision = proof.wish() == Proof.Wish.REJECT
                ? policy().inbound().onReject(transaction.client(), proof.from(), proof.sealer())
                : policy().inbound().onQuarantine(transaction.client(), proof.from(), proof.sealer());
        boolean reject = proof.wish() == Proof.Wish.REJECT;
        switch (decision.verdict()) {
            case REFUSE:
                report(session, mail, proof, "reject", reject ? "" : LOCAL);
                audit(session, proof, decision, "refused");
                transaction.refuse(decision.rule());
                return Optional.of(
                        Answers.refuse("550", "5.7.26 The domain of From asks to refuse mail that does not prove it"));
            case JUNK:
                report(session, mail, proof, "quarantine", reject ? LOCAL : "");
                mail.setAttribute(new Attribute(MailAttributes.JUNK, AttributeValue.of("dmarc")));
                mark(session, mail, proof, decision);
                return Optional.empty();
            case MARK:
                report(session, mail, proof, "none", LOCAL);
                mark(session, mail, proof, decision);
                return Optional.empty();
            default:
                report(session, mail, proof, "none", proof.sealer().isPresent() ? "trusted_forwarder" : LOCAL);
                audit(session, proof, decision, "accepted");
                return Optional.empty();
        }
    }

    /** Counts the mail for the domain of its From, where that is to be told. */
    private void report(SMTPSession session, Mail mail, Proof proof, String disposition, String override) {
        if (reports.isPresent() && proof.evaluation().isPresent()) {
            String sender = mail.getMaybeSender()
                    .asOptional()
                    .map(address -> DomainNames.comparable(address.getDomain().asString()))
                    .orElse("");
            reports.get()
                    .count(
                            SmtpFacts.client(session),
                            disposition,
                            override,
                            sender,
                            proof.evaluation().get());
        }
    }

    private static void mark(SMTPSession session, Mail mail, Proof proof, Decision<?> decision) {
        audit(session, proof, decision, "marked");
        mail.setAttribute(new Attribute(MailAttributes.UNVERIFIED_SENDER, AttributeValue.of("dmarc")));
    }

    private static void audit(SMTPSession session, Proof proof, Decision<?> decision, String verdict) {
        AuditTrail.event("unproven", session)
                .with("verdict", verdict)
                .with("results", proof.summary())
                .with("domain", proof.from())
                .rule(decision.rule())
                .log();
    }

    /** The header with our results on top, and without those that somebody else says are ours. */
    static byte[] withResults(HeaderBlock header, Proof proof, String name) {
        List<byte[]> fields = new ArrayList<>();
        for (HeaderField field : header.fields()) {
            fields.add(field.isNamed(FIELD) && claims(field.value(), name) ? null : HeaderBlock.KEEP);
        }
        return HeaderBlock.parse(header.with(fields)).prepend(proof.field(name));
    }

    /** Whether a field is of a server of this name (RFC 8601, section 5): what stands there in a comment counts, too. */
    static boolean claims(String value, String name) {
        int end = value.indexOf(';');
        String server = end < 0 ? value : value.substring(0, end);
        for (String word : server.split("[^A-Za-z0-9._-]+", -1)) {
            if (DomainNames.comparable(word).equals(DomainNames.comparable(name))) {
                return true;
            }
        }
        return false;
    }
}
