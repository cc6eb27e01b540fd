/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** What a test needs of the machine, above all programs of others. */
public final class Tools {
    private Tools() {}

    /** Skips a test that needs something that is not here; with {@code REMPART_REQUIRE_TOOLS=true} it fails. */
    public static void require(boolean there, String what) {
        if (!there && "true".equals(System.getenv("REMPART_REQUIRE_TOOLS"))) {
            throw new AssertionError(what);
        }
        Assumptions.assumeTrue(there, what);
    }

    /** Needs a program of the {@code PATH}. */
    public static void requireProgram(String name) {
        require(
                folderWith(List.of(), name).isPresent(),
                name + " is not installed; on Debian: apt-get install " + name);
    }

    /**
     * The first folder that holds all these programs.
     *
     * @param first folders to look into before those of the {@code PATH}
     */
    static Optional<Path> folderWith(List<Path> first, String... programs) {
        Stream<Path> path = Arrays.stream(
                        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(Path::of);
        return Stream.concat(first.stream(), path)
                .filter(folder ->
                        Arrays.stream(programs).allMatch(program -> Files.isExecutable(folder.resolve(program))))
                .findFirst();
    }
}
