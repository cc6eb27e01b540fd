/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.ServerProcess;
import org.rempart.testsupport.Tools;

/** Debian's RabbitMQ on loopback, with its management interface, in a folder and with ports of its own. */
final class RabbitServer implements AutoCloseable {
    private static final Path INSTALLED = Path.of("/usr/lib/rabbitmq/lib");
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Path folder;
    private final InetSocketAddress address = FreePort.address();
    private final InetSocketAddress management = FreePort.address();
    private final int distribution = FreePort.next();
    private final int names = FreePort.next();
    private ServerProcess process;

    private RabbitServer(Path folder) throws IOException {
        this.folder = folder;
    }

    /** Starts one; where RabbitMQ is not installed the test is skipped, or fails if every tool has to be there. */
    static RabbitServer start(Path folder) throws IOException, InterruptedException {
        Tools.require(
                Files.isDirectory(INSTALLED), "RabbitMQ is not installed; on Debian: apt-get install rabbitmq-server");
        Files.createDirectories(folder);
        RabbitServer server = new RabbitServer(folder);
        Files.writeString(folder.resolve("plugins"), "[rabbitmq_management].\n");
        Files.write(
                folder.resolve("rabbitmq.conf"),
                List.of(
                        "listeners.tcp.1 = 127.0.0.1:" + server.address.getPort(),
                        "management.tcp.ip = 127.0.0.1",
                        "management.tcp.port = " + server.management.getPort(),
                        "loopback_users = none",
                        "disk_free_limit.absolute = 50MB"),
                StandardCharsets.UTF_8);
        server.resume();
        return server;
    }

    /** Starts it again, with what it had. */
    void resume() throws IOException, InterruptedException {
        // The one on the PATH changes to RabbitMQ's own user.
        Path program;
        try (Stream<Path> versions = Files.list(INSTALLED)) {
            program = versions.findFirst().orElseThrow().resolve("sbin/rabbitmq-server");
        }
        List<String> command = new ArrayList<>(List.of(
                "env",
                "HOME=" + folder,
                "RABBITMQ_NODENAME=rempart" + address.getPort() + "@localhost",
                "RABBITMQ_DIST_PORT=" + distribution,
                "RABBITMQ_MNESIA_BASE=" + folder.resolve("data"),
                "RABBITMQ_LOG_BASE=" + folder.resolve("log"),
                "RABBITMQ_ENABLED_PLUGINS_FILE=" + folder.resolve("plugins"),
                "RABBITMQ_CONFIG_FILE=" + folder.resolve("rabbitmq.conf"),
                "RABBITMQ_ADVANCED_CONFIG_FILE=" + folder.resolve("none.config"),
                "RABBITMQ_CONF_ENV_FILE=/dev/null",
                "ERL_EPMD_PORT=" + names,
                "ERL_EPMD_ADDRESS=127.0.0.1",
                "ERL_EPMD_RELAXED_COMMAND_CHECK=true"));
        command.add(program.toString());
        process = ServerProcess.start(command, folder, folder.resolve("console.log"));
        process.awaitListening(PATIENCE, List.of(address, management));
    }

    /** What {@code rabbitmq.properties} of James says of it. */
    List<String> properties() {
        return List.of(
                "uri=amqp://127.0.0.1:" + address.getPort(),
                "management.uri=http://127.0.0.1:" + management.getPort(),
                "management.user=guest",
                "management.password=guest");
    }

    private List<ProcessHandle> processes() {
        List<ProcessHandle> all =
                new ArrayList<>(process.process().descendants().toList());
        all.add(process.process().toHandle());
        return all;
    }

    /** Ends it without a word. */
    void kill() {
        List<ProcessHandle> all = processes();
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(ended -> ended.onExit().join());
    }

    /** Lets it do nothing, and answer nothing, until {@link #proceed}. */
    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Lets it go on. */
    void proceed() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        processes().forEach(one -> command.add(String.valueOf(one.pid())));
        ServerProcess.run(PATIENCE, folder, command);
    }

    /** Ends it, and the server of names that it has started. */
    @Override
    public void close() throws IOException {
        kill();
        if (ServerProcess.listens(new InetSocketAddress(InetAddress.getLoopbackAddress(), names))) {
            try {
                ServerProcess.run(PATIENCE, folder, List.of("epmd", "-port", String.valueOf(names), "-kill"));
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
