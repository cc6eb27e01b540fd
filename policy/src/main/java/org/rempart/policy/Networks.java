/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import inet.ipaddr.AddressStringException;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import inet.ipaddr.format.util.AssociativeAddressTrie;
import inet.ipaddr.ipv4.IPv4Address;
import inet.ipaddr.ipv4.IPv4AddressAssociativeTrie;
import inet.ipaddr.ipv6.IPv6Address;
import inet.ipaddr.ipv6.IPv6AddressAssociativeTrie;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The named networks of a policy. A look-up walks down one prefix trie, at most as many steps as an address has bits,
 * however many networks there are.
 *
 * <p>Addresses are the connection's own: an IPv4 address mapped into IPv6 ({@code ::ffff:192.0.2.1}, RFC 4291, section
 * 2.5.5.2) is that IPv4 address, and a zone ({@code fe80::1%eth0}) is left out of the comparison.
 */
public final class Networks {
    private static final Networks NONE = builder().build();

    private static final IPAddressStringParameters CIDR = new IPAddressStringParameters.Builder()
            .allowEmpty(false)
            .allowAll(false)
            .allowSingleSegment(false)
            .allowMask(false)
            .allowWildcardedSeparator(false)
            .getIPv4AddressParametersBuilder()
            .allow_inet_aton(false)
            .allowLeadingZeros(false)
            .getParentBuilder()
            .getIPv6AddressParametersBuilder()
            .allowZone(false)
            .allowBase85(false)
            .getParentBuilder()
            .setRangeOptions(inet.ipaddr.AddressStringParameters.RangeParameters.NO_RANGE)
            .toParams();

    // Never written to: copies of the builder's.
    private final IPv4AddressAssociativeTrie<List<String>> ipv4;
    private final IPv6AddressAssociativeTrie<List<String>> ipv6;
    private final Set<String> names;

    private Networks(Builder builder) {
        this.ipv4 = builder.ipv4.clone();
        this.ipv6 = builder.ipv6.clone();
        this.names = Collections.unmodifiableSet(new TreeSet<>(builder.names));
    }

    /** No network at all. */
    public static Networks none() {
        return NONE;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The names of all networks. */
    public Set<String> names() {
        return names;
    }

    /**
     * The networks that hold the address, each once, the one with the longest prefix first; empty when none does.
     *
     * @param address the connection's real address
     */
    public List<String> containing(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == IPv4Address.BYTE_COUNT) {
            return namesAlong(ipv4, new IPv4Address(bytes));
        }
        // Made of the bytes alone, so that there is no zone.
        IPv6Address ip = new IPv6Address(bytes);
        return ip.isIPv4Mapped() ? namesAlong(ipv4, ip.getEmbeddedIPv4Address()) : namesAlong(ipv6, ip);
    }

    /** Whether the network of this name holds the address. */
    public boolean contains(String name, InetAddress address) {
        return containing(address).contains(name);
    }

    private static <A extends IPAddress> List<String> namesAlong(
            AssociativeAddressTrie<A, List<String>> trie, A address) {
        var containing = trie.elementsContaining(address);
        if (containing == null) {
            return List.of();
        }
        // From the shortest prefix to the longest.
        Deque<List<String>> along = new ArrayDeque<>();
        containing.containingFirstIterator(true).forEachRemaining(node -> along.push(node.getValue()));
        Set<String> found = new LinkedHashSet<>();
        along.forEach(found::addAll);
        return List.copyOf(found);
    }

    /**
     * Reads a network in CIDR notation (RFC 4632, RFC 4291, section 2.3) or a single address.
     *
     * @throws PolicyException when it is neither, or has bits set behind its prefix
     */
    static IPAddress parse(String text) throws PolicyException {
        IPAddress ip;
        try {
            ip = new IPAddressString(text, CIDR).toAddress();
        } catch (AddressStringException | inet.ipaddr.IncompatibleAddressException notAnAddress) {
            ip = null;
        }
        // The parser has a switch against zeros before a prefix length, but it also refuses /0.
        if (ip == null || text.matches(".*/0[0-9]+")) {
            throw new PolicyException(
                    Wording.quoted(text) + " is not a network",
                    "write an address such as 192.0.2.25 or a network such as 10.20.0.0/16 or 2001:db8:20::/48");
        }
        IPAddress zeroed = ip.isPrefixed() ? ip.toZeroHost() : ip;
        if (ip.isPrefixed() && !ip.isPrefixBlock()) {
            throw new PolicyException(
                    Wording.quoted(text) + " has bits set behind its prefix",
                    "write " + zeroed.toPrefixBlock().toCanonicalString() + " for the network, or "
                            + ip.withoutPrefixLength().toCanonicalString() + " for the one address");
        }
        return ip;
    }

    /** Collects networks. Not thread-safe. */
    public static final class Builder {
        private final IPv4AddressAssociativeTrie<List<String>> ipv4 = new IPv4AddressAssociativeTrie<>();
        private final IPv6AddressAssociativeTrie<List<String>> ipv6 = new IPv6AddressAssociativeTrie<>();
        private final Set<String> names = new TreeSet<>();

        private Builder() {}

        /**
         * Adds a prefix to the network of this name.
         *
         * @param name the network's name
         * @param cidr a network in CIDR notation, or a single address
         * @return the other network that has this very prefix, if there is one
         * @throws PolicyException when {@code cidr} is no network
         */
        public Optional<String> add(String name, String cidr) throws PolicyException {
            IPAddress ip = parseUnmapped(cidr);
            names.add(name);
            return ip.isIPv4() ? put(ipv4, ip.toIPv4(), name) : put(ipv6, ip.toIPv6(), name);
        }

        /** As {@link #add}, returning the prefix in the form in which equal ones are equal. */
        public IPAddress put(String name, String cidr) throws PolicyException {
            IPAddress ip = parseUnmapped(cidr);
            names.add(name);
            if (ip.isIPv4()) {
                put(ipv4, ip.toIPv4(), name);
            } else {
                put(ipv6, ip.toIPv6(), name);
            }
            return ip;
        }

        private static IPAddress parseUnmapped(String cidr) throws PolicyException {
            IPAddress ip = parse(cidr);
            if (ip.isIPv6() && ip.toIPv6().isIPv4Mapped()) {
                throw new PolicyException(
                        Wording.quoted(cidr) + " is an IPv4 network mapped into IPv6",
                        "write it as the IPv4 network it is");
            }
            return ip;
        }

        private static <A extends IPAddress> Optional<String> put(
                AssociativeAddressTrie<A, List<String>> trie, A prefix, String name) {
            List<String> before = trie.get(prefix);
            if (before == null) {
                trie.put(prefix, List.of(name));
                return Optional.empty();
            }
            if (!before.contains(name)) {
                List<String> both = new ArrayList<>(before);
                both.add(name);
                trie.put(prefix, List.copyOf(both));
                return Optional.of(before.get(0));
            }
            return Optional.of(name);
        }

        public Networks build() {
            return new Networks(this);
        }
    }
}
