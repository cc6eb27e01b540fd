/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/** One of the two drop-in jars, read from the path that the build gives in a system property. */
final class Bundle {
    private final String flavour;
    private final Path file;
    private final Manifest manifest;
    private final Map<String, byte[]> entries = new TreeMap<>();

    private Bundle(String flavour, Path file) throws IOException {
        this.flavour = flavour;
        this.file = file;
        try (JarFile jar = new JarFile(file.toFile())) {
            manifest = jar.getManifest();
            for (JarEntry entry : Collections.list(jar.entries())) {
                if (!entry.isDirectory()) {
                    try (InputStream in = jar.getInputStream(entry)) {
                        entries.put(entry.getName(), in.readAllBytes());
                    }
                }
            }
        }
    }

    static Bundle javax() {
        return open("3.8", "bundle.javax");
    }

    static Bundle jakarta() {
        return open("3.9", "bundle.jakarta");
    }

    private static Bundle open(String flavour, String property) {
        String path = System.getProperty(property);
        if (path == null) {
            throw new IllegalStateException(
                    "The system property " + property + " must name the jar for James " + flavour);
        }
        try {
            return new Bundle(flavour, Path.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the jar for James " + flavour, e);
        }
    }

    String flavour() {
        return flavour;
    }

    long size() throws IOException {
        return Files.size(file);
    }

    Manifest manifest() {
        return manifest;
    }

    /** Path within the jar to content. */
    Map<String, byte[]> entries() {
        return entries;
    }

    /** Path within the jar to what the class says. */
    Map<String, ClassConstants> classes() {
        Map<String, ClassConstants> classes = new TreeMap<>();
        entries.forEach((path, content) -> {
            if (path.endsWith(".class")) {
                try {
                    classes.put(path, ClassConstants.read(content));
                } catch (IOException e) {
                    throw new UncheckedIOException(path, e);
                }
            }
        });
        return classes;
    }

    @Override
    public String toString() {
        return "the jar for James " + flavour;
    }
}
