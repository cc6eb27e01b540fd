/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.dkim;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * OpenDKIM's own verifier, {@code opendkim-testmsg} of Debian's opendkim-tools. It looks keys up in the DNS; so it runs in
 * a network name space of its own, with {@link TxtServer} as the only name server there.
 */
final class Verifier {
    private static final String SCRIPT = String.join(
            "\n",
            "set -e",
            "cd \"$1\"",
            "ip link set lo up",
            "echo 'nameserver 127.0.0.1' > resolv.conf",
            "mount --bind resolv.conf /etc/resolv.conf",
            "\"$2\" -cp \"$3\" org.rempart.mailet.dkim.TxtServer \"$4\" listening &",
            "server=$!",
            "trap 'kill $server' EXIT",
            "for i in $(seq 600); do [ -e listening ] && break; sleep 0.1; done",
            "[ -e listening ]",
            "for message in *.eml; do",
            "  code=0",
            "  opendkim-testmsg < \"$message\" > \"$message.out\" 2>&1 || code=$?",
            "  echo \"$code\" > \"$message.code\"",
            "done");

    private Verifier() {}

    /** Why it can't run here; empty when it can. */
    static String obstacle() throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(
                            "sh",
                            "-c",
                            "command -v opendkim-testmsg ip mount && unshare -rmn sh -c 'ip link set lo up && mount --bind"
                                    + " /etc/hosts /etc/resolv.conf'")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException noShell) {
            return noShell.getMessage();
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? "" : "opendkim-testmsg in a network of its own does not run here: " + output;
    }

    /**
     * What it says of messages.
     *
     * @param folder an empty one
     * @param record the key's record
     * @return for each message by its name: what it printed, and its exit code; "0" when the signature holds
     */
    static Map<String, String> verify(Path folder, String record, Map<String, String> messages)
            throws IOException, InterruptedException {
        for (Map.Entry<String, String> message : messages.entrySet()) {
            Files.writeString(
                    folder.resolve(message.getKey() + ".eml"), message.getValue(), StandardCharsets.ISO_8859_1);
        }
        String classes = new File(TxtServer.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .getAbsolutePath();
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(List.of(
                        "unshare",
                        "-rmn",
                        "sh",
                        "-c",
                        SCRIPT,
                        "verify",
                        folder.toString(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        classes,
                        record))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(3, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException("the verifier hangs: " + Files.readString(log));
        }
        Map<String, String> verdicts = new TreeMap<>();
        for (String name : messages.keySet()) {
            Path code = folder.resolve(name + ".eml.code");
            if (!Files.exists(code)) {
                throw new IOException("the verifier did not run: " + Files.readString(log));
            }
            verdicts.put(
                    name,
                    (Files.readString(folder.resolve(name + ".eml.out")).trim() + " "
                                    + Files.readString(code).trim())
                            .trim());
        }
        return verdicts;
    }
}
