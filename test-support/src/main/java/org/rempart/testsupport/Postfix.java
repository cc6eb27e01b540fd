/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The system's Postfix, with configuration, queue and log in a folder of its own: it takes mail on loopback alone. All that
 * isn't set is as Postfix has it by default. Needs root, like any start of Postfix.
 */
public final class Postfix implements AutoCloseable {
    private static final String PROGRAM = "/usr/sbin/postfix";

    /** Who owns the maildirs; Postfix delivers as him. */
    private static final int OWNER = 65534;

    private static final long START_NANOS = 120_000_000_000L;
    private static final long PAUSE_MILLIS = 50;

    private static final String SERVICES = """
            pickup unix n - n 60 1 pickup
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            tlsproxy unix - - n - 0 tlsproxy
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            proxywrite unix - - n - 1 proxymap
            smtp unix - - n - - smtp
            relay unix - - n - - smtp
            showq unix n - n - - showq
            error unix - - n - - error
            retry unix - - n - - error
            discard unix - - n - - discard
            local unix - n n - - local
            virtual unix - n n - - virtual
            lmtp unix - - n - - lmtp
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            postlog unix-dgram n - n - 1 postlogd
            """;

    private final Path home;
    private final List<InetSocketAddress> listeners;

    private Postfix(Path home, List<InetSocketAddress> listeners) {
        this.home = home;
        this.listeners = List.copyOf(listeners);
    }

    /** Why there can be no Postfix here, if there can't. */
    public static Optional<String> missing() {
        if (!Files.isExecutable(Path.of(PROGRAM))) {
            return Optional.of("Postfix is not installed");
        }
        if (!System.getProperty("user.name").equals("root")) {
            return Optional.of("Postfix starts only as root");
        }
        return Optional.empty();
    }

    /**
     * Starts one and waits until it listens.
     *
     * @param home an absolute path that everybody can reach, since Postfix gives up root's rights; its folder is made
     * @param listeners where it takes mail, each with settings of main.cf that hold for it alone
     * @param settings of main.cf
     * @throws IOException if it doesn't start; the reason is in its folder, in {@code postfix.log} or {@code command.log}
     */
    public static Postfix start(
            Path home, Map<InetSocketAddress, Map<String, String>> listeners, Map<String, String> settings)
            throws IOException, InterruptedException {
        Postfix postfix = new Postfix(home, List.copyOf(listeners.keySet()));
        Files.createDirectories(postfix.conf());
        Files.createDirectories(home.resolve("queue"));
        chown("postfix", Files.createDirectories(home.resolve("data")));
        chown(OWNER + ":" + OWNER, Files.createDirectories(postfix.mail()));
        postfix.configure(settings);
        Files.writeString(
                postfix.conf().resolve("master.cf"),
                listeners.entrySet().stream()
                                .map(entry -> listener(entry.getKey(), entry.getValue()))
                                .collect(Collectors.joining())
                        + SERVICES);
        postfix.command("start");
        postfix.awaitListening();
        return postfix;
    }

    /** Where its maildirs are. */
    public Path mail() {
        return home.resolve("mail");
    }

