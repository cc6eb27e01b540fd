/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.util.Set;
import org.apache.mailet.AttributeName;

/** The names of the mail attributes that one part of the server sets and another reads. */
public final class MailAttributes {
    /** Each recipient of the mail was decided by the policy when the client named it. Set by RelayHook. */
    public static final AttributeName GATE = AttributeName.of("org.rempart.smtp.gate");

    /**
     * The mail claims an address of ours and has not proved it; the value says where, as field names with commas between, {@code envelope},
     * {@code from}, {@code name}, {@code sender}, {@code unreadable}. Or it claims another domain that asks to put such mail aside:
     * {@code dmarc}. Set by SpoofedSenderHook and SenderProofHook.
     */
    public static final AttributeName UNVERIFIED_SENDER = AttributeName.of("org.rempart.unverified-sender");

    /** The words of {@link #UNVERIFIED_SENDER} that mean more than a name which looks like ours. */
    public static final Set<String> CLAIMS = Set.of("envelope", "from", "unreadable");

    /**
     * The recipients outside whom the mail was addressed to, a list of texts; empty when it was addressed to none. Others that
     * it has later come from an alias or a forward of ours. Set by BeforeForwarding.
     */
    public static final AttributeName ADDRESSED = AttributeName.of("org.rempart.addressed");

    /**
     * What was found of the sender of a mail from outside, a text as a field Authentication-Results has it, with our name in
     * front. Set by SenderProofHook.
     */
    public static final AttributeName PROOF = AttributeName.of("org.rempart.proof");

    /**
     * The mail belongs into its recipients' folder for junk: the name of the filter that says so, or {@code dmarc}. Set by FilterHook
     * and SenderProofHook, and asked for by name in mailetcontainer.xml.
     */
    public static final AttributeName JUNK = AttributeName.of("org.rempart.junk");

    /**
     * A filter has the mail put aside: its name, and what it says. Set by FilterHook, and asked for by name in
     * mailetcontainer.xml.
     */
    public static final AttributeName QUARANTINED = AttributeName.of("org.rempart.quarantined");

    /** A part of this server has written the mail: a report or a notice. Set by {@link OwnMail}. */
    public static final AttributeName OWN = AttributeName.of("org.rempart.own");

    /** The mail was taken while its account was held. Set by AccountLimitsHook and CheckSubmission. */
    public static final AttributeName KEPT_FOR_HELD_ACCOUNT = AttributeName.of("org.rempart.kept-for-held-account");

    /**
     * Why the mail is refused: a reply's code, the enhanced status code (RFC 3463) and words. Set by CheckSubmission.
     */
    public static final AttributeName REFUSAL = AttributeName.of("org.rempart.refusal");

    /** The policy lets the account submit this, which came past the hooks of SMTP. Set by CheckSubmission. */
    public static final AttributeName SUBMISSION = AttributeName.of("org.rempart.submission");

    /**
     * The TLS version that the mail came over, by its JSSE name: {@code TLSv1.3}; absent when it came in clear text. James
     * 3.9 has the same name for it. Set by TlsFactsHook.
     */
    public static final AttributeName TLS_PROTOCOL = AttributeName.of("org.apache.james.ssl.protocol");

    /** The cipher suite that the mail came over, by its JSSE name: {@code TLS_AES_256_GCM_SHA384}. Set by TlsFactsHook. */
    public static final AttributeName TLS_CIPHER = AttributeName.of("org.apache.james.ssl.cipher");

    private MailAttributes() {}
}
