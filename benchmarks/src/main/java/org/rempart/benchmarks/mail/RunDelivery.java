/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.ServerCertificate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the delivery benchmark; see {@code benchmarks/run-delivery --help}. */
@Command(
        name = "run-delivery",
        mixinStandardHelpOptions = true,
        description =
                "Measures how fast mail leaves over TLS: our delivery, James's, Postfix, and two bare SMTP clients.")
final class RunDelivery implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    private static final String HOST = "127.0.0.1";

    /** Who takes part. */
    enum Who {
        /** Our mailet, on James's in-memory queue. */
        REMPART,
        /** James's mailet, on the same. */
        STOCK,
        /** Postfix. */
        POSTFIX,
        /** NioSmtpClient alone. */
        NIO,
        /** JavaMail's transport alone. */
        JAVAMAIL
    }

    @Option(names = "--work", required = true, description = "A folder for all that is written; emptied first.")
    private Path work;

    @Option(names = "--only", split = ",", description = "Who takes part: ${COMPLETION-CANDIDATES}; all by default.")
    private List<Who> who = List.of(Who.values());

    @Option(names = "--mails", defaultValue = "10000", description = "Mails in a round. Default: ${DEFAULT-VALUE}")
    private int mails;

    @Option(
            names = "--warm-up",
            defaultValue = "2000",
            description = "Mails of each before the first round. Default: ${DEFAULT-VALUE}")
    private int warmUp;

    @Option(names = "--rounds", defaultValue = "3", description = "How often. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(
            names = "--round-trips",
            split = ",",
            defaultValue = "0,20",
            description = "Milliseconds to the sink and back; several, by comma. Default: ${DEFAULT-VALUE}")
    private List<Integer> roundTrips;

    @Option(
            names = "--heap",
            defaultValue = "512m",
            description = "-Xmx of each Java sender. Default: ${DEFAULT-VALUE}")
    private String heap;

    @Option(names = "--jvm-option", description = "A further option for the Java senders, for a profiler; repeatable.")
    private List<String> jvmOptions = List.of();

    @Option(
            names = "--smoke",
            description = "Only shows that it works: few mails, one round. The figures mean nothing.")
    private boolean smoke;

    private Path trust;
    private ServerCertificate certificate;

    /** A round: what the sender used, and how long it took until the last mail was at the sink. */
    private record Result(double seconds, double cpuSeconds, long peakMib, int connections, int missing, int twice) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RunDelivery())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (smoke) {
            mails = 200;
            warmUp = 50;
            rounds = 1;
        }
        work = work.toAbsolutePath().normalize();
        RunMail.empty(work);
        issue();
        // Before anything in this process asks for TLS: the clients whose injection is tried trust the same authority.
        System.setProperty("javax.net.ssl.trustStore", trust.toString());
        System.setProperty("javax.net.ssl.trustStoreType", "PKCS12");
        System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
        Map<Integer, Map<Who, List<Result>>> results = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (int roundTrip : roundTrips) {
                List<Who> turn = new ArrayList<>(who);
                Collections.rotate(turn, round);
                for (Who one : turn) {
                    if (one == Who.POSTFIX && Postfix.missing().isPresent()) {
                        say("Without Postfix: %s", Postfix.missing().get());
                        continue;
                    }
                    Result result = one == Who.POSTFIX ? postfix(roundTrip) : java(one, roundTrip);
                    results.computeIfAbsent(roundTrip, fresh -> new LinkedHashMap<>())
                            .computeIfAbsent(one, fresh -> new ArrayList<>())
                            .add(result);
                    say(
                            "round %d, %2d ms  %-9s %7.1f mails/s  %6.2f s CPU  %4d MiB  %5d connections%s",
                            round + 1,
                            roundTrip,
                            one,
                            mails / result.seconds,
                            result.cpuSeconds,
                            result.peakMib,
                            result.connections,
                            result.missing + result.twice == 0
                                    ? ""
                                    : "  MISSING " + result.missing + ", TWICE " + result.twice);
                }
            }
        }
        return report(results);
    }

    private void issue() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("benchmark", Clock.systemUTC());
        authority.writePem(work.resolve("authority.pem"));
        certificate = authority.issue(List.of("sink.example", HOST));
        trust = work.resolve("trust.p12");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("benchmark", authority.certificate());
        try (OutputStream out = Files.newOutputStream(trust)) {
            store.store(out, "changeit".toCharArray());
        }
    }

    /** What goes between a sender and the sink, if anything does, and the sink. */
    private final class Way implements AutoCloseable {
        private final Sink sink = new Sink(certificate.context());
        private final DelayProxy proxy;

        Way(int roundTrip) throws IOException {
            proxy = roundTrip == 0 ? null : new DelayProxy(sink.address(), Duration.ofMillis(roundTrip));
        }

        InetSocketAddress address() {
            return proxy == null ? sink.address() : proxy.address();
        }

        /** Waits until all of a batch are at the sink, or nothing has come for a minute. */
        int await(List<Mail> batch) throws InterruptedException {
            List<String> names = batch.stream().map(Mail::name).toList();
            long end = System.nanoTime() + PATIENCE.toNanos();
            long quietSince = System.nanoTime();
            int had = 0;
            int count = sink.count(names);
            while (count < names.size()
                    && System.nanoTime() < end
                    && System.nanoTime() - quietSince < 60_000_000_000L) {
                Thread.sleep(5);
                had = count;
                count = sink.count(names);
                quietSince = count > had ? System.nanoTime() : quietSince;
            }
            return names.size() - count;
        }

        @Override
        public void close() throws IOException {
            if (proxy != null) {
                proxy.close();
            }
            sink.close();
        }
    }

    private Result java(Who one, int roundTrip) throws Exception {
        try (Way way = new Way(roundTrip)) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx" + heap,
                    "-Dfile.encoding=UTF-8",
                    "-Dlogback.configurationFile=stock/quiet.xml",
                    "-Djavax.net.ssl.trustStore=" + trust,
                    "-Djavax.net.ssl.trustStoreType=PKCS12",
                    "-Djavax.net.ssl.trustStorePassword=changeit"));
            command.addAll(jvmOptions);
            command.addAll(List.of(
                    "-cp",
                    System.getProperty("java.class.path"),
                    DeliveryProcess.class.getName(),
                    one.name(),
                    Integer.toString(way.address().getPort())));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(work.resolve(one + ".log").toFile())
                    .start();
            try {
                batch(process, way, "warm", warmUp);
                int before = way.sink.connections();
                long cpu = Usage.cpuMillis(Set.of(process.pid()));
                long begun = System.nanoTime();
                int missing = batch(process, way, "round", mails);
                return new Result(
                        (System.nanoTime() - begun) / 1e9,
                        (Usage.cpuMillis(Set.of(process.pid())) - cpu) / 1e3,
                        Usage.peakKib(Set.of(process.pid())) / 1024,
                        way.sink.connections() - before,
                        missing,
                        twice(way));
            } finally {
                process.getOutputStream().close();
                if (!process.waitFor(60, java.util.concurrent.TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        }
    }

    private static int batch(Process process, Way way, String name, int count)
            throws IOException, InterruptedException {
        process.getOutputStream().write((name + " " + count + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return way.await(DeliveryProcess.mails(name, count));
    }

    private static int twice(Way way) {
        if (way.sink.inClearText() > 0) {
            throw new IllegalStateException(way.sink.inClearText() + " mails came in clear text");
        }
        return (int) way.sink.arrivals().values().stream()
                .filter(arrival -> arrival.times() > 1)
                .count();
    }

    /** All mails wait in Postfix's queue before the clock starts. */
    private Result postfix(int roundTrip) throws Exception {
        Path home = work.resolve("postfix-" + System.nanoTime());
        try (Way way = new Way(roundTrip)) {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("relayhost", "[" + HOST + "]:" + way.address().getPort());
            settings.put("smtp_tls_security_level", "verify");
            settings.put("smtp_tls_verify_cert_match", "sink.example");
            settings.put("smtp_tls_CAfile", work.resolve("authority.pem").toString());
            settings.put("smtp_tls_session_cache_database", "btree:${data_directory}/smtp_scache");
            settings.put(
                    "smtp_connection_cache_destinations",
                    "[" + HOST + "]:" + way.address().getPort());
            settings.put("smtp_tls_connection_reuse", "yes");
            Map<String, String> waiting = new LinkedHashMap<>(settings);
            waiting.put("defer_transports", "smtp");
            InetSocketAddress smtp = FreePort.address();
            try (Postfix postfix = Postfix.start(home, Map.of(smtp, Map.of()), waiting)) {
                List<Mail> batch = DeliveryProcess.mails("postfix", mails);
                Load.Sent sent = Load.send(smtp, 10, batch);
                if (sent.names().size() < mails) {
                    throw new IOException(
                            "Postfix did not take " + (mails - sent.names().size()) + " mails: " + sent.refusals());
                }
                // Those that it has not looked at yet would be in front.
                awaitDeferred(home);
                postfix.configure(settings);
                postfix.command("reload");
                long cpu = Usage.cpuMillis(postfix.processes());
                long begun = System.nanoTime();
                postfix.command("flush");
                int missing = way.await(batch);
                return new Result(
                        (System.nanoTime() - begun) / 1e9,
                        (Usage.cpuMillis(postfix.processes()) - cpu) / 1e3,
                        Usage.peakKib(postfix.processes()) / 1024,
                        way.sink.connections(),
                        missing,
                        twice(way));
            }
        }
    }

    private void awaitDeferred(Path home) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (count(home.resolve("queue/deferred")) < mails) {
            if (System.nanoTime() > end) {
                throw new IOException("Postfix does not defer what it is told to defer; see " + home);
            }
            Thread.sleep(500);
        }
    }

    private static long count(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    private int report(Map<Integer, Map<Who, List<Result>>> results) throws Exception {
        StringBuilder text = new StringBuilder();
        int lost = 0;
        for (Map.Entry<Integer, Map<Who, List<Result>>> table : results.entrySet()) {
            text.append("### ").append(table.getKey()).append(" ms round trip\n\n");
            text.append(
                    "| | mails /s (min–max) | × stock James | × JavaMail | CPU s | peak MiB | connections | missing |"
                            + " twice |\n");
            text.append("|---|---|---|---|---|---|---|---|---|\n");
            List<Result> stock = table.getValue().get(Who.STOCK);
            List<Result> bare = table.getValue().get(Who.JAVAMAIL);
            for (Map.Entry<Who, List<Result>> row : table.getValue().entrySet()) {
                double[] rates = row.getValue().stream()
                        .mapToDouble(result -> mails / result.seconds)
                        .sorted()
                        .toArray();
                lost += row.getValue().stream().mapToInt(Result::missing).sum();
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %.0f (%.0f–%.0f) | %s | %s | %.1f | %.0f | %.0f | %d | %d |%n",
                        row.getKey().name().toLowerCase(Locale.ROOT),
                        Round.median(rates),
                        rates[0],
                        rates[rates.length - 1],
                        times(row.getValue(), stock),
                        times(row.getValue(), bare),
                        Round.median(row.getValue().stream()
                                .mapToDouble(Result::cpuSeconds)
                                .toArray()),
                        Round.median(row.getValue().stream()
                                .mapToDouble(Result::peakMib)
                                .toArray()),
                        Round.median(row.getValue().stream()
                                .mapToDouble(Result::connections)
                                .toArray()),
                        row.getValue().stream().mapToInt(Result::missing).sum(),
                        row.getValue().stream().mapToInt(Result::twice).sum()));
            }
            text.append('\n');
        }
        text.append(String.format(
                Locale.ROOT,
                "%d mails of %d bytes a round, %d rounds, medians; -Xmx%s; %d processors.%n%n",
                mails,
                Mail.Shape.USUAL.bytes(),
                rounds,
                heap,
                Runtime.getRuntime().availableProcessors()));
        text.append("Words put before the handshake:\n\n").append(new Injection(certificate).verdicts());
        Files.writeString(work.resolve("results.md"), text);
        System.out.print("\n" + text);
        return lost == 0 ? 0 : 1;
    }

    /** How many times as fast somebody is as another; empty where that one took no part. */
    private static String times(List<Result> results, List<Result> others) {
        return others == null ? "" : String.format(Locale.ROOT, "%.2f", median(others) / median(results));
    }

    private static double median(List<Result> results) {
        return Round.median(results.stream().mapToDouble(Result::seconds).toArray());
    }

    private static void say(String format, Object... values) {
        System.err.println(String.format(Locale.ROOT, format, values));
    }
}
