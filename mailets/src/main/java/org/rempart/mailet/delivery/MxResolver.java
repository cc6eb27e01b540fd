/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.james.core.Domain;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;

/** Finds the hosts that take mail for a domain (RFC 5321, section 5.1), and their addresses. */
final class MxResolver {
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final int SMTP = 25;

    private final Dns dns;
    private final String ownName;
    private final int port;
    private final Cache<Domain, List<MailExchanger>> hosts = remembering();
    private final Cache<String, List<InetAddress>> addresses = remembering();

    /**
     * @param ownName the name that this server says of itself
     * @param port of MX hosts
     */
    MxResolver(Dns dns, String ownName, int port) {
        this.dns = dns;
        this.ownName = MailExchanger.withoutDot(ownName);
        this.port = port;
    }

    private static <K, V> Cache<K, V> remembering() {
        return Caffeine.newBuilder()
                .expireAfterWrite(Duration.ofSeconds(20))
                .maximumSize(10_000)
                .build();
    }

    /**
     * The hosts to be tried for a domain, in this order. Where this server is one of them, only those that are preferred to
     * it: others of its own preference could send the mail back.
     *
     * @throws NoRouteException when there are none
     */
    List<Endpoint> route(Domain domain) throws NoRouteException {
        Optional<InetAddress> literal = literal(domain.asString());
        List<MailExchanger> exchangers;
        if (literal.isPresent()) {
            exchangers = List.of(MailExchanger.of(literal.get().getHostAddress(), 0));
        } else {
            List<MailExchanger> known = hosts.getIfPresent(domain);
            exchangers = known == null ? lookUp(domain) : known;
        }
        int own = Integer.MAX_VALUE;
        for (MailExchanger exchanger : exchangers) {
            if (exchanger.preference() < own && isThisServer(exchanger.host())) {
                own = exchanger.preference();
            }
        }
        List<Endpoint> route = new ArrayList<>();
        for (MailExchanger exchanger : exchangers) {
            if (exchanger.preference() < own) {
                route.add(Endpoint.of(exchanger.host(), port));
            }
        }
        if (route.isEmpty()) {
            throw new NoRouteException(
                    Event.NOWHERE,
                    554,
                    "5.4.6",
                    "the mail server of " + domain.asString() + " is this one, which does not know the domain");
        }
        return route;
    }

    private List<MailExchanger> lookUp(Domain domain) throws NoRouteException {
        List<MailExchanger> named = new ArrayList<>();
        try {
            named.addAll(dns.exchangers(domain.asString()));
        } catch (UnansweredException silent) {
            throw unanswered(silent);
        }
        if (named.isEmpty()) {
            named.add(itself(domain));
        }
        named.removeIf(exchanger -> exchanger.host().isEmpty());
        if (named.isEmpty()) {
            throw new NoRouteException(
                    Event.NOWHERE, 556, "5.1.10", domain.asString() + " takes no mail (null MX, RFC 7505)");
        }
        hosts.put(domain, named);
        return named;
    }

    /** RFC 5321, section 5.1: a domain with an address and no MX record is its own host. */
    private MailExchanger itself(Domain domain) throws NoRouteException {
        try {
            addresses(domain.asString());
        } catch (NoRouteException none) {
            throw none.event() == Event.UNANSWERED
                    ? none
                    : new NoRouteException(
                            Event.UNKNOWN,
                            550,
                            "5.1.2",
                            "the DNS has neither an MX record nor an address for " + domain.asString());
        }
        return MailExchanger.of(domain.asString(), 0);
    }

    private static NoRouteException unanswered(UnansweredException silent) {
        return new NoRouteException(Event.UNANSWERED, 451, "4.4.3", String.valueOf(silent.getMessage()));
    }

    /** On another port than SMTP's, an address of this machine is no sign of this server. */
    private boolean isThisServer(String host) {
        if (host.equals(ownName)) {
            return true;
        }
        if (port != SMTP) {
            return false;
        }
        try {
            for (InetAddress address : addresses(host)) {
                if (address.isLoopbackAddress()
                        || address.isAnyLocalAddress()
                        || NetworkInterface.getByInetAddress(address) != null) {
                    return true;
                }
            }
            return false;
        } catch (NoRouteException | SocketException unknown) {
            return false;
        }
    }

    /**
     * A host's addresses.
     *
     * @param host a name, or an address
     * @throws NoRouteException when it has none
     */
    List<InetAddress> addresses(String host) throws NoRouteException {
        Optional<InetAddress> literal = literal(host);
        if (literal.isPresent()) {
            return List.of(literal.get());
        }
        List<InetAddress> known = addresses.getIfPresent(host);
        if (known != null) {
            return known;
        }
        List<InetAddress> found;
        try {
            found = dns.addresses(host);
        } catch (UnansweredException silent) {
            throw unanswered(silent);
        }
        if (found.isEmpty()) {
            throw new NoRouteException(Event.UNKNOWN, 450, "4.4.4", "the DNS has no address for the host " + host);
        }
        addresses.put(host, found);
        return found;
    }

    /** The address in an address literal (RFC 5321, section 4.1.3), in brackets or without; no name is looked up. */
    static Optional<InetAddress> literal(String text) {
        String inner = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        String address = inner.toLowerCase(Locale.ROOT).startsWith("ipv6:") ? inner.substring(5) : inner;
        if (!IPV4.matcher(address).matches() && address.indexOf(':') < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(address));
        } catch (UnknownHostException none) {
            return Optional.empty();
        }
    }
}
