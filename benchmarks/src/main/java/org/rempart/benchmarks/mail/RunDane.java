/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Signing;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the benchmark of DANE; see {@code benchmarks/run-dane --help}. */
@Command(
        name = "run-dane",
        mixinStandardHelpOptions = true,
        description =
                "Measures what DANE costs a mail: our delivery without it, with a resolver that validates, and with its"
                        + " own validation.")
final class RunDane implements Callable<Integer> {
    private static final List<String> MODES = List.of("off", "resolver", "validate");
    private static final List<String> KINDS = List.of("one", "domain", "host");
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);

    @Option(names = "--work", required = true, description = "A folder for all that is written.")
    private Path work;

    @Option(names = "--mails", defaultValue = "1000", description = "Mails in a round. Default: ${DEFAULT-VALUE}")
    private int mails;

    @Option(
            names = "--warm-up",
            defaultValue = "500",
            description = "Mails of each kind before the first round. Default: ${DEFAULT-VALUE}")
    private int warmUp;

    @Option(names = "--rounds", defaultValue = "5", description = "How often. Default: ${DEFAULT-VALUE}")
    private int rounds;

    /** CPU time of the delivery's process, and time until the last mail was there, in ms for a mail. */
    private record Cost(double cpu, double wall) {}

    /** @param arguments as its help has them */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RunDane()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(work);
        ServerCertificate certificate =
                CertificateRequest.of("mx.test").keys(KeyKind.EC).selfSigned();
        Map<String, Map<String, List<Cost>>> costs = new LinkedHashMap<>();
        try (Sink sink = new Sink(certificate.context());
                SignedZones dns =
                        SignedZones.start().zone("test.", Signing.NSEC).claimValidation()) {
            String key = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(certificate.certificate().getPublicKey().getEncoded()));
            publish(dns, sink, key);
            for (String mode : MODES) {
                costs.put(mode, measure(mode, sink, dns));
            }
        }
        report(costs);
        return 0;
    }

    private void publish(SignedZones dns, Sink sink, String key) {
        host(dns, sink, "mx.test", key);
        dns.add("one.test. MX 10 mx.test.");
        for (String mode : MODES) {
            for (String batch : batches(mode)) {
                int count = batch.startsWith("warm") ? warmUp : mails;
                for (int i = 0; i < count; i++) {
                    dns.add(DaneProcess.domain("domain", batch, i) + ". MX 10 mx.test.");
                    String own = DaneProcess.domain("host", batch, i);
                    dns.add(own + ". MX 10 mx." + own + ".");
                    host(dns, sink, "mx." + own, key);
                }
            }
        }
    }

    private static void host(SignedZones dns, Sink sink, String name, String key) {
        dns.add(name + ". A 127.0.0.1");
        dns.add("_" + sink.address().getPort() + "._tcp." + name + ". TLSA 3 1 1 " + key);
    }

    private List<String> batches(String mode) {
        List<String> batches = new ArrayList<>(List.of("warm" + mode));
        for (int round = 0; round < rounds; round++) {
            batches.add("r" + round + mode);
        }
        return batches;
    }

    private Map<String, List<Cost>> measure(String mode, Sink sink, SignedZones dns) throws Exception {
        Path home = work.resolve(mode);
        Files.createDirectories(home.resolve("conf"));
        Files.writeString(home.resolve("conf/root.txt"), dns.anchor());
        Files.writeString(
                home.resolve("conf/rempart.xml"),
                "<policy><tls><outbound default=\"encrypt\" mtaSts=\"off\" dnssec=\"" + mode + "\""
                        + (mode.equals("validate") ? " rootAnchors=\"conf/root.txt\"" : "") + "/></tls></policy>");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-Dlogback.configurationFile=stock/quiet.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DaneProcess.class.getName(),
                        home.toString(),
                        Integer.toString(dns.address().getPort()),
                        Integer.toString(sink.address().getPort()))
                .redirectErrorStream(true)
                .redirectOutput(work.resolve(mode + ".log").toFile())
                .start();
        Map<String, List<Cost>> costs = new LinkedHashMap<>();
        try {
            for (String batch : batches(mode)) {
                for (String kind : KINDS) {
                    boolean warm = batch.startsWith("warm");
                    Cost cost = round(process, sink, kind, batch, warm ? warmUp : mails);
                    if (!warm) {
                        costs.computeIfAbsent(kind, none -> new ArrayList<>()).add(cost);
                    }
                }
            }
        } finally {
            process.getOutputStream().close();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        return costs;
    }

    private static Cost round(Process process, Sink sink, String kind, String batch, int count) throws Exception {
        int before =
                sink.arrivals().values().stream().mapToInt(Sink.Arrival::times).sum();
        long cpu = Usage.cpuMillis(Set.of(process.pid()));
        long begun = System.nanoTime();
        process.getOutputStream().write((kind + " " + batch + " " + count + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        while (sink.arrivals().values().stream().mapToInt(Sink.Arrival::times).sum() < before + count) {
            if (System.nanoTime() - begun > PATIENCE_NANOS) {
                throw new IllegalStateException("not all mails of " + kind + " " + batch + " have come");
            }
            Thread.sleep(10);
        }
        double wall = (System.nanoTime() - begun) / 1e6 / count;
        return new Cost((double) (Usage.cpuMillis(Set.of(process.pid())) - cpu) / count, wall);
    }

    private void report(Map<String, Map<String, List<Cost>>> costs) throws Exception {
        StringBuilder text = new StringBuilder("""
                | mails to | DNSSEC | CPU ms a mail (min–max) | × without | ms a mail | × without |
                |---|---|---|---|---|---|
                """);
        for (String kind : KINDS) {
            List<Cost> without = costs.get("off").get(kind);
            for (String mode : MODES) {
                List<Cost> with = costs.get(mode).get(kind);
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %s | %.2f (%.2f–%.2f) | %.2f | %.2f | %.2f |%n",
                        kind,
                        mode,
                        median(with, true),
                        with.stream().mapToDouble(Cost::cpu).min().orElseThrow(),
                        with.stream().mapToDouble(Cost::cpu).max().orElseThrow(),
                        median(with, true) / median(without, true),
                        median(with, false),
                        median(with, false) / median(without, false)));
            }
        }
        Files.writeString(work.resolve("results.md"), text);
        System.out.print(text);
    }

    private static double median(List<Cost> costs, boolean cpu) {
        return costs.stream()
                .mapToDouble(cost -> cpu ? cost.cpu() : cost.wall())
                .sorted()
                .skip(costs.size() / 2)
                .findFirst()
                .orElseThrow();
    }
}
