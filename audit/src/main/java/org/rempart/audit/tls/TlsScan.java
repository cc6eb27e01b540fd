/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.BudgetSpentException;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.RateLimitedException;
import org.rempart.audit.net.Wire;

/**
 * What a listener speaks of TLS, found by hellos of our own: each takes a connection, and none a handshake to its end.
 * Versions, suites, order and groups are found by elimination: what the server chose is left out of the next hello.
 */
public final class TlsScan {
    /** Old servers choke on hellos with more suites (and longer than 512 bytes). */
    private static final int CHUNK = 110;

    private static final int SUITES_OF_A_VERSION = 200;

    private final Listener listener;
    private final Budget budget;
    private final Map<Version, List<Suite>> suites = new EnumMap<>(Version.class);
    private final Map<Version, ServerFlight> answers = new EnumMap<>(Version.class);
    private final Map<Version, String> refusals = new EnumMap<>(Version.class);
    private final List<ServerFlight> flights = new ArrayList<>();
    private final Set<Version> unknown = EnumSet.noneOf(Version.class);

    private TlsScan(Listener listener, Budget budget) {
        this.listener = listener;
        this.budget = budget;
    }

    /**
     * Looks for versions and their suites.
     *
     * @throws IOException if the listener gives no TLS at all a chance: not reachable, STARTTLS not taken, no answer
     */
    public static TlsScan of(Listener listener, Budget budget) throws IOException {
        TlsScan scan = new TlsScan(listener, budget);
        for (Version version :
                List.of(Version.TLS13, Version.TLS12, Version.TLS11, Version.TLS10, Version.SSL3, Version.SSL2)) {
            scan.look(version);
        }
        if (scan.suites.isEmpty() && scan.unknown.size() == Version.values().length) {
            throw new IOException("no hello was answered: " + scan.refusals.get(Version.TLS12));
        }
        return scan;
    }

    private void look(Version version) throws IOException {
        if (version == Version.SSL2) {
            ServerFlight flight = answer(new ClientHello().version(version));
            if (flight.chose() && flight.version() == Version.SSL2) {
                suites.put(version, List.of());
                answers.put(version, flight);
            } else {
                note(version, flight);
            }
            return;
        }
        List<Suite> found = new ArrayList<>();
        for (List<Suite> offer : offers(version)) {
            if (!eliminate(version, new ArrayList<>(offer), found)) {
                break;
            }
        }
        if (!found.isEmpty()) {
            suites.put(version, List.copyOf(found));
        }
    }

    /**
     * What is offered, one after the other. Servers that choose a suite and then fail at it (Dovecot at DHE without
     * parameters) close the connection, as if they had none of those that were offered; so those of one key exchange go
     * together, and hide no others.
     */
    private static List<List<Suite>> offers(Version version) {
        List<List<Suite>> offers = new ArrayList<>();
        Map<String, List<Suite>> byExchange = Suite.all().stream()
                .filter(suite -> suite.ofTls13() == (version == Version.TLS13))
                .collect(Collectors.groupingBy(TlsScan::exchange, TreeMap::new, Collectors.toList()));
        for (List<Suite> suites : byExchange.values()) {
            for (int start = 0; start < suites.size(); start += CHUNK) {
                offers.add(suites.subList(start, Math.min(suites.size(), start + CHUNK)));
            }
        }
        return offers;
    }

    /** How keys are exchanged, in the order in which it is asked for. */
    private static String exchange(Suite suite) {
        if (suite.ofTls13() || suite.name().startsWith("TLS_ECDHE_")) {
            return "1 elliptic curves";
        }
        if (suite.name().matches("TLS_RSA_(WITH|EXPORT).*")) {
            return "2 RSA";
        }
        return suite.name().startsWith("TLS_DHE_") ? "3 Diffie-Hellman" : "4 odd ones";
    }

