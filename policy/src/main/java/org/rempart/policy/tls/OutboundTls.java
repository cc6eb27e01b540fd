/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a rule of {@code <outbound>} asks of the servers that take mail for a domain. */
public final class OutboundTls {
    private final TlsLevel level;
    private final List<PeerName> names;
    private final Set<Fingerprint> fingerprints;
    private final String trust;

    private OutboundTls(TlsLevel level, List<PeerName> names, Set<Fingerprint> fingerprints, String trust) {
        this.level = Objects.requireNonNull(level);
        this.names = List.copyOf(names);
        this.fingerprints = Set.copyOf(fingerprints);
        this.trust = trust;
        if (level == TlsLevel.FINGERPRINT == fingerprints.isEmpty()) {
            throw new IllegalArgumentException("fingerprints go with the level fingerprint, and only with it");
        }
        if (!names.isEmpty() && level != TlsLevel.SECURE) {
            throw new IllegalArgumentException("names go only with the level secure");
        }
        if (trust != null && level != TlsLevel.VERIFY && level != TlsLevel.SECURE) {
            throw new IllegalArgumentException("trust anchors go only with the levels verify and secure");
        }
    }

    /**
     * A level without anything further.
     *
     * @throws IllegalArgumentException for {@link TlsLevel#FINGERPRINT}, which needs some
     */
    public static OutboundTls of(TlsLevel level) {
        return new OutboundTls(level, List.of(), Set.of(), null);
    }

    /** {@link TlsLevel#VERIFY} with the authorities in a file of PEM certificates, instead of the JVM's. */
    public static OutboundTls verify(String trust) {
        return new OutboundTls(TlsLevel.VERIFY, List.of(), Set.of(), Objects.requireNonNull(trust));
    }

    /**
     * {@link TlsLevel#SECURE}.
     *
     * @param names the names of which the certificate must have one; empty: the recipient's domain and all below it
     * @param trust a file of PEM certificates; empty: the JVM's authorities
     */
    public static OutboundTls secure(List<PeerName> names, Optional<String> trust) {
        return new OutboundTls(TlsLevel.SECURE, names, Set.of(), trust.orElse(null));
    }

    /**
     * {@link TlsLevel#FINGERPRINT}.
     *
     * @param fingerprints one or more, of which the peer's certificate must have one
     */
    public static OutboundTls fingerprint(Set<Fingerprint> fingerprints) {
        return new OutboundTls(TlsLevel.FINGERPRINT, List.of(), fingerprints, null);
    }

    public TlsLevel level() {
        return level;
    }

    /** The names of which the certificate must have one; empty: those that the level says by itself. */
    public List<PeerName> names() {
        return names;
    }

    /** The fingerprints of which the peer's certificate must have one. */
    public Set<Fingerprint> fingerprints() {
        return fingerprints;
    }

    /**
     * The file of PEM certificates that are the only trusted authorities, as the policy names it; empty: the authorities
     * that the JVM trusts.
     */
    public Optional<String> trust() {
        return Optional.ofNullable(trust);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof OutboundTls)) {
            return false;
        }
        OutboundTls that = (OutboundTls) other;
        return level == that.level
                && names.equals(that.names)
                && fingerprints.equals(that.fingerprints)
                && Objects.equals(trust, that.trust);
    }

    @Override
    public int hashCode() {
        return Objects.hash(level, names, fingerprints, trust);
    }

    /** The level, and in brackets what it asks for further. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(level.keyword());
        if (!names.isEmpty()) {
            text.append(names.stream().map(PeerName::toString).collect(Collectors.joining(", ", " (", ")")));
        }
        if (!fingerprints.isEmpty()) {
            text.append(fingerprints.stream()
                    .map(Fingerprint::toString)
                    .sorted()
                    .collect(Collectors.joining(", ", " (", ")")));
        }
        if (trust != null) {
            text.append(" (").append(trust).append(')');
        }
        return text.toString();
    }
}
