/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** What the tests under fire have in common. */
final class Fire {
    private static final Path FIGURES =
            Path.of(System.getProperty("rempart.it.folder")).resolveSibling("fire-figures.txt");

    /** Another one each time; it is printed, and may be given. */
    static final long SEED = Long.getLong("rempart.fire.seed", System.nanoTime());

    private Fire() {}

    /** Whether the long form is asked for. */
    static boolean isLong() {
        return System.getProperty("rempart.fire", "short").equals("long");
    }

    /** A number that depends on the form. */
    static int rounds(int shortForm, int longForm) {
        return Integer.getInteger("rempart.fire.rounds", isLong() ? longForm : shortForm);
    }

    /** A source of chance for a test. */
    static Random random(String test) {
        return new Random(SEED ^ test.hashCode());
    }

    /** Writes a line of figures to the output and to a file that outlives the tests. */
    static void figures(String test, String text) {
        String line = test + ": " + text + " (seed " + SEED + ")";
        System.out.println("[fire] " + line);
        try {
            Files.createDirectories(FIGURES.getParent());
            Files.writeString(FIGURES, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until so many more mails are acknowledged. */
    static void awaitMore(Load load, int more) {
        int wanted = load.count() + more;
        Awaitility.await(more + " more mails accepted, after " + load.count() + "; other answers: "
                        + load.otherAnswers())
                .atMost(Duration.ofMinutes(10))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> load.count() >= wanted);
    }

    /** Skips a test that needs something that is not here; with {@code REMPART_REQUIRE_TOOLS=true} it fails. */
    static void require(boolean there, String what) {
        if (!there && "true".equals(System.getenv("REMPART_REQUIRE_TOOLS"))) {
            throw new AssertionError(what);
        }
        Assumptions.assumeTrue(there, what);
    }

    /** The sum of the counts of other answers. */
    static int sum(Map<String, ? extends Number> counts) {
        return counts.values().stream().mapToInt(Number::intValue).sum();
    }
}
