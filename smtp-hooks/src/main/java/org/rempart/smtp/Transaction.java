/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLSession;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.message.proof.Proof;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.Admission;

/**
 * The mail transaction of a session (RFC 5321, section 3.3): who sends, and what each hook of ours has found out or decided
 * for those behind it. Hooks tell each other nothing in any other way.
 *
 * <p>{@link SessionGuard} begins it at MAIL. It ends with the answer to the message, and with RSET, HELO, EHLO and STARTTLS.
 * Who sends does not change within it: AUTH is refused there (RFC 4954, section 4). What belongs to the connection and
 * outlasts it is in {@link SmtpFacts}.
 *
 * <p>Used by the thread of its connection alone.
 */
final class Transaction {
    /** Ten times what is taken: who asks for more is not after sending mail. */
    static final int MOST_DECIDED = 10_000;

    private static final AttachmentKey<Transaction> KEY =
            AttachmentKey.of("org.rempart.smtp.transaction", Transaction.class);

    private final Optional<Username> account;
    private final InetAddress client;
    private final Optional<SSLSession> tls;

    private final Set<MailAddress> decided = new HashSet<>();
    private final Set<MailAddress> bounceAddresses = new HashSet<>();
    private final StrictLinesFilter.HeaderLength header = new StrictLinesFilter.HeaderLength();
    private Optional<Rule> awaitedProof = Optional.empty();
    private Optional<Proof> proof = Optional.empty();
    private Optional<Rule> refusal = Optional.empty();
    private Optional<Admission> admission = Optional.empty();
    private boolean relays;
    private boolean requiresTls;
    private boolean lineLost;
    private boolean traceWritten;

    private Transaction(SMTPSession session) {
        account = SmtpFacts.account(session);
        client = SmtpFacts.client(session);
        tls = SmtpFacts.tls(session);
    }

    /** The one that the session is in. */
    static Transaction of(SMTPSession session) {
        return session.getAttachment(KEY, State.Transaction).orElseGet(() -> begin(session));
    }

    /** Begins a new one; of the one before, nothing is left. */
    static Transaction begin(SMTPSession session) {
        Transaction begun = new Transaction(session);
        session.setAttachment(KEY, begun, State.Transaction);
        return begun;
    }

    /** Whether there is one that MAIL has opened, and that is not over. */
    static boolean isOpen(SMTPSession session) {
        return session.getAttachment(SMTPSession.SENDER, State.Transaction).isPresent();
    }

    /** The account that the client proved. */
    Optional<Username> account() {
        return account;
    }

    /** The client's real address, as {@link SmtpFacts#client} has it. */
    InetAddress client() {
        return client;
    }

    /** The TLS session that the mail comes over, as {@link SmtpFacts#tls} has it. */
    Optional<SSLSession> tls() {
        return tls;
    }

    /** It was decided that a recipient may be written to. */
    void decide(MailAddress recipient) {
        decided.add(recipient);
    }

    /** Whether as many recipients were asked for as this keeps in memory, whatever became of them. */
    boolean isFull() {
        return decided.size() >= MOST_DECIDED;
    }

    /** Whether that was decided for each of them. */
    boolean hasDecided(Collection<MailAddress> recipients) {
        return decided.containsAll(recipients);
    }

    /** A recipient is in a domain that is not ours. */
    void relay() {
        relays = true;
    }

    boolean relays() {
        return relays;
    }

    /** Its sender wants it to go under TLS all the way (REQUIRETLS, RFC 8689). */
    void requireTls() {
        requiresTls = true;
    }

    boolean requiresTls() {
        return requiresTls;
    }

    /** A recipient was taken by a rule that asks for a proof of the sender. */
    void awaitProof(Rule rule) {
        awaitedProof = Optional.of(rule);
    }

    /** The rule that lets the mail pass if it turns out to be proven. */
    Optional<Rule> awaitedProof() {
        return awaitedProof;
    }

    /** A recipient is the good address of a forwarded mail's sender, which no table knows. */
    void takeBounce(MailAddress recipient) {
        bounceAddresses.add(recipient);
    }

    boolean takesBounce(MailAddress recipient) {
        return bounceAddresses.contains(recipient);
    }

    void prove(Proof found) {
        proof = Optional.of(found);
    }

    /** What was proven of the sender; empty where nobody looked. */
    Optional<Proof> proof() {
        return proof;
    }

    void refuse(Rule rule) {
        refusal = Optional.of(rule);
    }

    /** The rule that refused it, for the audit trail. */
    Optional<Rule> refusal() {
        return refusal;
    }

    /** The message was counted against its account. */
    void admit(Admission entered) {
        admission = Optional.of(entered);
    }

    /** It was not accepted after all, and does not count. */
    void withdraw() {
        admission.ifPresent(Admission::withdraw);
        admission = Optional.empty();
    }

    /** How much of the message's header has come so far. */
    StrictLinesFilter.HeaderLength header() {
        return header;
    }

    /** A line of the message was dropped. */
    void loseLine() {
        lineLost = true;
    }

    boolean hasLostLine() {
        return lineLost;
    }

    /** Notes that the trace field is written; answers whether it was before. */
    boolean writeTrace() {
        boolean before = traceWritten;
        traceWritten = true;
        return before;
    }
}
