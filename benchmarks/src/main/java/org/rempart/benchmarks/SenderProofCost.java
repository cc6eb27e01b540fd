/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
import org.rempart.message.HeaderBlock;
import org.rempart.message.dkim.DkimSigner;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.proof.Proof;
import org.rempart.message.proof.SenderProof;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimPolicy;

/**
 * What signing costs a mail that leaves, and what looking for proof costs one that comes: SPF and DMARC alone, and with one
 * signature. The DNS is a table in memory that takes a time for each question.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SenderProofCost {
    private static final String DOMAIN = "far.example";
    private static final String HEADER =
            "Received: from mx.far.example ([192.0.2.7]) by mail.ours.example with ESMTPS id 1;\r\n"
                    + "\tMon, 30 Nov 2026 12:00:00 +0000\r\n"
                    + "From: Eve <eve@far.example>\r\n"
                    + "To: Alice <alice@ours.example>\r\n"
                    + "Subject: What it costs\r\n"
                    + "Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n"
                    + "Message-ID: <1@far.example>\r\n"
                    + "MIME-Version: 1.0\r\n"
                    + "Content-Type: text/plain; charset=us-ascii\r\n\r\n";

    @Param({"RSA", "ED25519"})
    private DkimKeyKind kind;

    @Param({"4", "1024"})
    private int kibibytes;

    @Param({"0", "20"})
    private int dnsMillis;

    private HeaderBlock unsigned;
    private HeaderBlock signed;
    private byte[] body;
    private List<DkimSigner.Signature> keys;
    private SenderProof senders;
    private InetAddress client;
    private MaybeSender sender;

    /** Makes the key, the mail and the zone. */
    @Setup
    public void prepare() throws Exception {
        DkimKey key = DkimKey.generate(kind);
        Rule rule = Rule.byDefault("<sign/>");
        keys = List.of(new DkimSigner.Signature(DkimPolicy.Sign.of(DOMAIN, "s1", "key", rule), key));
        unsigned = HeaderBlock.parse(HEADER.getBytes(US_ASCII));
        body = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456\r\n"
                .repeat(kibibytes * 16)
                .getBytes(US_ASCII);
        signed = HeaderBlock.parse(sign());
        senders = new SenderProof(new Zone(
                Map.of(
                        "s1._domainkey." + DOMAIN,
                        key.record(),
                        "_dmarc." + DOMAIN,
                        "v=DMARC1; p=reject",
                        DOMAIN,
                        "v=spf1 ip4:192.0.2.0/24 -all"),
                dnsMillis));
        client = InetAddress.getByName("192.0.2.7");
        sender = MaybeSender.of(new MailAddress("eve@" + DOMAIN));
    }

    /** Signs a mail. */
    @Benchmark
    public byte[] sign() throws Exception {
        return DkimSigner.sign(unsigned, new ByteArrayInputStream(body), keys, Instant.EPOCH);
    }

    /** Looks for what proves a mail that is not signed. */
    @Benchmark
    public Proof spfAndDmarc() throws Exception {
        return senders.of(client, "mx.far.example", sender, unsigned, () -> new ByteArrayInputStream(body));
    }

    /** Looks for what proves a mail with one signature. */
    @Benchmark
    public Proof spfDmarcAndSignature() throws Exception {
        return senders.of(client, "mx.far.example", sender, signed, () -> new ByteArrayInputStream(body));
    }

    /** A DNS with texts alone. */
    private static final class Zone implements Dns {
        private final Map<String, String> texts;
        private final int millis;

        Zone(Map<String, String> texts, int millis) {
            this.texts = texts;
            this.millis = millis;
        }

        private void think() {
            if (millis > 0) {
                try {
                    Thread.sleep(millis);
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public List<MailExchanger> exchangers(String domain) {
            think();
            return List.of();
        }

        @Override
        public List<InetAddress> addresses(String host) {
            think();
            return List.of();
        }

        @Override
        public List<String> texts(String name) {
            think();
            return texts.containsKey(name) ? List.of(texts.get(name)) : List.of();
        }
    }
}
