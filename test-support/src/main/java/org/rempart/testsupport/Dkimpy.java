/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** dkimpy, which verifies signatures of mail (RFC 6376, RFC 8463) and shares no code with this project. */
public final class Dkimpy {
    private static final String PROGRAM = String.join(
            "\n",
            "import sys, base64, dkim",
            "records = {}",
            "for line in sys.stdin:",
            "    kind, name, value = line.rstrip('\\n').split(' ')",
            "    data = base64.b64decode(value)",
            "    if kind == 'R':",
            "        records[name.lower()] = data",
            "        continue",
            "    txt = lambda asked, timeout=5: records.get(asked.decode().rstrip('.').lower())",
            "    if kind == 'A':",
            "        cv, results, reason = dkim.arc_verify(data, dnsfunc=txt)",
            "        print(cv.decode() + ' ' + str(reason).replace(' ', '_'))",
            "        continue",
            "    verifier = dkim.DKIM(data)",
            "    count = len([h for h in verifier.headers if h[0].lower() == b'dkim-signature'])",
            "    verdicts = []",
            "    for index in range(count):",
            "        try:",
            "            verdicts.append('pass' if verifier.verify(index, dnsfunc=txt) else 'fail')",
            "        except Exception as fault:",
            "            verdicts.append(type(fault).__name__ + ':' + str(fault).replace(' ', '_'))",
            "    print(' '.join(verdicts))");

    private Dkimpy() {}

    /** Skips a test where it is not installed, with Ed25519. */
    public static void require() throws IOException, InterruptedException {
        Tools.require(
                interpreter() != null, "dkimpy is not installed; on Debian: apt-get install python3-dkim python3-nacl");
    }

    /** Debian's own, or the one of the PATH; null where neither has it. */
    private static String interpreter() throws InterruptedException {
        for (String candidate : List.of("/usr/bin/python3", "python3")) {
            try {
                Process process = new ProcessBuilder(candidate, "-c", "import dkim, nacl")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                if (process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0) {
                    return candidate;
                }
            } catch (IOException absent) {
                // The next one.
            }
        }
        return null;
    }

    /**
     * What it says of the signatures of messages.
     *
     * @param records the TXT records that there are, by name
     * @return for each message the verdict on each of its signatures: {@code pass}, {@code fail}, or what is wrong
     * @throws IOException when it can't be run, with what it printed
     */
    public static List<List<String>> verify(Map<String, String> records, List<byte[]> messages)
            throws IOException, InterruptedException {
        return run("M", records, messages);
    }

    /**
     * What it says of the seals of messages (RFC 8617).
     *
     * @return for each message the verdict, {@code pass}, {@code fail} or {@code none}, and the reason
     */
    public static List<List<String>> verifySeals(Map<String, String> records, List<byte[]> messages)
            throws IOException, InterruptedException {
        return run("A", records, messages);
    }

    private static List<List<String>> run(String kind, Map<String, String> records, List<byte[]> messages)
            throws IOException, InterruptedException {
        Path input = Files.createTempFile("dkimpy", ".in");
        Path output = Files.createTempFile("dkimpy", ".out");
        try {
            StringBuilder lines = new StringBuilder();
            Base64.Encoder base64 = Base64.getEncoder();
            records.forEach((name, text) -> lines.append("R ")
                    .append(name)
                    .append(' ')
                    .append(base64.encodeToString(text.getBytes(StandardCharsets.US_ASCII)))
                    .append('\n'));
            messages.forEach(message -> lines.append(kind)
                    .append(" - ")
                    .append(base64.encodeToString(message))
                    .append('\n'));
            Files.writeString(input, lines);
            Process process = new ProcessBuilder(interpreter(), "-c", PROGRAM)
                    .redirectInput(input.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(3, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException("dkimpy hangs");
            }
            List<String> printed = Files.readAllLines(output);
            if (process.exitValue() != 0 || printed.size() != messages.size()) {
                throw new IOException("dkimpy failed: " + printed);
            }
            List<List<String>> verdicts = new ArrayList<>();
            printed.forEach(line -> verdicts.add(line.isEmpty() ? List.of() : List.of(line.split(" ", -1))));
            return verdicts;
        } finally {
            Files.delete(input);
            Files.delete(output);
        }
    }
}
