/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the policy file. */
public final class PolicyFile {
    /** Where the policy file lies in a James installation, as James's own configuration names files. */
    public static final String DEFAULT_URL = "file://conf/rempart.xml";

    private PolicyFile() {}

    /** Finds the file behind a URL of James's configuration ({@code file://conf/…}, {@code classpath:…}). */
    @FunctionalInterface
    public interface Opener {
        /**
         * @throws FileNotFoundException when there is no such file
         * @throws IOException when it can't be read
         */
        InputStream open(String url) throws IOException;
    }

    /**
     * Reads the policy behind a URL; where there is no such file, the safe defaults apply.
     *
     * @param url as in James's configuration, for example {@link #DEFAULT_URL}
     * @param opener how James finds files: {@code FileSystem::getResource}
     * @throws PolicyException when the file has a fault
     * @throws IOException when the file is there but can't be read
     */
    public static Policy read(String url, Opener opener) throws PolicyException, IOException {
        try (InputStream in = opener.open(url)) {
            return read(in, url.substring(url.lastIndexOf('/') + 1));
        } catch (FileNotFoundException | NoSuchFileException absent) {
            return Policy.defaults();
        }
    }

    /**
     * Reads the policy in a file; where there is no such file, the safe defaults apply.
     *
     * @throws PolicyException when the file has a fault
     * @throws IOException when the file is there but can't be read
     */
    public static Policy read(Path file) throws PolicyException, IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, String.valueOf(file.getFileName()));
        } catch (NoSuchFileException absent) {
            return Policy.defaults();
        }
    }

    /**
     * Reads a policy.
     *
     * @param in the file's bytes
     * @param name the file's name, for messages
     * @throws PolicyException when the file has a fault
     * @throws IOException when reading fails
     */
    public static Policy read(InputStream in, String name) throws PolicyException, IOException {
        return PolicyReader.read(Element.read(in, name));
    }
}
