/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.quickstart.Ports.Listener;
import org.rempart.quickstart.Programs.Result;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.ServerCertificate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The command behind {@code ./quickstart}, which documents its options. Exit codes: 0 all behaved (or stopped), 1 a check
 * did not behave, 2 wrong options, 3 the server could not be started or stopped.
 *
 * <p>Whatever happens, nothing is left running unless --keep was asked for and the start succeeded.
 */
@Command(name = "quickstart")
public final class Quickstart implements Callable<Integer> {
    private static final int CHECK_FAILED = 1;
    private static final int NOT_STARTED = 3;
    private static final Duration LISTEN_LIMIT = Duration.ofMinutes(2);
    private static final Duration POLL = Duration.ofMillis(100);

    @Option(names = "--project", required = true)
    private Path project;

    @Option(names = "--keep")
    private boolean keep;

    @Option(names = "--no-audit")
    private boolean noAudit;

    @Option(names = "--stop")
    private boolean stop;

    @Option(names = "--smtp")
    private Integer smtp;

    @Option(names = "--submission")
    private Integer submission;

    @Option(names = "--submissions")
    private Integer submissions;

    @Option(names = "--imap")
    private Integer imap;

    @Option(names = "--imaps")
    private Integer imaps;

    @Option(names = "--webadmin")
    private Integer webadmin;

    @Option(names = "--sink")
    private Integer sinkPort;

    @Option(names = "--colours")
    private boolean colours;

    @Option(names = "--width")
    private int width;

    private final PrintStream out;
    private Console console;
    private Path folder;
    private Server server;
    private SinkProcess sink;

    /** Guards what is started and stopped: a signal's stop must not overtake a start. */
    private final Object running = new Object();

    private boolean interrupted;
    private boolean ours;

