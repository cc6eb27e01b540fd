/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.distribution.home.FaultException;

/** Room for mail under {@code var/}: bytes and inodes. */
final class DiskCheck implements Check {
    private static final int MESSAGES_TO_WARN = 100;
    private static final int MESSAGES_TO_FAIL = 10;
    private static final long INODES_TO_WARN = 50_000;
    private static final long INODES_TO_FAIL = 5_000;
    private static final long USUAL_MESSAGE = 25L << 20;

    /** File system, inodes, used, free; file systems without a limit say 0 inodes. */
    private static final Pattern LAST_LINE = Pattern.compile("\\s[1-9]\\d*\\s+\\d+\\s+(\\d+)\\s+\\d+%\\s");

    private static final String ADVICE = "delete what is not needed, or give var/ a larger file system";

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, IOException, InterruptedException {
        Path var = patient.home().var("");
        if (!Files.isDirectory(var)) {
            return List.of(Finding.fault("var/ is not there", "make it, and let the server's user own it"));
        }
        FileStore store = Files.getFileStore(var);
        long limit = MailSettings.of(patient.home()).largestMessage();
        List<Finding> findings = new ArrayList<>();
        findings.add(bytes(store.getUsableSpace(), limit == 0 ? USUAL_MESSAGE : limit));
        OptionalLong inodes = freeInodes(var);
        if (inodes.isPresent()) {
            findings.add(inodes(inodes.getAsLong()));
        }
        return findings;
    }

    static Finding bytes(long free, long largestMessage) {
        String what = Sizes.of(free) + " are free for var/; a message may have " + Sizes.of(largestMessage);
        if (free < MESSAGES_TO_FAIL * largestMessage) {
            return Finding.fault(what, ADVICE);
        }
        return free < MESSAGES_TO_WARN * largestMessage ? Finding.warning(what, ADVICE) : Finding.ok(what);
    }

    static Finding inodes(long free) {
        String what = free + " files more can be made under var/";
        if (free < INODES_TO_FAIL) {
            return Finding.fault(what, ADVICE);
        }
        return free < INODES_TO_WARN ? Finding.warning(what, ADVICE) : Finding.ok(what);
    }

    /** Java does not know inodes; POSIX's df does. Empty where it can't say, and for file systems that have no limit. */
    private static OptionalLong freeInodes(Path folder) throws InterruptedException {
        try {
            Process df = new ProcessBuilder("df", "-Pi", folder.toString())
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
            if (!df.waitFor(5, TimeUnit.SECONDS)) {
                df.destroyForcibly();
                return OptionalLong.empty();
            }
            String answer = new String(df.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            Matcher columns = LAST_LINE.matcher(answer.substring(answer.lastIndexOf('\n') + 1));
            return columns.find() ? OptionalLong.of(Long.parseLong(columns.group(1))) : OptionalLong.empty();
        } catch (IOException noDf) {
            return OptionalLong.empty();
        }
    }
}
