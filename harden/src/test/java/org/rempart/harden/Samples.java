/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rempart.harden.plan.Configuration;
import org.rempart.harden.plan.Plan;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;

/** Configurations that the tests start from, and what becomes of them. */
final class Samples {
    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    private Samples() {}

    /** James's own sample configurations; none where they are not beside the project. */
    static List<Path> ofJames() throws IOException {
        Path folder = Path.of(System.getProperty(
                "rempart.james-samples",
                PROJECT.resolve("../shared/james-samples").toString()));
        List<Path> samples = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> found = Files.walk(folder, 3)) {
                found.filter(path -> Files.exists(path.resolve("mailetcontainer.xml")))
                        .sorted()
                        .forEach(samples::add);
            }
        }
        return samples;
    }

    /** The stock James that the tests of the whole server start. */
    static Path stock() {
        return PROJECT.resolve("it/src/test/resources/stock-james");
    }

    /** Our own configuration. */
    static Path ours() {
        return PROJECT.resolve("conf/src/main/conf");
    }

    static Map<String, byte[]> read(Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.filter(Files::isRegularFile).collect(Collectors.toList())) {
                files.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
            }
        }
        return files;
    }

    static Map<String, byte[]> hardened(Map<String, byte[]> files) throws UnreadableException {
        return hardened(files, Optional.empty());
    }

    static Map<String, byte[]> hardened(Map<String, byte[]> files, Optional<String> host) throws UnreadableException {
        Map<String, byte[]> hardened = new TreeMap<>(files);
        for (Draft draft : Plan.of(new Configuration(files), host).drafts()) {
            if (draft.changes()) {
                hardened.put(draft.name(), draft.after().bytes());
            }
        }
        return hardened;
    }

    static List<Draft> drafts(Map<String, byte[]> files) throws UnreadableException {
        return Plan.of(new Configuration(files), Optional.empty()).drafts();
    }
}
