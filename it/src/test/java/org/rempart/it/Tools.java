/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;

/** Programs of others that tests use. */
final class Tools {
    private Tools() {}

    /** Skips a test that needs something that is not here; with {@code REMPART_REQUIRE_TOOLS=true} it fails. */
    static void require(boolean there, String what) {
        if (!there && "true".equals(System.getenv("REMPART_REQUIRE_TOOLS"))) {
            throw new AssertionError(what);
        }
        Assumptions.assumeTrue(there, what);
    }

    /** Needs a program of the {@code PATH}. */
    static void requireProgram(String name) {
        boolean there = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
        require(there, name + " is not installed; on Debian: apt-get install " + name);
    }
}
