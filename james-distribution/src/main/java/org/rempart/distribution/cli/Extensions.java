/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.rempart.distribution.home.Home;

/** The jars in {@code extensions-jars/}, Rempart's own among them, for commands that need what is in them. */
final class Extensions {
    private Extensions() {}

    /** Loads classes from the jars of this home; to be closed. */
    static URLClassLoader of(Home home) throws IOException {
        Path folder = home.folder().resolve("extensions-jars");
        List<URL> jars = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> found = Files.walk(folder)) {
                for (Path jar : found.filter(path -> path.toString().endsWith(".jar"))
                        .sorted()
                        .toList()) {
                    jars.add(jar.toUri().toURL());
                }
            }
        }
        return new URLClassLoader(jars.toArray(new URL[0]), Extensions.class.getClassLoader());
    }
}
