/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What processes use, as Linux tells it (proc(5)). */
final class Usage {
    /** A tick is a hundredth of a second, on every Linux. */
    private static final long MILLIS_A_TICK = 10;

    private static final Pattern PEAK = Pattern.compile("(?m)^VmHWM:\\s+(\\d+) kB");

    private Usage() {}

    /** CPU time of processes and of their children that have ended. */
    static long cpuMillis(Collection<Long> processes) throws IOException {
        long ticks = 0;
        for (long pid : processes) {
            String stat = read(pid, "stat");
            if (!stat.isEmpty()) {
                // Fields 14 to 17; the second one, in parentheses, may hold anything.
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                for (int i = 11; i <= 14; i++) {
                    ticks += Long.parseLong(fields[i]);
                }
            }
        }
        return ticks * MILLIS_A_TICK;
    }

    /** The most memory that each process had resident, added up, in KiB. What they share counts for each. */
    static long peakKib(Collection<Long> processes) throws IOException {
        long sum = 0;
        for (long pid : processes) {
            Matcher peak = PEAK.matcher(read(pid, "status"));
            sum += peak.find() ? Long.parseLong(peak.group(1)) : 0;
        }
        return sum;
    }

    private static String read(long pid, String file) throws IOException {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(pid), file));
        } catch (NoSuchFileException ended) {
            return "";
        }
    }
}
