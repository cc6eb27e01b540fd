/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The clock: certificates, DKIM signatures and the times of the next tries are judged by it. A year out of reach, or files
 * that were written in the future, tell of a clock that is wrong.
 */
final class ClockCheck implements Check {
    private static final int FIRST_YEAR = 2025;
    private static final int LAST_YEAR = 2099;
    private static final Duration TOLERANCE = Duration.ofMinutes(10);
    private static final String ADVICE = "let chrony or systemd-timesyncd set it";

    @Override
    public String name() {
        return "clock";
    }

    @Override
    public List<Finding> look(Patient patient) throws IOException {
        Instant now = patient.clock().instant();
        int year = now.atZone(ZoneOffset.UTC).getYear();
        if (year < FIRST_YEAR || year > LAST_YEAR) {
            return List.of(Finding.fault("this machine's clock says " + now, ADVICE));
        }
        Optional<Path> future = fromTheFuture(patient, now.plus(TOLERANCE));
        if (future.isPresent()) {
            return List.of(Finding.warning(
                    "this machine's clock says " + now + ", but "
                            + patient.home().name(future.get()) + " was written at "
                            + Files.getLastModifiedTime(future.get()),
                    "the clock has been set back, or is wrong; " + ADVICE));
        }
        return List.of(Finding.ok("this machine's clock says " + now));
    }

    private static Optional<Path> fromTheFuture(Patient patient, Instant latest) throws IOException {
        Path var = patient.home().var("");
        if (!Files.isDirectory(var)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(var, 2)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (Files.exists(file)
                        && Files.getLastModifiedTime(file).toInstant().isAfter(latest)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }
}
