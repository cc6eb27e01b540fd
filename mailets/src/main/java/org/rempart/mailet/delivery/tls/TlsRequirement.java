/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.PeerName;
import org.rempart.policy.tls.TlsLevel;

/**
 * What a connection to an MX has to satisfy before mail for a domain goes over it, and who asked for it.
 *
 * <p>Two requirements are equal when the same connection <em>to the same MX host</em> satisfies both: level, protocols,
 * names, trust anchors, fingerprints and TLSA records. So the pair of MX host and requirement is the key under which a connection may
 * be used again. Who asked, and which MX hosts may be used ({@link #refusal}, to be asked before a connection is opened
 * or used again), make no difference to that.
 */
public final class TlsRequirement {
    private final TlsLevel level;
    private final List<String> protocols;
    private final List<PeerName> names;
    private final boolean dnsIdOnly;
    private final TrustAnchors anchors;
    private final Set<Fingerprint> fingerprints;
    private final List<MxPattern> mxPatterns;
    private final List<Tlsa> tlsa;
    private final String serverName;
    private final String refusal;
    private final PublishedPolicy published;
    private final String source;
    private final Rule rule;

    private TlsRequirement(
            TlsLevel level,
            List<String> protocols,
            List<PeerName> names,
            boolean dnsIdOnly,
            TrustAnchors anchors,
            Set<Fingerprint> fingerprints,
            List<MxPattern> mxPatterns,
            List<Tlsa> tlsa,
            String serverName,
            String refusal,
            PublishedPolicy published,
            String source,
            Rule rule) {
        this.level = Objects.requireNonNull(level);
        this.protocols = List.copyOf(protocols);
        this.names = List.copyOf(names);
        this.dnsIdOnly = dnsIdOnly;
        this.anchors = anchors;
        this.fingerprints = Set.copyOf(fingerprints);
        this.mxPatterns = mxPatterns == null ? null : List.copyOf(mxPatterns);
        this.tlsa = List.copyOf(tlsa);
        this.serverName = serverName;
        this.refusal = refusal;
        this.published = published;
        this.source = Objects.requireNonNull(source);
        this.rule = Objects.requireNonNull(rule);
    }

    /**
     * What a local rule asks for.
     *
     * @param outbound what the rule says
     * @param rule the rule
     * @param source who wrote it, for the audit trail: {@code policy} or {@code default}
     * @param recipientDomain whose mail it is; at the level {@code secure} without names of its own, the certificate must
     *     be for this domain or a name below it
     * @param protocols JSSE names of the TLS versions that may be used
     * @param anchors what {@link OutboundTls#trust()} names; empty: the JVM's authorities
     */
    public static TlsRequirement ofRule(
            OutboundTls outbound,
            Rule rule,
            String source,
            Domain recipientDomain,
            List<String> protocols,
            Optional<TrustAnchors> anchors) {
        List<PeerName> names = outbound.names();
        if (outbound.level() == TlsLevel.SECURE && names.isEmpty()) {
            String domain = HostNames.normalise(recipientDomain.asString());
            names = List.of(PeerName.exactly(domain), PeerName.below(domain));
        }
        return new TlsRequirement(
                outbound.level(),
                protocols,
                names,
                false,
                anchors.orElse(null),
                outbound.fingerprints(),
                null,
                List.of(),
                null,
                null,
                null,
                source,
                rule);
    }

    /** A level that needs nothing further, by somebody's word. */
    static TlsRequirement ofLevel(TlsLevel level, List<String> protocols, String source, Rule rule) {
        return new TlsRequirement(
                level, protocols, List.of(), false, null, Set.of(), null, List.of(), null, null, null, source, rule);
    }

    /**
     * What TLSA records ask for (RFC 7672, section 3): a certificate or key that one of them names.
     *
     * @param records of a use, one or more
     * @param names of which a certificate must have one whose authority a record names
     * @param serverName the name that the peer is told (section 8.1)
     */
    static TlsRequirement ofDane(
            TlsLevel level,
            List<Tlsa> records,
            List<PeerName> names,
            String serverName,
            List<String> protocols,
            String source,
            Rule rule) {
        return new TlsRequirement(
                level, protocols, names, false, null, Set.of(), null, records, serverName, null, null, source, rule);
    }

    /**
     * The same, or where it asks for no proof of who the other side is: a certificate of the JVM's authorities for the MX
     * host, as REQUIRETLS does (RFC 8689, section 4.2.1).
     */
    TlsRequirement proven() {
        return level.provesPeer()
                ? this
                : ofLevel(
                        TlsLevel.VERIFY,
                        protocols,
                        "requiretls",
                        Rule.from("the mail's REQUIRETLS", "a certificate for the MX host"));
    }