    /**
     * Offers suites, and again without the one that was chosen, until none is.
     *
     * @return whether other suites of this version are worth an offer
     */
    private boolean eliminate(Version version, List<Suite> offer, List<Suite> found) throws IOException {
        while (!offer.isEmpty() && found.size() < SUITES_OF_A_VERSION) {
            ServerFlight flight = answer(new ClientHello().version(version).suites(offer));
            if (flight.kind() == ServerFlight.Kind.NONSENSE) {
                if (found.isEmpty() && !refusals.containsKey(version)) {
                    note(version, flight);
                    unknown.add(version);
                }
                return false;
            }
            if (!flight.chose() || flight.version() != version) {
                refusals.putIfAbsent(
                        version, flight.chose() ? "the server answers with " + label(flight) : flight.text());
                // The version itself is refused, whatever the suites.
                return !flight.text().contains("protocol_version");
            }
            Suite chosen = Suite.of(flight.suite());
            answers.putIfAbsent(version, flight);
            flights.add(flight);
            found.add(chosen);
            if (!offer.remove(chosen)) {
                // It chose what was not offered; no elimination leads anywhere with it.
                return false;
            }
        }
        return true;
    }

    private static String label(ServerFlight flight) {
        return flight.version() == null
                ? "an unknown version"
                : flight.version().label();
    }

    private void note(Version version, ServerFlight flight) {
        refusals.putIfAbsent(version, flight.text());
    }

    /** What the server says to one hello. */
    public ServerFlight answer(ClientHello hello) throws IOException {
        IOException failure = null;
        for (int attempt = 0; attempt < 2; attempt++) {
            try {
                return Dialogue.patiently(budget, () -> once(hello));
            } catch (RateLimitedException | BudgetSpentException e) {
                throw e;
            } catch (IOException e) {
                failure = e;
            }
        }
        throw failure;
    }

    private ServerFlight once(ClientHello hello) throws IOException {
        try (Wire wire = Dialogue.readyForTls(listener, budget)) {
            return ServerFlight.to(hello.host(listener.host()), wire);
        }
    }

    /** The versions that are spoken. */
    public Set<Version> versions() {
        return suites.keySet();
    }

    /** The versions of which nothing could be found out. */
    public Set<Version> unknown() {
        return unknown;
    }

    /** The suites of a version, by key exchange, in the order in which they were chosen. */
    public List<Suite> suites(Version version) {
        return suites.getOrDefault(version, List.of());
    }

    /** What the server chose at first, of all that a version has; null if it does not speak it. */
    public ServerFlight first(Version version) {
        return answers.get(version);
    }

    /** Why a version was not had. */
    public String refusal(Version version) {
        return refusals.getOrDefault(version, "");
    }

    /** All flights in which the server chose. */
    public List<ServerFlight> flights() {
        return List.copyOf(flights);
    }

    /** The newest version up to 1.2, whose flights are in the clear; null if there is none. */
    public Version newestReadable() {
        for (Version version : List.of(Version.TLS12, Version.TLS11, Version.TLS10, Version.SSL3)) {
            if (suites.containsKey(version)) {
                return version;
            }
        }
        return null;
    }

    /**
     * What the server chooses of all that it has, whatever the client's order; empty if it goes by that.
     */
    public Optional<Suite> preferred(Version version) throws IOException {
        List<Suite> known = suites(version);
        List<Suite> reversed = new ArrayList<>(known);
        Collections.reverse(reversed);
        ServerFlight one = answer(new ClientHello().version(version).suites(known));
        ServerFlight other = answer(new ClientHello().version(version).suites(reversed));
        return one.chose() && other.chose() && one.suite() == other.suite()
                ? Optional.of(Suite.of(one.suite()))
                : Optional.empty();
    }

    /** The groups of a version that the server takes, asked for one by one. */
    public List<Group> groups(Version version) throws IOException {
        List<Group> taken = new ArrayList<>();
        List<Suite> elliptic = suites(version).stream()
                .filter(suite -> suite.ofTls13() || suite.name().startsWith("TLS_ECDH"))
                .toList();
        if (elliptic.isEmpty()) {
            return taken;
        }
        for (Group group : Group.values()) {
            if (version != Version.TLS13 && (group.code() >= 0x0100)) {
                continue;
            }
            if (version == Version.TLS13 && group.weak()) {
                continue;
            }
            ServerFlight flight = answer(new ClientHello()
                    .version(version)
                    .suites(elliptic)
                    .groups(group)
                    .withoutKeyShare());
            if (flight.chose() && (flight.group() == group.code())) {
                taken.add(group);
            }
        }
        return taken;
    }
}
