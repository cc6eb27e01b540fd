/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.rempart.policy.Location;
import org.rempart.policy.Opener;
import org.rempart.policy.PolicyException;
import org.rempart.policy.shared.SharedPolicy;

/**
 * Reads the policy file, {@code rempart.xml}: XML 1.0 in UTF-8, at most 16 MiB, without a document type and without a
 * namespace. {@code rempart.xsd}, beside this class, tells it to editors. Elements may stand in any order.
 *
 * <p>What is absent is as in {@link Policy#defaults()}. What is there but partial means:
 * <ul>
 *   <li>{@code <relay>} without {@code <allow>}: nobody relays;
 *   <li>{@code <submission>} without {@code <identity>}, or one without an attribute: {@code own}; without
 *       {@code <rate>} or {@code <failures>}: no such limit;
 *   <li>{@code <headers>}: its {@code <strip>} elements replace the default ones; without {@code <received>} trace fields
 *       are rewritten, without {@code <signed>} signed fields are kept;
 *   <li>{@code <tls>} without {@code <protocols>}, {@code <clients>} or {@code <outbound>}: the default of each.
 * </ul>
 *
 * <p>A fault is a {@link PolicyException}; what is odd but no fault is in {@link Policy#warnings()}.
 */
public final class PolicyFile {
    /** Where the policy file lies in a James installation, as James's own configuration names files. */
    public static final String DEFAULT_URL = "file://conf/rempart.xml";

    /** Room for hundreds of thousands of networks. */
    private static final int LARGEST = 16 * 1024 * 1024;

    private PolicyFile() {}

    /**
     * Reads the policy behind a URL; where there is no such file, the safe defaults apply.
     *
     * @param url as in James's configuration, for example {@link #DEFAULT_URL}
     * @param opener how James finds files: {@code FileSystem::getResource}
     * @throws PolicyException when the file has a fault
     * @throws IOException when the file is there but can't be read
     */
    public static Policy read(String url, Opener opener) throws PolicyException, IOException {
        InputStream opened;
        try {
            opened = opener.open(url);
        } catch (FileNotFoundException | NoSuchFileException absent) {
            refuseUnreadable(url, absent);
            return Policy.defaults();
        }
        try (InputStream in = opened) {
            return read(in, url.substring(url.lastIndexOf('/') + 1));
        }
    }

    /**
     * Reads the policy behind a URL that somebody wrote down: an absent file is a mistake then, not the wish for the
     * defaults.
     *
     * @param url as in James's configuration
     * @param opener how James finds files: {@code FileSystem::getResource}
     * @throws PolicyException when the file has a fault
     * @throws IOException when there is no such file, or it can't be read
     */
    public static Policy readNamed(String url, Opener opener) throws PolicyException, IOException {
        Policy policy = read(url, named -> {
            try {
                return opener.open(named);
            } catch (FileNotFoundException | NoSuchFileException absent) {
                throw new IOException("there is no file " + named + "; name one that is there, or none", absent);
            }
        });
        if (policy.shared().isPresent() && !url.equals(DEFAULT_URL)) {
            refuseAnotherStore(policy.shared().get(), read(DEFAULT_URL, opener));
        }
        return policy;
    }

    /** All parts of a server share the same: what another file says of it would be read by nobody. */
    private static void refuseAnotherStore(SharedPolicy named, Policy used) throws PolicyException {
        boolean same = used.shared()
                .filter(shared -> shared.rule().text().equals(named.rule().text()))
                .isPresent();
        if (!same) {
            throw new PolicyException(
                    named.rule().location().orElseThrow(),
                    "<shared> counts in " + DEFAULT_URL + " alone, and there it is not the same",
                    "write it there, and remove it here");
        }
    }

    /**
     * The JDK's {@link java.io.FileInputStream} throws the same exception for a file that is absent and for one that may
     * not be read; a policy must not be passed over because its permissions are wrong. What tells the two apart is the
     * path in the message, {@code path (reason)}.
     */
    private static void refuseUnreadable(String url, IOException absent) throws IOException {
        String message = String.valueOf(absent.getMessage());
        int reason = message.lastIndexOf(" (");
        if (reason > 0 && new File(message.substring(0, reason)).exists()) {
            throw new IOException(url + " is there but can't be read: " + message, absent);
        }
    }

    /**
     * Reads the policy in a file; where there is no such file, the safe defaults apply.
     *
     * @throws PolicyException when the file has a fault
     * @throws IOException when the file is there but can't be read
     */
    public static Policy read(Path file) throws PolicyException, IOException {
        InputStream opened;
        try {
            opened = Files.newInputStream(file);
        } catch (NoSuchFileException absent) {
            return Policy.defaults();
        }
        try (InputStream in = opened) {
            return read(in, String.valueOf(file.getFileName()));
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
        byte[] bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
            throw new PolicyException(
                    Location.of(name, 1, 1),
                    "the file is larger than " + LARGEST / (1024 * 1024) + " MiB",
                    "join neighbouring networks into shorter prefixes");
        }
        return PolicyReader.read(XmlReader.read(bytes, name));
    }
}
