/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;
import org.rempart.policy.relay.RelayPolicy;
import org.rempart.policy.relay.RelayPolicy.Allow;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;

/**
 * One relay decision, by the number of networks in the policy: it should not grow with them. Clients are everywhere, as they
 * are in life: with one client alone, what is asked lies in the processor's caches, however large the policy is.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RelayDecision {
    @Param({"10", "1000", "100000", "1000000"})
    private int networks;

    /** A power of two. */
    private static final int CLIENTS = 1 << 16;

    private RelayPolicy policy;
    private final RelayRequest[] inside = new RelayRequest[CLIENTS];
    private final RelayRequest[] outside = new RelayRequest[CLIENTS];
    private int next;

    /** Makes every second /29 from 10.0.0.0 on a network of the policy. */
    @Setup
    public void prepare() throws Exception {
        Networks.Builder builder = Networks.builder();
        for (int number = 0; number < networks; number++) {
            builder.add("app-servers", address(number * 16).getHostAddress() + "/29");
        }
        policy = RelayPolicy.of(
                builder.build(),
                List.of(
                        Allow.of(Rule.byDefault("authenticated"), true, null, List.of()),
                        Allow.of(
                                Rule.byDefault("app-servers"),
                                false,
                                "app-servers",
                                List.of(DomainPattern.parse("example.com")))));
        MaybeSender sender = MaybeSender.of(new MailAddress("app@example.com"));
        Random random = new Random(1);
        for (int client = 0; client < CLIENTS; client++) {
            int network = random.nextInt(networks) * 16;
            inside[client] = RelayRequest.of(address(network + random.nextInt(8)), false, sender, false);
            outside[client] = RelayRequest.of(address(network + 8 + random.nextInt(8)), false, sender, false);
            require(RelayVerdict.ALLOWED, policy.decide(inside[client]));
            require(RelayVerdict.DENIED, policy.decide(outside[client]));
        }
    }

    @Benchmark
    public Decision<RelayVerdict> allowed() {
        return policy.decide(inside[next++ & (CLIENTS - 1)]);
    }

    @Benchmark
    public Decision<RelayVerdict> denied() {
        return policy.decide(outside[next++ & (CLIENTS - 1)]);
    }

    private static InetAddress address(int offset) throws UnknownHostException {
        return InetAddress.getByAddress(new byte[] {10, (byte) (offset >>> 16), (byte) (offset >>> 8), (byte) offset});
    }

    private static void require(RelayVerdict expected, Decision<RelayVerdict> decision) {
        if (decision.verdict() != expected) {
            throw new IllegalStateException("The benchmark measures another case: " + decision);
        }
    }
}
