/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class ConnectionGateTest {
    private final ConnectionGate gate = new ConnectionGate("mx", 3, 2, "421 4.7.0 Too many connections");

    private static Object network(String address) throws UnknownHostException {
        return ConnectionGate.network(InetAddress.getByName(address));
    }

    @Test
    void aNetworkIsAnIpv4AddressOrThe64BitsOfAnIpv6Address() throws Exception {
        assertThat(network("192.0.2.1")).isNotEqualTo(network("192.0.2.2"));
        assertThat(network("::ffff:192.0.2.1")).isEqualTo(network("192.0.2.1"));
        assertThat(network("2001:db8:0:1::1")).isEqualTo(network("2001:db8:0:1:ffff:ffff:ffff:ffff"));
        assertThat(network("2001:db8:0:1::1")).isNotEqualTo(network("2001:db8:0:2::1"));
        // The same bits in front.
        assertThat(network("0:1::")).isNotEqualTo(network("0.0.0.1"));
    }

    @Test
    void soManyComeInFromOneNetworkAndInAll() throws Exception {
        Object one = network("192.0.2.1");
        Object other = network("192.0.2.2");
        assertThat(gate.enter(one)).isTrue();
        assertThat(gate.enter(one)).isTrue();
        assertThat(gate.enter(one)).isFalse();
        assertThat(gate.enter(other)).isTrue();
        assertThat(gate.enter(other)).isFalse();
        gate.leave(one);
        assertThat(gate.enter(other)).isTrue();
        assertThat(gate.connections()).isEqualTo(3);
    }

    @Test
    void nothingIsKeptOfANetworkThatHasLeft() throws Exception {
        for (int i = 0; i < 200; i++) {
            Object network = network("192.0.2." + i);
            assertThat(gate.enter(network)).isTrue();
            gate.leave(network);
        }
        Object network = network("192.0.2.1");
        for (int i = 0; i < 5; i++) {
            gate.enter(network);
        }
        gate.leave(network);
        gate.leave(network);
        assertThat(gate.networks()).isZero();
        assertThat(gate.connections()).isZero();
    }

    @Test
    void zeroIsNoLimit() throws Exception {
        ConnectionGate open = new ConnectionGate("mx", 0, 0, "");
        for (int i = 0; i < 100; i++) {
            assertThat(open.enter(network("192.0.2.1"))).isTrue();
        }
    }
}
