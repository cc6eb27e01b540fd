/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.ServerProcess;

/**
 * A stock James 3.8.1, its in-memory server, with the bundle dropped into {@code extensions-jars/}, and its configuration
 * hardened by the bundle's command. Nothing of ours is on its class path.
 */
final class DropInDeployment implements Deployment {
    private static final String MAIN = "org.apache.james.MemoryJamesServerMain";
    private static final Duration START = Duration.ofMinutes(6);
    private static final Pattern BIND = Pattern.compile("<bind>127\\.0\\.0\\.1:(\\d+)</bind>");

    private final Map<Path, ServerProcess> processes = new ConcurrentHashMap<>();

    @Override
    public Endpoints startShared() throws IOException, InterruptedException {
        Path home = Folders.servers().resolve("drop-in/home");
        Folders.delete(home);
        stockConfiguration(home.resolve("conf"));
        harden(home, dropIn(home, "3.8"));
        Endpoints endpoints = LoopbackSite.prepare(home);
        LoopbackSite.start(this, endpoints);
        return endpoints;
    }

    /**
     * Writes what a stock James is configured by: the sample of James's memory application as it is, where somebody has put
     * James's samples beside the project; else files of ours in its manner.
     */
    static void stockConfiguration(Path conf) throws IOException {
        Path sample = Path.of(System.getProperty(
                        "rempart.james-samples",
                        Folders.project().resolve("../shared/james-samples").toString()))
                .resolve("3.8.1/memory-app");
        if (Files.isDirectory(sample)) {
            Folders.copy(sample, conf);
            // That folder is another user's.
            replace(conf.resolve("logback.xml"), "/logs/", "\\${working.directory}/var/log/");
        } else {
            Folders.copy(Folders.project().resolve("it/src/test/resources/stock-james"), conf);
        }
    }

    /** Has the jar harden the configuration, and writes what is left to a person. */
    static void harden(Path home, Path jar) throws IOException, InterruptedException {
        Path conf = home.resolve("conf");
        Process harden = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        jar.toString(),
                        "harden",
                        conf.toString(),
                        "--apply")
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("harden.txt").toFile())
                .start();
        if (harden.waitFor() != 0) {
            throw new IOException(Files.readString(home.resolve("harden.txt")));
        }
        replace(conf.resolve("mailetcontainer.xml"), "<postmaster>[^<]*<", "<postmaster>postmaster@example.com<");
        replace(conf.resolve("domainlist.xml"), "<defaultDomain>[^<]*<", "<defaultDomain>example.com<");
    }

    private static void replace(Path file, String pattern, String by) throws IOException {
        String text = Files.readString(file, StandardCharsets.UTF_8);
        String replaced = text.replaceAll(pattern, by);
        if (replaced.equals(text)) {
            throw new IOException(file + " holds no " + pattern);
        }
        Files.writeString(file, replaced, StandardCharsets.UTF_8);
    }

    /** Puts our jar where extensions go. */
    static Path dropIn(Path home, String james) throws IOException {
        Path folder = Files.createDirectories(home.resolve("extensions-jars"));
        try (Stream<Path> files = Files.list(Folders.project().resolve("bundle/james-" + james + "/target"))) {
            Path jar = files.filter(file -> file.getFileName()
                            .toString()
                            .matches("rempart-james-" + Pattern.quote(james) + "-.*\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the bundle is not built; run mvn verify"));
            return Files.copy(jar, folder.resolve(jar.getFileName()));
        }
    }

    @Override
    public void lay(Endpoints shared, Path home) throws IOException {
        Folders.copy(shared.home().resolve("extensions-jars"), home.resolve("extensions-jars"));
    }

    @Override
    public void start(Path home) throws IOException, InterruptedException {
        ServerProcess process = process(home);
        processes.put(home, process);
        process.awaitListening(START, listeners(home));
    }

    /** Starts the process of a stock James, in its folder. */
    static ServerProcess process(Path home) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-Dworking.directory=" + home,
                "-Dlogback.configurationFile=" + home.resolve("conf/logback.xml"),
                "-Dfile.encoding=UTF-8",
                "-cp",
                Folders.project().resolve("it/stock-james/target/lib") + File.separator + "*",
                MAIN));
        Files.createDirectories(home.resolve("var"));
        return ServerProcess.start(command, home, home.resolve("console.log"));
    }

    /** What the server of a folder printed. */
    static String printed(Path home) throws IOException {
        return Files.readString(home.resolve("console.log"), StandardCharsets.UTF_8);
    }

    private static List<InetSocketAddress> listeners(Path home) throws IOException {
        List<InetSocketAddress> listeners = new ArrayList<>();
        for (String file : List.of("smtpserver.xml", "imapserver.xml")) {
            Matcher bind = BIND.matcher(Files.readString(home.resolve("conf").resolve(file)));
            while (bind.find()) {
                listeners.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(bind.group(1))));
            }
        }
        Matcher port =
                Pattern.compile("port=(\\d+)").matcher(Files.readString(home.resolve("conf/webadmin.properties")));
        if (!port.find()) {
            throw new IOException("conf/webadmin.properties names no port");
        }
        listeners.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port.group(1))));
        return listeners;
    }

    @Override
    public void stop(Path home) {
        ServerProcess process = processes.remove(home);
        if (process != null) {
            process.close();
        }
    }

    @Override
    public Optional<String> webAdminToken(Path home) {
        return Optional.empty();
    }
}
