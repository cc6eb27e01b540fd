/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworksTest {
    private static Networks sample() throws PolicyException {
        Networks.Builder builder = Networks.builder();
        builder.add("internal", "10.0.0.0/8");
        builder.add("office", "10.20.0.0/16");
        builder.add("printer", "10.20.4.7");
        builder.add("office", "2001:db8:20::/48");
        builder.add("link", "fe80::/10");
        builder.add("internal", "10.20.4.0/24");
        return builder.build();
    }

    @ParameterizedTest
    @CsvSource({
        "10.20.4.7, 'printer internal office'",
        "10.20.4.8, 'internal office'",
        "10.20.5.1, 'office internal'",
        "10.21.0.1, 'internal'",
        "11.0.0.1, ''",
        "2001:db8:20::1, 'office'",
        "2001:db8:20:ffff:ffff:ffff:ffff:ffff, 'office'",
        "2001:db8:21::1, ''",
        "fe80::1, 'link'",
    })
    void containingNamesTheLongestPrefixFirst(String address, String names) throws Exception {
        assertThat(String.join(" ", sample().containing(InetAddress.getByName(address))))
                .isEqualTo(names);
    }

    @Test
    void mappedAddressIsTheIpv4Address() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff, 10, 20, 4, 7};
        InetAddress address = Inet6Address.getByAddress("mapped", mapped, 0);
        assertThat(address).isInstanceOf(Inet6Address.class);
        assertThat(sample().containing(address)).containsExactly("printer", "internal", "office");
    }

    @Test
    void compatibleAddressIsNotTheIpv4Address() throws Exception {
        byte[] compatible = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 4, 7};
        assertThat(sample().containing(Inet6Address.getByAddress("compatible", compatible, 0)))
                .isEmpty();
    }

    @Test
    void zoneIsLeftOut() throws Exception {
        byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
        assertThat(sample().containing(Inet6Address.getByAddress("zoned", linkLocal, 3)))
                .containsExactly("link");
    }

    @Test
    void containsByName() throws Exception {
        InetAddress address = InetAddress.getByName("10.20.5.1");
        assertThat(sample().contains("office", address)).isTrue();
        assertThat(sample().contains("printer", address)).isFalse();
        assertThat(sample().contains("unknown", address)).isFalse();
    }

    @Test
    void noneHoldsNothing() throws Exception {
        assertThat(Networks.none().containing(InetAddress.getByName("10.0.0.1")))
                .isEmpty();
        assertThat(Networks.none().containing(InetAddress.getByName("::2"))).isEmpty();
        assertThat(Networks.none().names()).isEmpty();
    }

    @Test
    void everythingOfAFamily() throws Exception {
        Networks.Builder builder = Networks.builder();
        builder.add("v4", "0.0.0.0/0");
        builder.add("v6", "::/0");
        Networks networks = builder.build();
        assertThat(networks.containing(InetAddress.getByName("255.255.255.255")))
                .containsExactly("v4");
        assertThat(networks.containing(InetAddress.getByName("ff02::1"))).containsExactly("v6");
    }

    @Test
    void addTellsWhoElseHasThePrefix() throws Exception {
        Networks.Builder builder = Networks.builder();
        assertThat(builder.add("a", "192.0.2.0/24")).isEmpty();
        assertThat(builder.add("b", "192.0.2.0/25")).isEmpty();
        assertThat(builder.add("b", "192.0.2.0/24")).contains("a");
        assertThat(builder.add("a", "192.0.2.0/24")).contains("a");
        assertThat(builder.build().containing(InetAddress.getByName("192.0.2.200")))
                .containsExactly("a", "b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "*",
                "/8",
                "10",
                "10.1",
                "10.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/08",
                "010.0.0.1",
                "0x0a.0.0.1",
                "10.*.0.0",
                "10.0.0.0-255",
                "10.0.0.0/255.0.0.0",
                "10.0.0.0/8/8",
                "1.2.3.4.5",
                "256.0.0.1",
                "2001:db8::/129",
                "2001:db8::g",
                "fe80::1%eth0",
                "[::1]",
                "1::2::3",
                "mail.example.com",
                "10.0.0.1 10.0.0.2",
                "10,0.0.1",
                "::ffff:10.0.0.1",
                "::ffff:0:0/96"
            })
    void whatIsNoNetwork(String text) {
        assertThatThrownBy(() -> Networks.builder().add("a", text))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("\"" + text.strip() + "\"")
                .hasMessageContaining("; write ");
    }

    @ParameterizedTest
    @CsvSource({
        "10.20.0.1/16, 10.20.0.0/16, 10.20.0.1",
        "10.128.0.0/8, 10.0.0.0/8, 10.128.0.0",
        "2001:db8::1/64, 2001:db8::/64, 2001:db8::1",
    })
    void bitsBehindThePrefix(String text, String network, String address) {
        assertThatThrownBy(() -> Networks.builder().add("a", text))
                .isInstanceOf(PolicyException.class)
                .hasMessage("\"" + text + "\" has bits set behind its prefix; write " + network
                        + " for the network, or " + address + " for the one address");
    }

    @Test
    void laterAdditionsDoNotReachWhatWasBuilt() throws Exception {
        Networks.Builder builder = Networks.builder();
        builder.add("a", "10.0.0.0/8");
        Networks built = builder.build();
        builder.add("b", "10.0.0.0/8");
        builder.add("b", "192.0.2.0/24");
        assertThat(built.names()).containsExactly("a");
        assertThat(built.containing(InetAddress.getByName("10.0.0.1"))).containsExactly("a");
        assertThat(built.containing(InetAddress.getByName("192.0.2.1"))).isEmpty();
    }

    @Test
    void resultsCannotBeChanged() throws Exception {
        Networks networks = sample();
        assertThatThrownBy(() -> networks.names().add("x")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() ->
                        networks.containing(InetAddress.getByName("10.0.0.1")).add("x"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void manyThreadsGetTheSameAnswers() throws Exception {
        Networks networks = sample();
        InetAddress printer = InetAddress.getByName("10.20.4.7");
        InetAddress office = InetAddress.getByName("2001:db8:20::7");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Boolean>> answers = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                answers.add(threads.submit(() -> {
                    boolean right = true;
                    for (int i = 0; i < 2_000; i++) {
                        right &= networks.containing(printer).equals(List.of("printer", "internal", "office"))
                                && networks.containing(office).equals(List.of("office"));
                    }
                    return right;
                }));
            }
            for (Future<Boolean> answer : answers) {
                assertThat(answer.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
