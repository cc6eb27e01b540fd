/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.rempart.benchmarks.mail.Scenario.Route;

/** Puts loads on one contestant, and remembers what it has taken, to ask for all of it in the end. */
final class Referee {
    /** How long a contestant may take to deliver one more mail before the rest counts as late. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final long POLL_MILLIS = 20;
    private static final long PAUSES = 10;

    private final Contestant contestant;
    private final Sink sink;
    private final int accounts;
    private final Mail.Shape shape;
    private final int[] expected;
    private final List<String> takenLocal = new ArrayList<>();
    private final List<String> takenRelayed = new ArrayList<>();
    private int serial;

    Referee(Contestant contestant, Sink sink, int accounts, Mail.Shape shape) {
        this.contestant = contestant;
        this.sink = sink;
        this.accounts = accounts;
        this.shape = shape;
        this.expected = new int[accounts];
    }

    Contestant contestant() {
        return contestant;
    }

    /** Whether the contestant takes part in this. */
    boolean takes(Route route) {
        return route != Route.SUBMISSION || contestant.submission().isPresent();
    }

    /** Sends so many mails and waits until all that were taken are at the other end, or nothing comes any more. */
    Round run(Scenario scenario, int count) throws IOException, InterruptedException {
        List<Mail> mails = new ArrayList<>();
        String prefix = contestant.name().replaceAll("\\W", "") + "-";
        for (int i = 0; i < count; i++) {
            String name = prefix + serial++;
            mails.add(
                    switch (scenario.route()) {
                        case LOCAL -> Mail.local(name, i % accounts, shape);
                        case RELAY -> Mail.relayed(name, shape);
                        case SUBMISSION -> Mail.submitted(name, i % accounts, shape);
                    });
        }
        double load = load();
        long cpu = contestant.cpuMillis();
        long begin = System.nanoTime();
        Load.Sent sent = scenario.route() == Route.SUBMISSION
                ? Load.submit(contestant.submission().orElseThrow(), scenario.connections(), mails)
                : Load.send(contestant.smtp(), scenario.connections(), mails);
        long accepted = Arrays.stream(sent.acknowledged()).max().orElse(begin);
        List<String> names = sent.names();
        boolean local = scenario.route() != Route.RELAY;
        (local ? takenLocal : takenRelayed).addAll(names);
        Waited waited = local ? awaitMailboxes(sent) : awaitSink(names);
        return new Round(
                names.size(),
                seconds(accepted - begin),
                seconds(waited.last() - begin),
                millis(sent, Map.of()),
                local ? new double[0] : millis(sent, sink.arrivals()),
                contestant.cpuMillis() - cpu,
                sent.refusals().size(),
                waited.late(),
                load);
    }

    /**
     * What was wrong in the end: mails that the contestant took and that never came, those that came twice, and those that
     * left with fields that they should have been stripped of.
     */
    record Verdict(int taken, int lost, int duplicates, int unstripped) {}

    Verdict verdict() throws IOException {
        Map<String, Integer> there = new HashMap<>();
        for (int i = 0; i < accounts; i++) {
            contestant.names(i).forEach(name -> there.merge(name, 1, Integer::sum));
        }
        sink.arrivals().forEach((name, arrival) -> there.merge(name, arrival.times(), Integer::sum));
        int lost = 0;
        int duplicates = 0;
        for (List<String> taken : List.of(takenLocal, takenRelayed)) {
            for (String name : taken) {
                int times = there.getOrDefault(name, 0);
                lost += times == 0 ? 1 : 0;
                duplicates += Math.max(0, times - 1);
            }
        }
        Set<String> unstripped = sink.unstripped();
        return new Verdict(takenLocal.size() + takenRelayed.size(), lost, duplicates, (int)
                takenRelayed.stream().filter(unstripped::contains).count());
    }

    private record Waited(long last, int late) {}

    /**
     * Looks at one mailbox after the other until each shows all that it should. Looking costs the server work, and the
     * more the fuller a mailbox is, so the pauses are a multiple of the time that looking took.
     */
    private Waited awaitMailboxes(Load.Sent sent) throws IOException, InterruptedException {
        for (int i = 0; i < sent.mails().size(); i++) {
            if (sent.acknowledged()[i] != 0) {
                expected[i % accounts]++;
            }
        }
        int late = 0;
        long progress = System.nanoTime();
        for (int account = 0; account < accounts; account++) {
            int seen = -1;
            while (seen < expected[account]) {
                long looked = System.nanoTime();
                int now = contestant.count(account);
                long end = System.nanoTime();
                if (now > seen) {
                    seen = now;
                    progress = end;
                } else if (end - progress > PATIENCE.toNanos()) {
                    late += expected[account] - now;
                    break;
                }
                if (seen < expected[account]) {
                    Thread.sleep(Math.max(POLL_MILLIS, PAUSES * (end - looked) / 1_000_000));
                }
            }
        }
        return new Waited(progress, late);
    }

    private Waited awaitSink(List<String> names) throws InterruptedException {
        int seen = -1;
        long progress = System.nanoTime();
        while (true) {
            int now = sink.count(names);
            if (now == names.size() || System.nanoTime() - progress > PATIENCE.toNanos()) {
                Map<String, Sink.Arrival> arrivals = sink.arrivals();
                long last = names.stream()
                        .filter(arrivals::containsKey)
                        .mapToLong(name -> arrivals.get(name).first())
                        .max()
                        .orElse(progress);
                return new Waited(last, names.size() - now);
            }
            if (now > seen) {
                seen = now;
                progress = System.nanoTime();
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** How long each mail took: to its arrival where arrivals are given, else to its 250. Sorted. */
    private static double[] millis(Load.Sent sent, Map<String, Sink.Arrival> arrivals) {
        double[] millis = new double[sent.mails().size()];
        int n = 0;
        for (int i = 0; i < millis.length; i++) {
            Sink.Arrival arrival = arrivals.get(sent.mails().get(i).name());
            long end = arrivals.isEmpty() || arrival == null ? sent.acknowledged()[i] : arrival.first();
            if (sent.acknowledged()[i] != 0 && (arrivals.isEmpty() || arrival != null)) {
                millis[n++] = (end - sent.begun()[i]) / 1e6;
            }
        }
        double[] sorted = Arrays.copyOf(millis, n);
        Arrays.sort(sorted);
        return sorted;
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    private static double load() throws IOException {
        return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    }
}
