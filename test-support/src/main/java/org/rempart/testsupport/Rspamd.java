/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Debian's rspamd on loopback, in a folder of its own, with one rule: each word {@code spamword} in the subject makes it spam,
 * and the standard test line for spam is rejected. It asks no DNS.
 */
public final class Rspamd implements AutoCloseable {
    /** The line that all filters for spam reject. */
    public static final String TEST_SPAM = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String CONFIGURATION = "/etc/rspamd/rspamd.conf";

    private final ServerProcess process;
    private final int http;
    private final int milter;

    private Rspamd(ServerProcess process, int http, int milter) {
        this.process = process;
        this.http = http;
        this.milter = milter;
    }

    /** Skips the test where there is none, or fails it where every tool has to be there. */
    public static void require() {
        Tools.require(
                program().isPresent() && Files.exists(Path.of(CONFIGURATION)),
                "rspamd is not installed; on Debian: apt-get install rspamd");
    }

    private static Optional<Path> program() {
        return Tools.folderWith(List.of(), "rspamd").map(at -> at.resolve("rspamd"));
    }

    /**
     * Starts it.
     *
     * @param folder is there, and empty
     */
    public static Rspamd start(Path folder) throws IOException, InterruptedException {
        int http = FreePort.next();
        int controller = FreePort.next();
        int milter = FreePort.next();
        Path own = Files.createDirectories(folder.resolve("override.d"));
        Map<String, String> files = Map.of(
                "worker-normal.inc", "bind_socket = \"127.0.0.1:" + http + "\";\ncount = 1;\n",
                "worker-controller.inc", "bind_socket = \"127.0.0.1:" + controller + "\";\ncount = 1;\n",
                "worker-proxy.inc",
                        "bind_socket = \"127.0.0.1:" + milter + "\";\nmilter = yes;\ntimeout = 20s;\ncount = 1;\n"
                                + "upstream \"local\" { default = yes; hosts = \"127.0.0.1:" + http + "\"; }\n",
                "options.inc",
                        "dns { nameserver = [\"127.0.0.1:9\"]; timeout = 0.1s; retransmits = 1; }\n"
                                + "filters = \"regexp\";\n",
                "milter_headers.conf",
                        "use = [\"x-spamd-bar\", \"x-spam-level\", \"x-spam-status\"];\nextended_spam_headers = true;\n"
                                + "skip_local = false;\nskip_authenticated = false;\n",
                "groups.conf", "");
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(own.resolve(file.getKey()), file.getValue());
        }
        for (String module : List.of(
                "asn",
                "dkim",
                "dmarc",
                "fuzzy_check",
                "hfilter",
                "mx_check",
                "once_received",
                "phishing",
                "rbl",
                "rspamd_update",
                "spf",
                "surbl",
                "whitelist")) {
            Files.writeString(own.resolve(module + ".conf"), "enabled = false;\n");
        }
        Files.writeString(
                folder.resolve("rspamd.local.lua"),
                "config['regexp']['TEST_WORD'] = { re = 'Subject=/spamword/i{header}', score = 8.0 }\n");
        for (String place : List.of("database", "run", "log")) {
            Files.createDirectories(folder.resolve(place));
        }
        ServerProcess process = ServerProcess.start(
                List.of(
                        program().orElseThrow().toString(),
                        "-f",
                        "-i",
                        "-c",
                        CONFIGURATION,
                        "--var=LOCAL_CONFDIR=" + folder,
                        "--var=DBDIR=" + folder.resolve("database"),
                        "--var=RUNDIR=" + folder.resolve("run"),
                        "--var=LOGDIR=" + folder.resolve("log")),
                folder,
                folder.resolve("rspamd.log"));
        InetAddress loopback = InetAddress.getLoopbackAddress();
        process.awaitListening(
                PATIENCE, List.of(new InetSocketAddress(loopback, http), new InetSocketAddress(loopback, milter)));
        return new Rspamd(process, http, milter);
    }

    /** The port of its {@code checkv2}. */
    public int http() {
        return http;
    }

    /** The port on which it is a milter. */
    public int milter() {
        return milter;
    }

    @Override
    public void close() {
        process.close();
    }
}
