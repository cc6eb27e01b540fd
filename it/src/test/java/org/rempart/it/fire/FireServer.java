/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.BindException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.rempart.it.ServerPid;
import org.rempart.it.Variant;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.quickstart.sink.Sink;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.SmtpPeer;

/**
 * The packaged server with a sink of its own that stands for the rest of the world. Of the packaged configuration only
 * what stands in the way of load from one address is changed: rates, connections of an address, and the pauses between
 * the tries of outgoing mail.
 */
final class FireServer implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int ACCOUNTS = 3;

    /** The sink writes a line for each mail, which is too much here; held, since loggers that nobody holds are forgotten. */
    private static final Logger SINK_LOG = Logger.getLogger(Sink.class.getName());

    static {
        SINK_LOG.setLevel(Level.WARNING);
    }

    private final Variant variant;
    private Sink sink;
    private Optional<SmtpPeer> deferring = Optional.empty();
    private Optional<SmallDisk> disk = Optional.empty();
    private final TlsClient tls;
    private final List<String> accounts;
    private final String password = UUID.randomUUID().toString();

    private FireServer(Variant variant, Sink sink) throws IOException {
        this.variant = variant;
        this.sink = sink;
        this.tls = TlsClient.trusting(variant.ca(), "localhost");
        this.accounts = IntStream.range(0, ACCOUNTS)
                .mapToObj(i -> "load" + i + "@" + variant.domain())
                .toList();
    }

    /** Makes it; it isn't started yet. */
    static FireServer make(String name) throws IOException {
        Variant variant = new Variant("fire-" + name);
        Path mails = variant.home().resolveSibling("fire-" + name + "-sink-" + UUID.randomUUID());
        Sink sink = Sink.start(FreePort.address(), mails, "sink.example", Optional.empty());
        variant.edit(
                "mailetcontainer.xml",
                "<gatewayPort>\\d+<",
                "<gatewayPort>" + sink.address().getPort() + "<");
        variant.edit(
                "mailetcontainer.xml", "<delayTime>[^<]*<", "<delayTime>1s, 2s, 5s, 5s, 5s, 5s, 5s, 5s, 5s, 5s, 5s<");
        variant.edit(
                "rempart.xml",
                "messages=\"500/1h\" recipients=\"2000/1d\"",
                "messages=\"1000000/1h\" recipients=\"1000000/1d\"");
        variant.edit("rempart.xml", "limit=\"10/10m\"", "limit=\"100000/10m\"");
        variant.edit("smtpserver.xml", "<connectionLimitPerIP>\\d+<", "<connectionLimitPerIP>400<");
        return new FireServer(variant, sink);
    }

    Variant variant() {
        return variant;
    }

    Sink sink() {
        return sink;
    }

    /** Ends the sink: nothing can be delivered to the rest of the world. */
    void closeSink() throws IOException {
        sink.close();
    }

    /** Puts a server in the sink's place that takes nothing for now. Unlike one that is gone, it may be tried at any time. */
    void deferAtSink() throws IOException {
        sink.close();
        deferring = Optional.of(onPortOfBefore(() -> SmtpPeer.named("sink.example")
                .at(Phase.MAIL)
                .says("451 4.3.0 Not now")
                .start(sink.address())));
    }

    /** Starts the sink again, where it was. */
    void reopenSink() throws IOException {
        endDeferring();
        sink = onPortOfBefore(() -> Sink.start(sink.address(), sink.directory(), "sink.example", Optional.empty()));
    }

    /** A listener that was closed has its port until the thread that accepts connections has seen it. */
    private static <T> T onPortOfBefore(Callable<T> start) {
        return Awaitility.await("the port of the server before")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(BindException.class)
                .until(start, Objects::nonNull);
    }

    private void endDeferring() throws IOException {
        if (deferring.isPresent()) {
            deferring.orElseThrow().close();
            deferring = Optional.empty();
        }
    }

    List<String> accounts() {
        return accounts;
    }

    String account(int number) {
        return accounts.get(number % ACCOUNTS);
    }

    String password() {
        return password;
    }

    TlsClient tls() {
        return tls;
    }

    /** Puts all that it writes on a small file system, which goes when it closes. */
    SmallDisk onSmallDisk(int megabytes) throws IOException, InterruptedException {
        Path var = variant.home().resolve("var");
        disk = Optional.of(SmallDisk.mount(var, megabytes));
        Files.createDirectories(var.resolve("log"));
        return disk.orElseThrow();
    }

    /** Starts it for the first time, with its accounts. */
    void startNew() throws IOException, InterruptedException {
        start();
        addAccounts();
    }

    /** Makes the domain and the accounts. */
    void addAccounts() throws IOException, InterruptedException {
        expect(variant.administer("PUT", "/domains/" + variant.domain(), "", "*/*"));
        for (String account : accounts) {
            expect(variant.administer("PUT", "/users/" + account, "{\"password\":\"" + password + "\"}", "*/*"));
        }
    }

    private static void expect(HttpResponse<String> response) throws IOException {
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.uri() + " answers " + response.statusCode() + ": " + response.body());
        }
    }

    void start() throws IOException, InterruptedException {
        start(List.of(), Map.of());
    }

    /** Starts it by another command; see {@link Variant#run}. */
    void start(List<String> wrapper, Map<String, String> environment) throws IOException, InterruptedException {
        // A process that has been killed may be there for a moment, on its way out.
        Variant.Result result = Awaitility.await("a start that finds no server running")
                .atMost(PATIENCE)
                .until(
                        () -> variant.run(wrapper, environment, "", "start"),
                        started -> !started.output().contains("running already"));
        if (result.exitCode() != 0) {
            throw new IOException("the server does not start: " + result.output());
        }
    }

    /** Its process, or nothing when it doesn't run. */
    Optional<ProcessHandle> process() throws IOException {
        return ServerPid.process(variant.home());
    }

    /** Ends it with SIGKILL: nothing is written, closed or finished. */
    void kill() throws IOException {
        ProcessHandle process = process().orElseThrow(() -> new IOException("the server does not run"));
        ServerPid.kill(process);
    }

    /**
     * Ends it with SIGKILL while it starts.
     *
     * @return whether it was ready already
     */
    boolean killStarting() {
        Path home = variant.home().toAbsolutePath();
        // Its own file names the process only once it is ready.
        ProcessHandle process = Awaitility.await("a process of the server")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(
                        () -> ProcessHandle.allProcesses()
                                .filter(candidate -> isServerIn(home, candidate))
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
        boolean ready = Files.exists(home.resolve("var/rempart.pid"));
        ServerPid.kill(process);
        return ready;
    }

    private static boolean isServerIn(Path home, ProcessHandle process) {
        List<String> arguments = List.of(process.info().arguments().orElse(new String[0]));
        return arguments.contains("-Dworking.directory=" + home)
                && arguments.contains("org.rempart.distribution.server.Server")
                && ServerPid.runs(process);
    }

    /** Stops it in order. */
    void stop() throws IOException, InterruptedException {
        Variant.Result result = variant.run("", "stop");
        if (result.exitCode() != 0) {
            throw new IOException("the server does not stop: " + result.output());
        }
    }

    /**
     * Connects, by the number of the connection on different listeners and with different accounts.
     *
     * @param submission whether an account submits; else it is another server at the MX
     */
    SmtpClient connect(int number, boolean submission) throws IOException {
        boolean implicit = submission && number % 2 == 1;
        SmtpClient client = implicit
                ? SmtpClient.connectTls(variant.submissions(), tls)
                : SmtpClient.connect(submission ? variant.submission() : variant.smtp());
        try {
            expect(client.greeting());
            expect(client.command("EHLO client.example"));
            if (submission && !implicit) {
                expect(client.startTls(tls));
                expect(client.command("EHLO client.example"));
            }
            if (submission) {
                expect(client.authPlain(account(number), password));
            }
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    private static void expect(SmtpReply reply) throws IOException {
        if (!reply.positive()) {
            throw new RefusedException(reply);
        }
    }

    /** Thrown when the server says no before there is any mail. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient SmtpReply reply;

        RefusedException(SmtpReply reply) {
            super("the server answers " + reply);
            this.reply = reply;
        }

        SmtpReply reply() {
            return reply;
        }
    }

    /**
     * How many mails may be in work at one moment: each thread of the spooler has one, and each connection to the sink, to
     * which all mail of the tests goes that leaves.
     */
    int workers() throws IOException {
        String container = variant.read("mailetcontainer.xml").replaceAll("(?s)<!--.*?-->", "");
        return number("<threads>\\s*(\\d+)\\s*<", container).orElseThrow()
                + number("<connectionsPerDestination>\\s*(\\d+)\\s*<", container)
                        .orElse(20);
    }

    private static Optional<Integer> number(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        return matcher.find() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
    }

    /** How many mails each queue holds. */
    Map<String, Long> queues() throws IOException, InterruptedException {
        Map<String, Long> sizes = new TreeMap<>();
        for (JsonNode name : get("/mailQueues")) {
            sizes.put(
                    name.asText(),
                    get("/mailQueues/" + name.asText()).path("size").asLong());
        }
        return sizes;
    }

    /** How many mails all queues hold. */
    long queued() throws IOException, InterruptedException {
        return queues().values().stream().mapToLong(Long::longValue).sum();
    }

    /** The messages that are kept in any repository. */
    List<byte[]> kept() throws IOException, InterruptedException {
        List<byte[]> messages = new ArrayList<>();
        for (JsonNode repository : get("/mailRepositories")) {
            String path = "/mailRepositories/"
                    + URLEncoder.encode(repository.path("path").asText(), StandardCharsets.UTF_8) + "/mails";
            for (JsonNode key : get(path)) {
                HttpResponse<String> message = variant.administer(
                        "GET",
                        path + "/" + URLEncoder.encode(key.asText(), StandardCharsets.UTF_8),
                        "",
                        "message/rfc822");
                expect(message);
                messages.add(message.body().getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return messages;
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = variant.administer("GET", path, "", "application/json");
        expect(response);
        return JSON.readTree(response.body());
    }

    @Override
    public void close() throws IOException {
        variant.close();
        sink.close();
        endDeferring();
        if (disk.isPresent()) {
            // What it wrote is worth reading when a test has failed.
            Path logs = Files.createDirectories(variant.home().resolve("log-of-small-disk"));
            for (String log : List.of("server.log", "console.log")) {
                Path file = variant.home().resolve("var/log").resolve(log);
                if (Files.exists(file)) {
                    Files.copy(file, logs.resolve(log), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            disk.orElseThrow().close();
        }
    }
}
