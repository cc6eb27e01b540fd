/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.rempart.benchmarks.mail.Scenario.Route;
import org.rempart.testsupport.Postfix;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the mail benchmark; see {@code benchmarks/run-mail --help}. */
@Command(
        name = "run-mail",
        mixinStandardHelpOptions = true,
        description =
                "Measures whole mail servers under SMTP load, from the client's first word to the mailbox or to the "
                        + "next server: Rempart, James in memory, James on Derby and ActiveMQ, Postfix.")
final class RunMail implements Callable<Integer> {
    /** Who takes part. */
    enum Who {
        /** Our packaged server. */
        REMPART,
        /** James's in-memory server. */
        MEMORY,
        /** James's server on a database. */
        JPA,
        /** Postfix. */
        POSTFIX,
        /** Our packaged server, which strips the load's fields and does nothing else to the header of what leaves. */
        STRIP_HEADERS,
        /** The same, but James's mailets remove them. */
        REMOVE_MIME_HEADER,
        /** The same, but they stay. */
        KEEP_HEADERS
    }

    @Option(names = "--archive", required = true, description = "The .tar.gz of the packaged server.")
    private Path archive;

    @Option(names = "--work", required = true, description = "A folder for all that the servers keep; emptied first.")
    private Path work;

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "rempart,memory,jpa,postfix",
            description = "Who takes part: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
    private List<Who> who;

    @Option(names = "--routes", split = ",", description = "${COMPLETION-CANDIDATES}; all by default.")
    private List<Route> routes = List.of(Route.values());

    @Option(
            names = "--connections",
            split = ",",
            defaultValue = "10,50",
            description = "How many clients send at once; several loads, by comma. Default: ${DEFAULT-VALUE}")
    private List<Integer> connections;

    @Option(names = "--bytes", defaultValue = "4096", description = "Of a message. Default: ${DEFAULT-VALUE}")
    private int bytes;

    @Option(
            names = "--stripped-fields",
            defaultValue = "0",
            description = "Fields of a message that strip_headers and remove_mime_header take away. "
                    + "Default: ${DEFAULT-VALUE}")
    private int strippedFields;

    @Option(names = "--mails", defaultValue = "1500", description = "Mails in a round. Default: ${DEFAULT-VALUE}")
    private int mails;

    @Option(
            names = "--warm-up",
            defaultValue = "3000",
            description = "Mails of each route before the first round. Default: ${DEFAULT-VALUE}")
    private int warmUp;

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "How often each load comes, the contestants taking turns. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(names = "--accounts", defaultValue = "10", description = "Mailboxes. Default: ${DEFAULT-VALUE}")
    private int accounts;

    @Option(names = "--heap", defaultValue = "1g", description = "-Xmx of each Java server. Default: ${DEFAULT-VALUE}")
    private String heap;

    @Option(names = "--jvm-option", description = "A further option for our server's Java, for a profiler; repeatable.")
    private List<String> jvmOptions = List.of();

