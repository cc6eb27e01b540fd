/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.apache.james.core.Domain;
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
import org.rempart.mailet.header.HeaderFirewall;
import org.rempart.mailet.header.MessageIds;
import org.rempart.message.HeaderBlock;
import org.rempart.message.Originators;
import org.rempart.policy.headers.HeaderPolicy;

/** What a stranger's header of a MiB costs at most: to the gate that asks whom it is from, and to the firewall. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WorstHeader {
    private static final int LENGTH = Originators.LONGEST_HEADER;

    /** Names what the header is full of. */
    public enum Filling {
        UNKNOWN_CHARSETS("From: ", i -> "=?u" + i + "?q?a?= "),
        ENCODED_ADDRESSES("From: ", i -> "=?utf-8?q?a=40b" + i + ".example?= "),
        FROM_FIELDS("", i -> "From: =?u" + i + "?q?a?= <a@b" + i + ".example>\r\n"),
        ADDRESSES("From: ", i -> "a@b" + i + ".\u00fc.example,"),
        COMMENTS("From: ", i -> "("),
        COMPATIBILITY("From: ", i -> "\ufdfa"),
        NO_FIELDS("", i -> "From\r\n"),
        HOPS("", i -> "Received: from a ([10.0.0.1]) by b" + i + ".x.example; x\r\n"),
        IDS("References: ", i -> "<" + i + "@a" + i + ".ours.example>"),
        RESULTS("Authentication-Results: a.ours.example; ", i -> "::" + i % 10 + " "),
        RESULTS_IN_MANY_FIELDS("", i -> "Authentication-Results: a.ours.example; ::" + i % 10 + " a::" + i + "\r\n"),
        ADDRESSES_IN_MANY_FIELDS("", i -> "X-Acme-" + i + ": 2001:db8::" + i % 10 + " 1::2 3::4 a@ours.example\r\n"),
        SEALS("", i -> "ARC-Seal: i=" + i + "; d=ours.example; b=x\r\n"),
        SIGNATURES("", i -> "DKIM-Signature: d=b" + i + ".example; h=a:from:to:cc; b=x\r\n"),
        EMPTY_FIELDS("", i -> "a:\r\n");

        private final String start;
        private final IntFunction<String> piece;

        Filling(String start, IntFunction<String> piece) {
            this.start = start;
            this.piece = piece;
        }

        private byte[] header() {
            StringBuilder header = new StringBuilder(start);
            for (int i = 0; header.length() < LENGTH; i++) {
                header.append(piece.apply(i));
            }
            return header.append("\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    @Param
    private Filling filling;

    private byte[] header;
    private HeaderFirewall firewall;

    @Setup
    public void prepare() {
        header = filling.header();
        firewall = new HeaderFirewall(
                HeaderPolicy.builder().build(),
                Domain.of("ours.example")::equals,
                "mail.ours.example",
                new MessageIds(new byte[MessageIds.KEY_LENGTH], "mail.ours.example"),
                List.of());
    }

    @Benchmark
    public Originators originators() {
        return Originators.of(HeaderBlock.parse(header));
    }

    @Benchmark
    public Optional<byte[]> firewall() throws Exception {
        return firewall.applyToMessage(HeaderBlock.parse(header), Optional.empty());
    }
}
