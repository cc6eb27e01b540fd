/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.File;
import java.io.FileNotFoundException;
import org.apache.james.filesystem.api.FileSystem;

/** The commands that a notice tells an administrator to run: those that this server has. */
final class Commands {
    private static final String LINE_END = "\r\n";

    /** The packaged server's; another James has the jar. */
    private final boolean packaged;

    private Commands(boolean packaged) {
        this.packaged = packaged;
    }

    static Commands of(FileSystem files) {
        try {
            return new Commands(new File(files.getBasedir(), "bin/rempart").exists());
        } catch (FileNotFoundException nowhere) {
            return new Commands(false);
        }
    }

    private static String line(String command) {
        return "  " + command + LINE_END;
    }

    private static String jar(String command) {
        return line("java -jar extensions-jars/rempart-james-*.jar " + command);
    }

    /** What the account did, and what it is held for. */
    String looking(String account) {
        return packaged ? line("bin/rempart accounts show " + account) + tracing(account) : tracing(account);
    }

    String tracing(String account) {
        return packaged ? line("bin/rempart trace " + account) : line("grep -F " + account + " var/log/audit.log");
    }

    String holding(String account) {
        return packaged ? line("bin/rempart accounts hold " + account) : jar("accounts hold " + account);
    }

    String releasing(String account) {
        return packaged
                ? line("bin/rempart users password " + account)
                        + line("bin/rempart accounts release " + account + " --mail delete")
                        + line("bin/rempart accounts release " + account + " --mail send")
                : jar("accounts release " + account)
                        + LINE_END
                        + "Its mail that waits in a queue leaves then; delete it before with James's own administration if it is not to."
                        + LINE_END;
    }
}
