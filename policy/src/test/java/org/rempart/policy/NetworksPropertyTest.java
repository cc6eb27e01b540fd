/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The tries give the answers that a scan of all prefixes gives. */
class NetworksPropertyTest {
    private static final int PREFIXES = 100_000;
    private static final int NAMES = 5_000;
    private static final int LOOK_UPS = 100;

    @Property(tries = 2)
    void likeAScanOfAHundredThousand(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Networks.Builder builder = Networks.builder();
        List<Prefix> prefixes = new ArrayList<>();
        for (int i = 0; i < PREFIXES; i++) {
            // Mostly long ones, so that few hold an address; a few bits vary, so that many lie in each other.
            Prefix prefix = random.nextBoolean()
                    ? new Prefix(random, "n" + i % NAMES, 4, 10 + random.nextInt(23))
                    : new Prefix(random, "n" + i % NAMES, 16, 20 + random.nextInt(109));
            prefixes.add(prefix);
            builder.add(prefix.name, prefix.cidr());
        }
        Networks networks = builder.build();
        prefixes.sort(Comparator.comparingInt((Prefix prefix) -> prefix.length).reversed());

        int found = 0;
        for (int i = 0; i < LOOK_UPS; i++) {
            byte[] address = random.nextBoolean()
                    ? bytes(random, random.nextBoolean() ? 4 : 16)
                    : within(prefixes.get(random.nextInt(prefixes.size())), random);
            List<String> expected = prefixes.stream()
                    .filter(prefix -> prefix.holds(address))
                    .map(prefix -> prefix.name)
                    .distinct()
                    .collect(Collectors.toList());
            found += expected.size();
            assertThat(networks.containing(InetAddress.getByAddress(address))).isEqualTo(expected);
        }
        assertThat(found).as("addresses that are in some network").isPositive();
    }

    private static byte[] bytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        bytes[0] = (byte) (size == 4 ? 10 : 0x20);
        bytes[1] &= 3;
        return bytes;
    }

    private static byte[] within(Prefix prefix, Random random) {
        byte[] address = bytes(random, prefix.bytes.length);
        for (int bit = 0; bit < prefix.length; bit++) {
            int mask = 0x80 >> bit % 8;
            address[bit / 8] = (byte) ((address[bit / 8] & ~mask) | (prefix.bytes[bit / 8] & mask));
        }
        return address;
    }

    private static final class Prefix {
        private final String name;
        private final byte[] bytes;
        private final int length;

        private Prefix(Random random, String name, int size, int length) {
            this.name = name;
            this.length = length;
            this.bytes = bytes(random, size);
            for (int bit = length; bit < size * 8; bit++) {
                bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
            }
        }

        private boolean holds(byte[] address) {
            if (address.length != bytes.length) {
                return false;
            }
            for (int bit = 0; bit < length; bit++) {
                if (((address[bit / 8] ^ bytes[bit / 8]) & 0x80 >> bit % 8) != 0) {
                    return false;
                }
            }
            return true;
        }

        private String cidr() throws java.net.UnknownHostException {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + length;
        }
    }
}
