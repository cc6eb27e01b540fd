/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.james.core.Domain;
import org.rempart.mailet.header.HeaderFirewall.TooManyHopsException;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.Decision;
import org.rempart.policy.Rule;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.headers.ReceivedHandling;

/**
 * Any bytes through all of the firewall. The ordinary build runs the known inputs ({@link FirewallInputsTest}); {@code mvn
 * verify -Pfuzz -pl policy,mailets} looks for new ones.
 */
class FirewallFuzzTest {
    private static final Rule RULE = Rule.byDefault("fuzz");

    static HeaderFirewall firewall(ReceivedHandling received, boolean keepSigned) {
        HeaderPolicy.Builder policy =
                HeaderPolicy.builder().received(Decision.of(received, RULE)).keepSigned(keepSigned, RULE);
        for (HeaderPreset preset : HeaderPreset.values()) {
            policy.strip(preset, RULE);
        }
        return new HeaderFirewall(
                policy.build(), Domain.of("ours.example")::equals, "mail.ours.example", Ids.KNOWN, List.of("build7"));
    }

    @FuzzTest(maxDuration = "10m")
    void anyBytesAreAMessage(byte[] message) throws IOException {
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message));
        assertThat(header.bytes()).isEqualTo(Arrays.copyOf(message, header.length()));
        for (ReceivedHandling received : ReceivedHandling.values()) {
            strip(firewall(received, true), header, message);
            strip(firewall(received, false), header, message);
        }
        new IncomingIds(Ids.KNOWN).restore(header);
        report(message);
    }

    private static void strip(HeaderFirewall firewall, HeaderBlock header, byte[] message) throws IOException {
        byte[] once;
        try {
            once = firewall.apply(header).orElse(header.bytes());
        } catch (TooManyHopsException loop) {
            return;
        }
        ByteArrayOutputStream stripped = new ByteArrayOutputStream();
        stripped.writeBytes(once);
        stripped.write(message, header.length(), message.length - header.length());
        HeaderBlock again = HeaderBlock.read(new ByteArrayInputStream(stripped.toByteArray()));
        if (header.length() < message.length) {
            assertThat(again.length()).as("the body begins where it began").isEqualTo(once.length);
        }
        try {
            assertThat(firewall.apply(again)).as("stripping twice").isEmpty();
        } catch (TooManyHopsException loop) {
            throw new AssertionError("hops are counted twice", loop);
        }
    }

    private static void report(byte[] message) {
        try {
            assertThat(firewall(ReceivedHandling.REWRITE, true).applyToReport(message))
                    .isNotNull();
        } catch (IOException undecodable) {
            // Such a report does not leave.
        }
    }
}
