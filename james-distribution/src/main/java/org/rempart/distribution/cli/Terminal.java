/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** What the one at the terminal types. */
final class Terminal {
    private Terminal() {}

    /** Whether somebody sits there. From Java 22 on there is a console even where nobody does; the start script knows. */
    static boolean attended() {
        return Boolean.getBoolean("rempart.terminal");
    }

    /**
     * Asks for a password; where nobody sits, reads it as a line from standard input.
     *
     * @param command the command that asks, to be quoted in the error
     * @throws IOException when the password is empty
     */
    static String password(String address, String command) throws IOException {
        String password;
        if (attended()) {
            char[] typed = System.console().readPassword("Password of %s: ", address);
            password = typed == null ? "" : new String(typed);
        } else {
            String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            password = line == null ? "" : line;
        }
        if (password.isEmpty()) {
            throw new IOException("the password is empty; type one, or pipe it in: "
                    + "printf '%s\\n' \"$PASSWORD\" | bin/rempart " + command + " " + address);
        }
        return password;
    }

    /** Whether the one at the terminal agrees; false where nobody sits. */
    static boolean agrees(String question) {
        if (!attended()) {
            return false;
        }
        String answer = System.console().readLine("%s [y/N] ", question);
        return answer != null
                && (answer.trim().equalsIgnoreCase("y") || answer.trim().equalsIgnoreCase("yes"));
    }
}