    @Option(
            names = "--smoke",
            description = "Only shows that it works: few mails, one round. The figures mean nothing.")
    private boolean smoke;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RunMail())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (smoke) {
            mails = 100;
            warmUp = 100;
            rounds = 1;
            connections = List.of(10);
        }
        empty(work);
        List<Referee> referees = new CopyOnWriteArrayList<>();
        // Anyone who interrupts this must not be left with servers that run.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(referees), "stop"));
        try (Sink sink = new Sink()) {
            try {
                Mail.Shape shape = new Mail.Shape(bytes, strippedFields);
                Setup setup = new Setup(sink.address(), heap, jvmOptions);
                for (Contestant contestant : contestants(setup)) {
                    referees.add(new Referee(contestant, sink, accounts, shape));
                    contestant.start(accounts);
                    say("%s is up", contestant.name());
                }
                return measure(referees);
            } finally {
                stop(referees);
            }
        }
    }

    private static void stop(List<Referee> referees) {
        for (Referee referee : referees) {
            try {
                referee.contestant().close();
            } catch (IOException unstopped) {
                say("%s could not be stopped: %s", referee.contestant().name(), unstopped);
            } catch (InterruptedException again) {
                Thread.currentThread().interrupt();
            }
        }
        referees.clear();
    }

    private List<Contestant> contestants(Setup setup) throws IOException {
        List<Contestant> contestants = new ArrayList<>();
        for (Who one : who) {
            Path home = work.toAbsolutePath().normalize().resolve(one.name().toLowerCase(Locale.ROOT));
            switch (one) {
                case REMPART -> contestants.add(ours(home, setup, RempartServer.Headers.POLICY));
                case STRIP_HEADERS -> contestants.add(ours(home, setup, RempartServer.Headers.STRIP_HEADERS));
                case REMOVE_MIME_HEADER -> contestants.add(ours(home, setup, RempartServer.Headers.REMOVE_MIME_HEADER));
                case KEEP_HEADERS -> contestants.add(ours(home, setup, RempartServer.Headers.KEEP));
                case MEMORY -> contestants.add(StockServer.memory(home, setup));
                case JPA -> contestants.add(StockServer.jpa(home, setup));
                case POSTFIX ->
                    Postfix.missing()
                            .ifPresentOrElse(
                                    why -> say("Without Postfix: %s", why),
                                    () -> contestants.add(newPostfix(home, setup)));
            }
        }
        return contestants;
    }

    private Contestant ours(Path home, Setup setup, RempartServer.Headers headers) throws IOException {
        return RempartServer.of(archive.toAbsolutePath(), home, setup, headers);
    }

    private static Contestant newPostfix(Path home, Setup setup) {
        try {
            return new PostfixServer(home, setup);
        } catch (IOException noPort) {
            throw new java.io.UncheckedIOException(noPort);
        }
    }

    private int measure(List<Referee> referees) throws IOException, InterruptedException {
        for (Referee referee : referees) {
            for (Route route : routes.stream().filter(referee::takes).toList()) {
                note("warm-up", referee, referee.run(new Scenario(route, connections.get(0)), warmUp));
            }
        }
        Map<Scenario, Map<String, List<Round>>> results = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (Route route : routes) {
                for (int clients : connections) {
                    Scenario scenario = new Scenario(route, clients);
                    Map<String, List<Round>> byName = results.computeIfAbsent(scenario, fresh -> new LinkedHashMap<>());
                    List<Referee> turn = new ArrayList<>(
                            referees.stream().filter(one -> one.takes(route)).toList());
                    turn.forEach(one -> byName.computeIfAbsent(one.contestant().name(), name -> new ArrayList<>()));
                    // Nobody is always the first after whatever else the machine has to do.
                    Collections.rotate(turn, round);
                    for (Referee referee : turn) {
                        Round done = referee.run(scenario, mails);
                        byName.get(referee.contestant().name()).add(done);
                        note(scenario + ", round " + (round + 1), referee, done);
                    }
                }
            }
        }
        return report(referees, results);
    }

    private int report(List<Referee> referees, Map<Scenario, Map<String, List<Round>>> results) throws IOException {
        StringBuilder text = new StringBuilder();
        results.forEach((scenario, rounds) -> text.append(Table.of(scenario, rounds)));
        double[] loads = results.values().stream()
                .flatMap(byName -> byName.values().stream())
                .flatMap(List::stream)
                .mapToDouble(Round::load)
                .sorted()
                .toArray();
        text.append(String.format(
                Locale.ROOT,
                "%d mails of %d bytes, %d fields of them to be stripped, a round, %d rounds, medians; -Xmx%s; %d processors; load average before a round "
                        + "%.1f / %.1f / %.1f (minimum, median, maximum).%n%n",
                mails,
                bytes,
                strippedFields,
                rounds,
                heap,
                Runtime.getRuntime().availableProcessors(),
                loads[0],
                Round.median(loads),
                loads[loads.length - 1]));
        int lost = 0;
        for (Referee referee : referees) {
            // Before all mailboxes are read, which no load does.
            long peakKib = referee.contestant().peakKib();
            Referee.Verdict verdict = referee.verdict();
            lost += verdict.lost();
            text.append(String.format(
                    Locale.ROOT,
                    "- %s: %d mails taken, %d of them lost, %d duplicates%s%s%n",
                    referee.contestant().name(),
                    verdict.taken(),
                    verdict.lost(),
                    verdict.duplicates(),
                    strippedFields == 0 ? "" : ", " + verdict.unstripped() + " that left unstripped",
                    peakKib == 0 ? "" : "; at most " + peakKib / 1024 + " MiB resident"));
        }
        Files.writeString(work.resolve("results.md"), text);
        System.out.print("\n" + text);
        return lost == 0 ? 0 : 1;
    }

    private static void note(String what, Referee referee, Round round) {
        say(
                "%-40s %-18s %5d mails, accepted %6.1f/s, delivered %6.1f/s, %5.2f ms CPU a mail%s, load %.1f",
                what,
                referee.contestant().name(),
                round.mails(),
                round.accepted(),
                round.delivered(),
                round.cpuPerMail(),
                round.refused() + round.late() == 0 ? "" : ", REFUSED " + round.refused() + ", LATE " + round.late(),
                round.load());
    }

    private static void say(String format, Object... values) {
        System.err.println(String.format(Locale.ROOT, format, values));
    }

    static void empty(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.createDirectories(folder);
    }
}
