/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DnsOptionsTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1, 53",
        "192.0.2.1:5353, 192.0.2.1, 5353",
        "2001:db8::1, 2001:db8:0:0:0:0:0:1, 53",
        "::1, 0:0:0:0:0:0:0:1, 53",
        "[::1], 0:0:0:0:0:0:0:1, 53",
        "[2001:db8::1]:5353, 2001:db8:0:0:0:0:0:1, 5353"
    })
    void aHostIsTakenWithAndWithoutAPort(String text, String address, int port) {
        assertThat(DnsOptions.hostAndPort(text, 53)).hasValueSatisfying(read -> {
            assertThat(read.getAddress().getHostAddress()).isEqualTo(address);
            assertThat(read.getPort()).isEqualTo(port);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":53", "192.0.2.1:", "192.0.2.1:65536", "[::1", "[::1]:", "a:b:c.example"})
    void anythingElseIsNone(String text) {
        assertThat(DnsOptions.hostAndPort(text, 53)).isEmpty();
    }

    @Test
    void aPortThatHasNoUsualOneIsWritten() {
        assertThat(DnsOptions.hostAndPort("192.0.2.1", 0)).isEmpty();
        assertThat(DnsOptions.hostAndPort("192.0.2.1:2525", 0)).isPresent();
    }
}