    /**
     * Settings of one that takes mail for domains into maildirs: {@code addresses} are addresses, and the maildirs' folders
     * below {@link #mail()}; {@code @example.com} is all of a domain.
     */
    public static Map<String, String> delivering(Path home, String domains, Map<String, String> addresses) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("virtual_mailbox_domains", domains);
        settings.put("virtual_mailbox_base", home.resolve("mail").toString());
        settings.put(
                "virtual_mailbox_maps",
                addresses.entrySet().stream()
                        .map(entry -> "{ " + entry.getKey() + " = " + entry.getValue() + "/ }")
                        .collect(Collectors.joining(" ", "inline:{ ", " }")));
        settings.put("virtual_uid_maps", "static:" + OWNER);
        settings.put("virtual_gid_maps", "static:" + OWNER);
        return settings;
    }

    /** Writes main.cf again; Postfix takes notice after {@code reload}. */
    public void configure(Map<String, String> settings) throws IOException {
        Map<String, String> main = new LinkedHashMap<>();
        main.put("compatibility_level", "3.6");
        main.put("queue_directory", home.resolve("queue").toString());
        main.put("data_directory", home.resolve("data").toString());
        main.put("maillog_file", home.resolve("postfix.log").toString());
        main.put("maillog_file_prefixes", home.toString());
        main.put("myhostname", "mail.example.com");
        main.put("mydestination", "");
        main.put("inet_interfaces", "127.0.0.1");
        main.put("inet_protocols", "ipv4");
        main.put("mynetworks", "127.0.0.0/8");
        main.put("alias_maps", "");
        main.put("alias_database", "");
        main.put("local_recipient_maps", "");
        main.put("smtpd_relay_restrictions", "permit_mynetworks, reject");
        main.putAll(settings);
        Files.writeString(
                conf().resolve("main.cf"),
                main.entrySet().stream()
                        .map(entry -> entry.getKey() + " = " + entry.getValue() + "\n")
                        .collect(Collectors.joining()));
    }

    /** Runs a command of postfix(1): {@code reload}, {@code flush} … */
    public void command(String command) throws IOException, InterruptedException {
        // Its master outlives the command and would hold a pipe open.
        Path log = home.resolve("command.log");
        Process program = new ProcessBuilder(PROGRAM, "-c", conf().toString(), command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (program.waitFor() != 0) {
            throw new IOException("postfix " + command + " failed: "
                    + Files.readString(log).strip() + "; see " + home.resolve("postfix.log"));
        }
    }

    /** Where it takes mail. */
    public List<InetSocketAddress> listeners() {
        return listeners;
    }

    /** Every mail that lies in one of its maildirs, in ISO 8859-1, with the Received field that Postfix has put on top. */
    public List<String> taken() throws IOException {
        try (Stream<Path> files = Files.walk(mail())) {
            List<Path> mails =
                    files.filter(file -> file.getParent().endsWith("new")).toList();
            return mails.stream().map(Postfix::read).toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            throw new java.io.UncheckedIOException(gone);
        }
    }

    /** The processes that it consists of now. */
    public Set<Long> processes() throws IOException {
        long master = master();
        Set<Long> all = new HashSet<>(Set.of(master));
        ProcessHandle.of(master).ifPresent(handle -> handle.descendants().forEach(child -> all.add(child.pid())));
        return all;
    }

    private long master() throws IOException {
        return Long.parseLong(Files.readString(pidFile()).trim());
    }

    private Path pidFile() {
        return home.resolve("queue/pid/master.pid");
    }

    private Path conf() {
        return home.resolve("conf");
    }

    private static void chown(String owner, Path folder) throws IOException, InterruptedException {
        Process program = new ProcessBuilder("chown", owner, folder.toString())
                .inheritIO()
                .start();
        if (program.waitFor() != 0) {
            throw new IOException(folder + " can't be given to " + owner);
        }
    }

    private void awaitListening() throws IOException, InterruptedException {
        long end = System.nanoTime() + START_NANOS;
        for (InetSocketAddress listener : listeners) {
            while (!ServerProcess.listens(listener)) {
                if (System.nanoTime() > end) {
                    throw new IOException(
                            "Postfix does not listen on " + listener + "; see " + home.resolve("postfix.log"));
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private static String listener(InetSocketAddress address, Map<String, String> settings) {
        return settings.entrySet().stream()
                .map(entry -> "  -o { " + entry.getKey() + " = " + entry.getValue() + " }\n")
                .collect(Collectors.joining(
                        "",
                        address.getAddress().getHostAddress() + ":" + address.getPort() + " inet n - n - - smtpd\n",
                        ""));
    }

    @Override
    public void close() throws IOException {
        if (Files.exists(pidFile()) && ProcessHandle.of(master()).isPresent()) {
            try {
                command("stop");
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("Postfix may still run");
            }
        }
    }
}