    /** The same, and no connection satisfies it. */
    TlsRequirement refusing(String why) {
        return with(Objects.requireNonNull(why), published);
    }

    /** The same, and this is the policy that asks for it. */
    TlsRequirement publishedAs(PublishedPolicy policy) {
        return with(refusal, Objects.requireNonNull(policy));
    }

    private TlsRequirement with(String newRefusal, PublishedPolicy newPublished) {
        return new TlsRequirement(
                level,
                protocols,
                names,
                dnsIdOnly,
                anchors,
                fingerprints,
                mxPatterns,
                tlsa,
                serverName,
                newRefusal,
                newPublished,
                source,
                rule);
    }

    /**
     * What a published MTA-STS policy asks for (RFC 8461, section 4.1): one of its MX hosts, with a certificate of the
     * JVM's authorities for the host's name as a subjectAltName.
     *
     * @param mxPatterns the policy's {@code mx} lines
     * @param rule the policy, for the audit trail
     * @param protocols JSSE names of the TLS versions that may be used
     */
    public static TlsRequirement ofMtaSts(List<MxPattern> mxPatterns, Rule rule, List<String> protocols) {
        return new TlsRequirement(
                TlsLevel.VERIFY,
                protocols,
                List.of(),
                true,
                null,
                Set.of(),
                mxPatterns,
                List.of(),
                null,
                null,
                null,
                "mta-sts",
                rule);
    }

    public TlsLevel level() {
        return level;
    }

    /** JSSE names of the TLS versions that may be used. */
    public List<String> protocols() {
        return protocols;
    }

    /** The names of which the certificate must have one; empty: that of the MX host, where the level asks for a name. */
    public List<PeerName> names() {
        return names;
    }

    /** Whether a name counts only as a subjectAltName, even where there is none and the subject has a common name. */
    boolean dnsIdOnly() {
        return dnsIdOnly;
    }

    /** The authorities that are trusted instead of the JVM's. */
    public Optional<TrustAnchors> anchors() {
        return Optional.ofNullable(anchors);
    }

    /** The fingerprints of which the certificate must have one. */
    public Set<Fingerprint> fingerprints() {
        return fingerprints;
    }

    /** The TLSA records of which one must name the certificate, or an authority for it. */
    List<Tlsa> tlsa() {
        return tlsa;
    }

    /** The name that the peer is told; empty: that of the MX host. */
    Optional<String> serverName() {
        return Optional.ofNullable(serverName);
    }

    /** The policy of the domain or the host that asks for this; empty where none does. */
    public Optional<PublishedPolicy> published() {
        return Optional.ofNullable(published);
    }

    /**
     * Why no mail may go to this MX host, whatever it shows; empty where it may. To be asked before a connection is opened
     * or used again.
     */
    public Optional<String> refusal(String mxHost) {
        if (refusal != null) {
            return Optional.of(refusal);
        }
        return mxPatterns == null || mxPatterns.stream().anyMatch(pattern -> pattern.matches(mxHost))
                ? Optional.empty()
                : Optional.of("the host " + mxHost + " is not among " + mxPatterns + " of the domain's policy");
    }

    /** Whether mail may leave in clear text where TLS can't be had. */
    public boolean allowsClearText() {
        return level.allowsClearText();
    }

    /** Who asks: {@code policy} (a local rule for the domain), {@code default}, {@code dane}, {@code mta-sts}. */
    public String source() {
        return source;
    }

    /** The rule that asks, for the audit trail. */
    public Rule rule() {
        return rule;
    }

    /** A key that the DNS names is the host's whatever its certificate is called (RFC 7671, section 5.1). */
    private List<PeerName> namesThatCount() {
        return !tlsa.isEmpty() && tlsa.stream().allMatch(Tlsa::isOfHost) ? List.of() : names;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof TlsRequirement)) {
            return false;
        }
        TlsRequirement that = (TlsRequirement) other;
        return level == that.level
                && dnsIdOnly == that.dnsIdOnly
                && protocols.equals(that.protocols)
                && namesThatCount().equals(that.namesThatCount())
                && tlsa.equals(that.tlsa)
                && Objects.equals(serverName, that.serverName)
                && Objects.equals(refusal, that.refusal)
                && fingerprints.equals(that.fingerprints)
                && Objects.equals(anchors, that.anchors);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                level, dnsIdOnly, protocols, namesThatCount(), tlsa, serverName, refusal, fingerprints, anchors);
    }

    /** In words: {@code verify by mta-sts: mode: enforce (…)}. */
    @Override
    public String toString() {
        String named = names.isEmpty()
                ? ""
                : names.stream().map(PeerName::toString).collect(Collectors.joining(", ", " (", ")"));
        return level.keyword() + named + " by " + source + ": " + rule;
    }
}