    private Quickstart(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.exit(new CommandLine(new Quickstart(out))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    out.println(failure.getMessage() == null ? failure.toString() : failure.getMessage());
                    return NOT_STARTED;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, GeneralSecurityException {
        console = new Console(out, colours, width);
        folder = project.toAbsolutePath().normalize().resolve("target").resolve("quickstart");
        Files.createDirectories(folder);
        server = new Server(folder.resolve("home"), folder.resolve("command.log"));
        sink = new SinkProcess(folder.resolve("sink.pid"), folder.resolve("lib"), folder.resolve("sink.log"));
        try (FileChannel channel =
                        FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                throw new IOException(
                        "Another ./quickstart is at work in this folder; let it end, or end it with Ctrl-C.");
            }
            return stop ? stopKept() : startAndShow();
        }
    }

    private int stopKept() throws IOException, InterruptedException {
        console.line(stopAll() ? "Server and sink are stopped." : "Nothing was running.");
        return 0;
    }

    private int startAndShow() throws IOException, InterruptedException, GeneralSecurityException {
        if (stopAll()) {
            console.line("Stopped the server and the sink that an earlier run had left.");
        }
        Thread hook = new Thread(this::stopAtSignal, "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        boolean leave = false;
        try {
            Endpoints endpoints = start();
            console.line("Server and sink are listening, on 127.0.0.1 only.");
            int failures = new Show(endpoints, server.conf().mailHost(), console).run();
            if (!noAudit) {
                failures += audit(endpoints);
            }
            leave = keep;
            conclude(endpoints, failures);
            return failures == 0 ? 0 : CHECK_FAILED;
        } finally {
            synchronized (running) {
                if (leave) {
                    ours = false;
                } else if (!interrupted) {
                    stopOurs();
                }
            }
        }
    }

    private Endpoints start() throws IOException, InterruptedException, GeneralSecurityException {
        console.line("Starting a server and a sink from scratch in target/quickstart ...");
        deleteAll(folder.resolve("home"));
        deleteAll(folder.resolve("sink"));
        deleteAll(folder.resolve("ca"));
        copyLibraries();

        server.unpack(archive());
        ServerConf conf = server.conf();
        Ports ports = Ports.choose(wantedPorts(), console::line);
        conf.listenOn(ports);
        conf.routeRemoteMailTo(ports.address(Listener.SINK));
        String mailHost = conf.mailHost();
        String domain = conf.defaultDomain();

        Path ca = Files.createDirectories(folder.resolve("ca"));
        CertificateAuthority authority =
                CertificateAuthority.create("Rempart quickstart, throw-away authority", Clock.systemUTC());
        authority.writePem(ca.resolve("ca.pem"));
        Path tls = Files.createDirectories(server.home().resolve("conf").resolve("tls"));
        authority
                .issue(List.of(mailHost, "localhost", "127.0.0.1"))
                .writePem(tls.resolve("certificate.pem"), tls.resolve("private-key.pem"));
        ServerCertificate sinkCertificate = authority.issue(List.of("mx.partner.example", "localhost", "127.0.0.1"));
        sinkCertificate.writePem(ca.resolve("sink.pem"), ca.resolve("sink-key.pem"));

        Endpoints endpoints = new Endpoints(
                ports.address(Listener.SMTP),
                ports.address(Listener.SUBMISSION),
                ports.address(Listener.SUBMISSIONS),
                ports.address(Listener.IMAP),
                ports.address(Listener.IMAPS),
                ports.address(Listener.WEBADMIN),
                ports.address(Listener.SINK),
                domain,
                "alice@" + domain,
                newPassword(),
                "bob@" + domain,
                newPassword(),
                ca.resolve("ca.pem"),
                server.home(),
                folder.resolve("sink"));

        unlessInterrupted(() -> sink.start(
                endpoints.sink(),
                endpoints.sinkDirectory(),
                "mx.partner.example",
                ca.resolve("sink.pem"),
                ca.resolve("sink-key.pem")));
        unlessInterrupted(server::start);
        for (Listener listener : Listener.values()) {
            awaitListening(listener, ports.address(listener));
        }
        server.addDomain(domain);
        server.addUser(endpoints.user(), endpoints.password());
        server.addUser(endpoints.user2(), endpoints.password2());
        return endpoints;
    }

    /** The check list from outside, in short; all of it is on the page. Returns whether it found a failure, as 0 or 1. */
    private int audit(Endpoints endpoints) throws IOException, InterruptedException {
        console.heading("The audit: the same server, against the check list");
        Path page = folder.resolve("audit.html");
        Result result = server.audit(endpoints, page, folder.resolve("audit.log"));
        boolean passed = result.exitCode() == 0;
        String report = result.output().strip();
        // The scores are the last paragraph; what is wrong stands before them.
        String shown = passed ? report.substring(report.lastIndexOf("\n\n") + 1) : report;
        shown.strip().lines().filter(line -> !line.startsWith("Written: ")).forEach(line -> console.line("  " + line));
        if (passed) {
            console.passed("no check fails", "exit code 0");
        } else {
            console.failed("the audit", "exit code 0", "exit code " + result.exitCode());
        }
        return passed ? 0 : 1;
    }

    private void conclude(Endpoints endpoints, int failures) throws IOException {
        console.heading(
                failures == 0
                        ? "All four behave."
                        : failures + (failures == 1 ? " check does" : " checks do") + " not behave; see FAIL above.");
        if (keep) {
            Path file = folder.resolve("endpoints.json");
            endpoints.write(file);
            console.line("  Still running, on 127.0.0.1: MX " + endpoints.smtp().getPort() + ", submission "
                    + endpoints.submission().getPort() + " (STARTTLS) and "
                    + endpoints.submissions().getPort() + " (TLS), IMAP "
                    + endpoints.imap().getPort() + " (STARTTLS) and "
                    + endpoints.imaps().getPort() + " (TLS), webadmin "
                    + endpoints.webadmin().getPort() + ", sink "
                    + endpoints.sink().getPort());
            console.line("  Accounts     " + endpoints.user() + ", " + endpoints.user2() + "; passwords in " + file);
        }
        console.line("  Server       " + endpoints.home() + " (conf/, var/log/)");
        console.line("  Policy       " + endpoints.home().resolve("conf").resolve("rempart.xml"));
        console.line("  Mail sent    " + endpoints.sinkDirectory() + " (what left for other domains)");
        if (!noAudit) {
            console.line("  Audit        " + folder.resolve("audit.html") + " (all verdicts, and why)");
        }
        console.line("  Trust this   " + endpoints.ca());
        console.line(
                keep ? "  Stop with    ./quickstart --stop" : "  Stopped now; ./quickstart --keep leaves it running.");
    }

    private interface Start {
        void run() throws IOException, InterruptedException;
    }

    private void unlessInterrupted(Start start) throws IOException, InterruptedException {
        synchronized (running) {
            if (interrupted) {
                throw new InterruptedException("Interrupted.");
            }
            ours = true;
            start.run();
        }
    }

    private void stopAtSignal() {
        synchronized (running) {
            interrupted = true;
            if (ours) {
                console.line("");
                console.line("Interrupted; stopping the server and the sink ...");
                try {
                    stopOurs();
                } catch (IOException e) {
                    console.line(e.getMessage());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private void stopOurs() throws IOException, InterruptedException {
        if (ours) {
            ours = false;
            stopAll();
        }
    }

    /** Returns whether anything was running. Both are stopped even if one can't be. */
    private boolean stopAll() throws IOException, InterruptedException {
        Files.deleteIfExists(folder.resolve("endpoints.json"));
        boolean any = false;
        try {
            any = server.stop();
        } finally {
            any |= sink.stop();
        }
        return any;
    }

    private Map<Listener, Integer> wantedPorts() {
        Map<Listener, Integer> wanted = new EnumMap<>(Listener.class);
        put(wanted, Listener.SMTP, smtp);
        put(wanted, Listener.SUBMISSION, submission);
        put(wanted, Listener.SUBMISSIONS, submissions);
        put(wanted, Listener.IMAP, imap);
        put(wanted, Listener.IMAPS, imaps);
        put(wanted, Listener.WEBADMIN, webadmin);
        put(wanted, Listener.SINK, sinkPort);
        return wanted;
    }

    private static void put(Map<Listener, Integer> wanted, Listener listener, Integer portOrNull) {
        if (portOrNull != null) {
            wanted.put(listener, portOrNull);
        }
    }

    /** The newest archive: another version's may lie beside it. */
    private Path archive() throws IOException {
        Path target = project.toAbsolutePath()
                .normalize()
                .resolve("james-distribution")
                .resolve("target");
        if (!Files.isDirectory(target)) {
            throw new IOException("There is no " + target + ": the archive is not built.");
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().matches("rempart-james-.*\\.tar\\.gz"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .orElseThrow(() -> new IOException(target + " holds no rempart-james-….tar.gz."));
        }
    }

    /** The sink runs from a copy, so that a new build does not take its classes away under it. */
    private void copyLibraries() throws IOException {
        Path libraries = folder.resolve("lib");
        deleteAll(libraries);
        Files.createDirectories(libraries);
        List<Path> jars = Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(Path::of)
                .toList();
        for (Path jar : jars) {
            Files.copy(jar, libraries.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void awaitListening(Listener listener, InetSocketAddress address) throws IOException, InterruptedException {
        long end = System.nanoTime() + LISTEN_LIMIT.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(address, (int) POLL.toMillis());
                return;
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw new IOException(
                            "Nothing listens on port " + address.getPort() + " (" + listener.label() + ") after "
                                    + LISTEN_LIMIT.toMinutes() + " minutes; see " + server.home() + "/var/log and "
                                    + folder.resolve("sink.log") + ".",
                            e);
                }
                Thread.sleep(POLL.toMillis());
            }
        }
    }

    static String newPassword() {
        byte[] random = new byte[15];
        new SecureRandom().nextBytes(random);
        // A letter first: what begins with a hyphen is an option to swaks and others that people try it with.
        return "p" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    private static void deleteAll(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
