/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;

/**
 * What a new password has to be (NIST SP 800-63B, section 5.1.1.2): long enough, and none that all the world tries first.
 * In usersrepository.xml:
 *
 * <pre>{@code
 * <shortestPassword>10</shortestPassword>
 * <refusedPasswords>file://conf/refused-passwords.txt</refusedPasswords>
 * }</pre>
 */
final class PasswordRules {
    private static final String SHORTEST = "shortestPassword";
    private static final String REFUSED = "refusedPasswords";
    private static final int LEAST = 8;
    private static final int MOST_REFUSED = 1_000_000;

    private final int shortest;
    private final Set<String> refused;

    private PasswordRules(int shortest, Set<String> refused) {
        this.shortest = shortest;
        this.refused = refused;
    }

    /** Those that apply where nothing is said. */
    static PasswordRules byDefault() {
        return new PasswordRules(LEAST, Set.of());
    }

    /**
     * Reads them.
     *
     * @throws ConfigurationException when one is no number of characters, or the list can't be read
     */
    static PasswordRules of(Configuration config, FileSystem files) throws ConfigurationException {
        String written = config.getString(SHORTEST, String.valueOf(LEAST));
        int shortest;
        try {
            shortest = Integer.parseInt(written.trim());
        } catch (NumberFormatException notANumber) {
            shortest = 0;
        }
        if (shortest < LEAST || shortest > 64) {
            throw new ConfigurationException("usersrepository.xml: <" + SHORTEST + ">" + written + "</" + SHORTEST
                    + "> is no length for passwords; write a number of characters from " + LEAST + " to 64");
        }
        String list = config.getString(REFUSED, null);
        return new PasswordRules(shortest, list == null ? Set.of() : read(list, files));
    }

    private static Set<String> read(String url, FileSystem files) throws ConfigurationException {
        Set<String> refused = new HashSet<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(files.getResource(url), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                refused.add(line.strip());
                if (refused.size() > MOST_REFUSED) {
                    throw new ConfigurationException("usersrepository.xml: " + url + " has more than " + MOST_REFUSED
                            + " lines; take the most common passwords");
                }
            }
        } catch (IOException unreadable) {
            throw new ConfigurationException(
                    "usersrepository.xml: <" + REFUSED + "> " + url + " can't be read (" + unreadable.getMessage()
                            + "); it is a file with a password a line",
                    unreadable);
        }
        return refused;
    }

    /**
     * Looks at a new password.
     *
     * @throws IllegalArgumentException when it is not one to take; says why
     */
    void check(Username account, String password) {
        if (password == null || password.codePointCount(0, password.length()) < shortest) {
            throw new IllegalArgumentException("The password is too short: take at least " + shortest + " characters");
        }
        if (password.equalsIgnoreCase(account.asString()) || password.equalsIgnoreCase(account.getLocalPart())) {
            throw new IllegalArgumentException("The password is the account's name: take another one");
        }
        if (refused.contains(password)) {
            throw new IllegalArgumentException("The password is one that is tried first: take another one");
        }
    }
}
