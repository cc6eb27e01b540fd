/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Java version, and whether the machine has the memory that {@code conf/jvm.options} gives the server. */
final class JavaCheck implements Check {
    private static final int OLDEST = 17;
    private static final Pattern LARGEST_HEAP = Pattern.compile("(?m)^\\s*-Xmx(\\d+)([kKmMgGtT]?)\\s*$");

    /** Counts where there is no -Xmx. */
    private static final Pattern SHARE =
            Pattern.compile("(?m)^\\s*-XX:MaxRAMPercentage=(\\d{1,3}(?:\\.\\d{1,9})?)\\s*$");

    @Override
    public String name() {
        return "java";
    }

    @Override
    public List<Finding> look(Patient patient) throws IOException {
        List<Finding> findings = new ArrayList<>();
        findings.add(version(Runtime.version().feature()));
        long memory =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        String options = Files.readString(patient.home().conf("jvm.options"), StandardCharsets.UTF_8);
        findings.add(heap(options, memory));
        return findings;
    }

    static Finding version(int feature) {
        return feature < OLDEST
                ? Finding.fault("this is Java " + feature, "install Java " + OLDEST + " or newer")
                : Finding.ok("Java " + Runtime.version() + " of " + System.getProperty("java.vendor"));
    }

    static Finding heap(String options, long memory) {
        OptionalLong heap = largestHeap(options, memory);
        if (heap.isEmpty()) {
            return Finding.warning(
                    "conf/jvm.options sets no largest heap",
                    "write -Xmx1g, or what the machine can spare; in a container -XX:MaxRAMPercentage=60");
        }
        String sizes = "the heap may grow to " + Sizes.of(heap.getAsLong()) + " of " + Sizes.of(memory) + " of memory";
        if (heap.getAsLong() > memory) {
            return Finding.fault(sizes, "lower it in conf/jvm.options: the system would end the server");
        }
        // Threads, buffers and the file cache need their share, too.
        return heap.getAsLong() > memory / 4 * 3
                ? Finding.warning(sizes, "lower it in conf/jvm.options to three quarters of the memory")
                : Finding.ok(sizes);
    }

    private static OptionalLong largestHeap(String options, long memory) {
        OptionalLong heap = OptionalLong.empty();
        Matcher matcher = LARGEST_HEAP.matcher(options);
        while (matcher.find()) {
            int power = " kmgt"
                    .indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2).toLowerCase(Locale.ROOT));
            heap = OptionalLong.of(Long.parseLong(matcher.group(1)) << (10 * power));
        }
        if (heap.isEmpty()) {
            Matcher share = SHARE.matcher(options);
            while (share.find()) {
                heap = OptionalLong.of((long) (memory * (Double.parseDouble(share.group(1)) / 100)));
            }
        }
        return heap;
    }
}
