/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The entry point of the jar. */
public final class Main {
    /** A server looks once a second, and the mail or the login that has it look may be a while. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private Main() {}

    public static void main(String[] arguments) {
        PrintStream out = stream(FileDescriptor.out);
        PrintStream err = stream(FileDescriptor.err);
        int code = new Command(out, err, PATIENCE).run(arguments);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /** Files of James may have any character, whatever the terminal's locale is. */
    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
