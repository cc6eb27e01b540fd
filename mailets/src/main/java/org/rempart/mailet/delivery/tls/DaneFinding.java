/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.PeerName;
import org.rempart.policy.tls.TlsLevel;

/** What the DNS says by TLSA records about the TLS of a host, as far as DNSSEC proves it (RFC 7672, section 2.2). */
final class DaneFinding {
    private static final int SHOWN = 4;

    /** What follows for a connection to the host. */
    enum Kind {
        /** The host has to prove that it is what the records name. */
        BINDING,
        /** The host has records, so it has TLS; none of them says anything that could be proven. */
        TLS_ONLY,
        /** Nothing. */
        NONE
    }

    private final Kind kind;
    private final boolean route;
    private final String base;
    private final List<PeerName> names;
    private final List<Tlsa> records;
    private final String text;

    private DaneFinding(Kind kind, boolean route, String base, List<PeerName> names, List<Tlsa> records, String text) {
        this.kind = Objects.requireNonNull(kind);
        this.route = route;
        this.base = base;
        this.names = List.copyOf(names);
        this.records = List.copyOf(records);
        this.text = Objects.requireNonNull(text);
    }

    static DaneFinding none(String why) {
        return new DaneFinding(Kind.NONE, true, "", List.of(), List.of(), why);
    }

    /**
     * Proven records.
     *
     * @param owner whose records they are: {@code _25._tcp.mx.example.com}
     * @param base the host's name in it (RFC 7672, section 2.2.3)
     * @param found all records, one or more
     */
    static DaneFinding of(String owner, String base, List<Tlsa> found) {
        List<Tlsa> usable = Tlsa.usable(found);
        List<Tlsa> told = usable.isEmpty() ? found : usable;
        String list = told.stream()
                        .limit(SHOWN)
                        .map(Tlsa::toString)
                        .reduce((one, next) -> one + ", " + next)
                        .orElse("")
                + (told.size() > SHOWN ? ", …" : "");
        return usable.isEmpty()
                ? new DaneFinding(
                        Kind.TLS_ONLY, true, base, List.of(), List.of(), owner + " has only records of no use: " + list)
                : new DaneFinding(
                        Kind.BINDING, true, base, List.of(PeerName.exactly(base)), usable, owner + ": " + list);
    }

    /** The same for a host that a domain names: a certificate of an authority may be for these names, too. */
    DaneFinding with(List<PeerName> more) {
        return new DaneFinding(kind, route, base, more, records, text);
    }

    /** The same for a host that somebody named whose word is not proven: its records say nothing of him. */
    DaneFinding overUnprovenRoute(String why) {
        return new DaneFinding(kind, false, base, names, records, text + "; " + why);
    }

    Kind kind() {
        return kind;
    }

    /** Whether it is proven that mail for the domain goes to this host. */
    boolean isRouteProven() {
        return route;
    }

    String base() {
        return base;
    }

    /** What a connection has to satisfy, at a kind other than {@link Kind#NONE}. */
    TlsRequirement requirement(List<String> protocols) {
        Rule rule = Rule.from("TLSA", text);
        return kind == Kind.BINDING
                ? binding(TlsLevel.DANE, protocols, "dane", rule)
                : TlsRequirement.ofLevel(TlsLevel.ENCRYPT, protocols, "dane", rule)
                        .publishedAs(published());
    }

    private PublishedPolicy published() {
        return new PublishedPolicy(
                "tlsa", base, records.stream().map(Tlsa::whole).collect(Collectors.toList()), List.of(base));
    }

    private TlsRequirement binding(TlsLevel level, List<String> protocols, String source, Rule rule) {
        return TlsRequirement.ofDane(level, records, names, base, protocols, source, rule)
                .publishedAs(published());
    }

    /** What a rule of the level {@code dane} or {@code dane-only} comes to. */
    TlsRequirement resolve(TlsRequirement asked) {
        if (asked.level() == TlsLevel.DANE_ONLY) {
            return kind == Kind.BINDING && route
                    ? binding(asked.level(), asked.protocols(), asked.source(), asked.rule())
                    : asked.refusing("its level is dane-only, and DANE proves nothing here: " + text);
        }
        switch (kind) {
            case BINDING:
                return binding(asked.level(), asked.protocols(), asked.source(), asked.rule());
            case TLS_ONLY:
                return TlsRequirement.ofLevel(TlsLevel.ENCRYPT, asked.protocols(), asked.source(), asked.rule());
            default:
                return TlsRequirement.ofLevel(TlsLevel.OPPORTUNISTIC, asked.protocols(), asked.source(), asked.rule());
        }
    }

    /** What was found, for the administrator. */
    @Override
    public String toString() {
        return text;
    }
}
