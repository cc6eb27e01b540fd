/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortTest {
    private static final int PORTS = 120;

    /** Prints ports that it was given, and ends when its input does. */
    static final class Other {
        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < PORTS; i++) {
                System.out.println(FreePort.next());
            }
            System.out.flush();
            System.in.read();
        }
    }

    @Test
    void noTwoProcessesAreGivenTheSamePort() throws Exception {
        Set<Integer> given = new HashSet<>();
        List<Process> others = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                others.add(new ProcessBuilder(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Other.class.getName())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
            }
            int count = PORTS;
            for (int i = 0; i < PORTS; i++) {
                given.add(FreePort.next());
            }
            // They hold what they have been given: all of them live until all are read.
            for (Process other : others) {
                BufferedReader ports = other.inputReader(StandardCharsets.US_ASCII);
                for (int i = 0; i < PORTS; i++, count++) {
                    given.add(Integer.valueOf(ports.readLine()));
                }
            }
            assertThat(given).hasSize(count).allMatch(port -> port > 10_000 && port < 20_000);
        } finally {
            others.forEach(Process::destroy);
        }
    }

    @Test
    void aPortThatSomethingListensOnIsLeftOut() throws Exception {
        // The ports of a block are given in turn.
        int port = FreePort.next();
        int following = port % 50 == 49 ? FreePort.next() + 1 : port + 1;
        try (ServerSocket other = new ServerSocket(following, 1, loopback(9))) {
            assertThat(other.isBound()).isTrue();
            assertThat(FreePort.next(List.of(loopback(1), loopback(9)))).isNotEqualTo(following);
        }
    }

    @Test
    void anAddressOfAnotherMachineIsTold() {
        assertThatThrownBy(() -> FreePort.next(List.of(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}))))
                .isInstanceOf(BindException.class);
    }

    private static InetAddress loopback(int last) throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    }
}
