/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.FreePort;

/** A second server, deployed in the same way, with another configuration and ports of its own. */
public final class Variant implements AutoCloseable {
    /** What a stock James has besides. */
    private static final List<String> OTHERS = List.of("jmap.properties", "jmx.properties");

    private static final Pattern PORT = Pattern.compile("(?m)^jm\\w+\\.port=(\\d+)$");

    private final Path home;
    private final Map<Integer, Integer> ports = new LinkedHashMap<>();
    private final Endpoints original;

    /** The outcome of a command. */
    public record Result(int exitCode, String output) {}

    /**
     * Copies the trial's server. It isn't started yet.
     *
     * @param name the name of its folder
     */
    public Variant(String name) throws IOException {
        original = Trial.server();
        home = Folders.servers().resolve(name);
        Folders.delete(home);
        Trial.DEPLOYMENT.lay(original, home);
        Folders.copy(original.home().resolve("conf"), home.resolve("conf"));
        Files.createDirectories(home.resolve("var/log"));
        for (InetSocketAddress address : List.of(
                original.smtp(),
                original.submission(),
                original.submissions(),
                original.imap(),
                original.imaps(),
                original.webadmin())) {
            ports.put(address.getPort(), address.getPort());
        }
        for (String file : OTHERS) {
            Matcher port = PORT.matcher(readOrNothing(file));
            if (port.find()) {
                ports.put(Integer.valueOf(port.group(1)), Integer.valueOf(port.group(1)));
            }
        }
        move();
        if (Files.exists(home.resolve("conf/jvm.options"))) {
            cheapen();
        }
    }

    /** Spares the packaged server work that no test is about. The shared one hashes passwords as it comes. */
    private void cheapen() throws IOException {
        // It does not run long enough for the second compiler, which takes half of the time of its start, to pay.
        write("jvm.options", read("jvm.options") + "\n-XX:TieredStopAtLevel=1\n");
        // The code of the first compiler hashes a password for a second, and hundreds of logins are made.
        edit("usersrepository.xml", "PBKDF2-SHA512-210000-512", "PBKDF2-SHA512-1000-512");
    }

    /** Has it listen on other ports from its next start on. */
    private void move() throws IOException {
        for (Map.Entry<Integer, Integer> port : ports.entrySet()) {
            int before = port.getValue();
            int now = FreePort.next();
            List<String> files = new ArrayList<>(List.of("smtpserver.xml", "imapserver.xml", "webadmin.properties"));
            files.addAll(OTHERS);
            for (String file : files) {
                String text = readOrNothing(file);
                String moved = text.replace("127.0.0.1:" + before + "<", "127.0.0.1:" + now + "<")
                        .replace("port=" + before + "\n", "port=" + now + "\n");
                if (!moved.equals(text)) {
                    write(file, moved);
                }
            }
            port.setValue(now);
        }
    }

    public Path home() {
        return home;
    }

    public String read(String confFile) throws IOException {
        return Files.readString(home.resolve("conf").resolve(confFile), StandardCharsets.UTF_8);
    }

    private String readOrNothing(String confFile) throws IOException {
        return Files.exists(home.resolve("conf").resolve(confFile)) ? read(confFile) : "";
    }

    public void write(String confFile, String text) throws IOException {
        Files.writeString(home.resolve("conf").resolve(confFile), text, StandardCharsets.UTF_8);
    }

    /** Changes a configuration file; fails when there is nothing to change. */
    public void edit(String confFile, String pattern, String replacement) throws IOException {
        String text = read(confFile);
        String edited = text.replaceAll(pattern, replacement);
        if (edited.equals(text)) {
            throw new IOException("conf/" + confFile + " holds no " + pattern);
        }
        write(confFile, edited);
    }

    public InetSocketAddress smtp() {
        return moved(original.smtp());
    }

    public InetSocketAddress submission() {
        return moved(original.submission());
    }

    public InetSocketAddress submissions() {
        return moved(original.submissions());
    }

    InetSocketAddress imap() {
        return moved(original.imap());
    }

    public InetSocketAddress imaps() {
        return moved(original.imaps());
    }

    public InetSocketAddress webadmin() {
        return moved(original.webadmin());
    }

    /** The domain that {@link #start()} adds. */
    public String domain() {
        return original.domain();
    }

    /** The certificate of the authority that its own is from, PEM. */
    public Path ca() {
        return original.ca();
    }

    private InetSocketAddress moved(InetSocketAddress address) {
        return new InetSocketAddress(address.getAddress(), ports.get(address.getPort()));
    }

    /** Starts it, with the trial's domain; on other ports, if something else has taken one of its own. */
    public void start() throws IOException, InterruptedException {
        AtomicBoolean again = new AtomicBoolean();
        Trial.onFreePorts(() -> {
            if (again.getAndSet(true)) {
                move();
            }
            Trial.DEPLOYMENT.start(home);
            return home;
        });
        administration().addDomain(original.domain());
    }

    public void addUser(String address, String password) throws IOException, InterruptedException {
        administration().addUser(address, password);
    }

    /** Runs its command. */
    public Result run(String input, String... arguments) throws IOException, InterruptedException {
        return run(List.of(), Map.of(), input, arguments);
    }

    /**
     * Runs its command by another one.
     *
     * @param wrapper a command, to which that of the server is added, such as {@code setpriv} with its options
     * @param environment variables to set
     */
    public Result run(List<String> wrapper, Map<String, String> environment, String input, String... arguments)
            throws IOException, InterruptedException {
        return Trial.DEPLOYMENT.run(home, wrapper, environment, input, arguments);
    }

    /** What its administration interface answers. */
    public String administration(String path) throws IOException, InterruptedException {
        return administer("GET", path, "", "application/json").body();
    }

    /**
     * Asks its administration interface.
     *
     * @param body what is sent with the request, empty for nothing
     * @param accept the content type that is asked for
     */
    public HttpResponse<String> administer(String method, String path, String body, String accept)
            throws IOException, InterruptedException {
        return administration().ask(method, path, body, accept);
    }

    private Administration administration() throws IOException {
        return new Administration(webadmin(), Trial.DEPLOYMENT.webAdminToken(home));
    }

    @Override
    public void close() throws IOException {
        try {
            Trial.DEPLOYMENT.stop(home);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
