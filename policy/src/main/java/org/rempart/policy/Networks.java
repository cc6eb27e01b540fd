/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import inet.ipaddr.AddressStringException;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The named networks of a policy. A look-up asks one hash table for each length that a prefix has, the longest first, and
 * so takes as long with a million networks as with ten. The tables are arrays of numbers: what a look-up needs lies in one
 * place of memory, where objects would be fetched from three.
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

    private static final int IPV4_BYTES = 4;
    private static final int IPV4_MAPPED = 0xffff;

    private final List<PrefixTable> ipv4;
    private final List<PrefixTable> ipv6;
    private final Set<String> names;

    private Networks(Builder builder) {
        this.ipv4 = tables(builder.ipv4, 1);
        this.ipv6 = tables(builder.ipv6, 4);
        this.names = Collections.unmodifiableSet(new TreeSet<>(builder.names));
    }

    private static List<PrefixTable> tables(Map<Integer, Map<Bits, List<String>>> prefixes, int words) {
        List<PrefixTable> tables = new ArrayList<>();
        prefixes.forEach((hostBits, owners) -> tables.add(new PrefixTable(hostBits, words, owners)));
        return List.copyOf(tables);
    }

    /** The first bits of an address, the others 0; an IPv4 address is in the lower half. */
    private static final class Bits {
        private final long high;
        private final long low;

        private Bits(long high, long low) {
            this.high = high;
            this.low = low;
        }

        static Bits of(byte[] address) {
            ByteBuffer bytes = ByteBuffer.wrap(address);
            return address.length == IPV4_BYTES
                    ? new Bits(0, Integer.toUnsignedLong(bytes.getInt()))
                    : new Bits(bytes.getLong(), bytes.getLong());
        }

        /** Without the last bits. */
        Bits without(int last) {
            if (last >= Long.SIZE) {
                return new Bits(last == 2 * Long.SIZE ? 0 : high & (-1L << (last - Long.SIZE)), 0);
            }
            return new Bits(high, low & (-1L << last));
        }

        /** RFC 4291, section 2.5.5.2. */
        boolean isMappedIpv4() {
            return high == 0 && (low >>> Integer.SIZE) == IPV4_MAPPED;
        }

        Bits unmapped() {
            return new Bits(0, low & (-1L >>> Integer.SIZE));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Bits && high == ((Bits) other).high && low == ((Bits) other).low;
        }

        @Override
        public int hashCode() {
            return (int) (mixed() >>> Integer.SIZE);
        }

        /** Neighbouring networks differ in few bits, which multiplication spreads over the upper ones. */
        long mixed() {
            return (high * 31 + low) * 0x9e3779b97f4a7c15L;
        }

        /** 32 bits, the lowest first. */
        int word(int number) {
            return (int) ((number < 2 ? low : high) >>> (Integer.SIZE * (number % 2)));
        }
    }

    /** Who has the prefixes of one length. Open addressing; at least half of the slots are empty. */
    private static final class PrefixTable {
        private final int hostBits;
        /** How many ints a key takes. */
        private final int words;
        /** How many bits a slot's number has not. */
        private final int shift;
        /** For each slot the key, and which of the lists is its owners', counted from 1; 0 for an empty slot. */
        private final int[] slots;

        private final List<List<String>> lists;

        PrefixTable(int hostBits, int words, Map<Bits, List<String>> owners) {
            this.hostBits = hostBits;
            this.words = words;
            int slotBits = 1;
            while (1L << slotBits < 2L * owners.size()) {
                slotBits++;
            }
            this.shift = Long.SIZE - slotBits;
            this.slots = new int[(words + 1) << slotBits];
            Map<List<String>, Integer> numbers = new LinkedHashMap<>();
            owners.forEach((prefix, names) -> {
                int slot = slotOf(prefix);
                for (int word = 0; word < words; word++) {
                    slots[slot + word] = prefix.word(word);
                }
                slots[slot + words] = numbers.computeIfAbsent(names, unseen -> numbers.size() + 1);
            });
            this.lists = List.copyOf(numbers.keySet());
        }

        List<String> owners(Bits address) {
            int number = slots[slotOf(address.without(hostBits)) + words];
            return number == 0 ? List.of() : lists.get(number - 1);
        }

        /** Where the slot with this key begins, or the empty one that it would be in. */
        private int slotOf(Bits prefix) {
            int slot = (int) (prefix.mixed() >>> shift) * (words + 1);
            while (slots[slot + words] != 0 && !holds(slot, prefix)) {
                slot += words + 1;
                if (slot == slots.length) {
                    slot = 0;
                }
            }
            return slot;
        }

        private boolean holds(int slot, Bits prefix) {
            for (int word = 0; word < words; word++) {
                if (slots[slot + word] != prefix.word(word)) {
                    return false;
                }
            }
            return true;
        }
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
        Bits bits = Bits.of(bytes);
        if (bytes.length == IPV4_BYTES) {
            return owners(ipv4, bits);
        }
        // The bytes hold no zone.
        return bits.isMappedIpv4() ? owners(ipv4, bits.unmapped()) : owners(ipv6, bits);
    }

    /** Whether the network of this name holds the address. */
    public boolean contains(String name, InetAddress address) {
        return containing(address).contains(name);
    }

    private static List<String> owners(List<PrefixTable> tables, Bits address) {
        List<String> found = List.of();
        for (PrefixTable table : tables) {
            List<String> owners = table.owners(address);
            if (found.isEmpty()) {
                found = owners;
            } else if (!found.containsAll(owners)) {
                Set<String> all = new LinkedHashSet<>(found);
                all.addAll(owners);
                found = List.copyOf(all);
            }
        }
        return found;
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
        /** By the number of bits behind the prefix: the longest prefix is the first. */
        private final Map<Integer, Map<Bits, List<String>>> ipv4 = new TreeMap<>();

        private final Map<Integer, Map<Bits, List<String>>> ipv6 = new TreeMap<>();
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
            return put(ip, name);
        }

        /** As {@link #add}, returning the prefix in the form in which equal ones are equal. */
        public IPAddress put(String name, String cidr) throws PolicyException {
            IPAddress ip = parseUnmapped(cidr);
            names.add(name);
            put(ip, name);
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

        private Optional<String> put(IPAddress prefix, String name) {
            int hostBits = prefix.isPrefixed() ? prefix.getBitCount() - prefix.getNetworkPrefixLength() : 0;
            Map<Bits, List<String>> owners =
                    (prefix.isIPv4() ? ipv4 : ipv6).computeIfAbsent(hostBits, length -> new HashMap<>());
            Bits bits = Bits.of(prefix.getBytes()).without(hostBits);
            List<String> before = owners.get(bits);
            if (before == null) {
                owners.put(bits, List.of(name));
                return Optional.empty();
            }
            if (!before.contains(name)) {
                List<String> both = new ArrayList<>(before);
                both.add(name);
                owners.put(bits, List.copyOf(both));
                return Optional.of(before.get(0));
            }
            return Optional.of(name);
        }

        public Networks build() {
            return new Networks(this);
        }
    }
}
