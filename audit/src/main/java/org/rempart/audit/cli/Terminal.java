/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Whether somebody sits at the terminal: from Java 22 on there is a console even where nobody does; the launcher knows. */
final class Terminal {
    private Terminal() {}

    /** Whether standard output is one. */
    static boolean shows() {
        return Boolean.getBoolean("rempart.colours");
    }

    /** Asks for a password; where nobody sits, reads it as a line from standard input. Empty if there is none. */
    static String password(String account) throws IOException {
        if (Boolean.getBoolean("rempart.terminal")) {
            char[] typed = System.console().readPassword("Password of %s: ", account);
            return typed == null ? "" : new String(typed);
        }
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        return line == null ? "" : line;
    }
}
