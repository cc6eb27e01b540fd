/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.ServerProcess;

/** Cassandra 4.1 on loopback, in a folder and with ports of its own. It is not made for Java 17, and runs with these options. */
final class CassandraServer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final List<String> OPENED = List.of(
            "java.base/java.io",
            "java.base/java.lang",
            "java.base/java.lang.module",
            "java.base/java.lang.ref",
            "java.base/java.math",
            "java.base/java.net",
            "java.base/java.nio",
            "java.base/java.util",
            "java.base/java.util.concurrent",
            "java.base/java.util.concurrent.atomic",
            "java.base/jdk.internal.math",
            "java.base/jdk.internal.misc",
            "java.base/jdk.internal.module",
            "java.base/jdk.internal.ref",
            "java.base/jdk.internal.util.jar",
            "java.base/sun.nio.ch",
            "jdk.management/com.sun.management.internal");
    private static final List<String> EXPORTED = List.of(
            "java.base/java.lang.ref",
            "java.base/jdk.internal.misc",
            "java.base/jdk.internal.ref",
            "java.base/sun.nio.ch",
            "java.management.rmi/com.sun.jmx.remote.internal.rmi",
            "java.rmi/sun.rmi.registry",
            "java.rmi/sun.rmi.server",
            "java.rmi/sun.rmi.transport.tcp",
            "java.sql/java.sql");

    private final Path folder;
    private final InetSocketAddress address = FreePort.address();
    private final int storage = FreePort.next();
    private final int jmx = FreePort.next();
    private ServerProcess process;

    private CassandraServer(Path folder) throws IOException {
        this.folder = folder;
    }

    static CassandraServer start(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        CassandraServer server = new CassandraServer(folder);
        Files.writeString(folder.resolve("cassandra.yaml"), server.configuration(), StandardCharsets.UTF_8);
        Files.writeString(
                folder.resolve("logback.xml"),
                "<configuration><appender name=\"CONSOLE\""
                        + " class=\"ch.qos.logback.core.ConsoleAppender\"><encoder><pattern>%d %-5level %logger{0}"
                        + " %msg%n</pattern></encoder></appender><root level=\"WARN\"><appender-ref"
                        + " ref=\"CONSOLE\"/></root></configuration>");
        server.resume();
        return server;
    }

    /** Small. What it has answered outlasts the end of the process, which any {@link #kill} is; not that of the machine. */
    private String configuration() {
        return String.join(
                "\n",
                "cluster_name: rempart",
                "num_tokens: 1",
                "partitioner: org.apache.cassandra.dht.Murmur3Partitioner",
                "data_file_directories: [\"" + folder.resolve("data") + "\"]",
                "commitlog_directory: \"" + folder.resolve("commitlog") + "\"",
                "saved_caches_directory: \"" + folder.resolve("caches") + "\"",
                "hints_directory: \"" + folder.resolve("hints") + "\"",
                "cdc_raw_directory: \"" + folder.resolve("cdc") + "\"",
                "commitlog_sync: periodic",
                "commitlog_sync_period: 10s",
                "endpoint_snitch: SimpleSnitch",
                "seed_provider:",
                "  - class_name: org.apache.cassandra.locator.SimpleSeedProvider",
                "    parameters: [{seeds: \"127.0.0.1:" + storage + "\"}]",
                "listen_address: 127.0.0.1",
                "rpc_address: 127.0.0.1",
                "storage_port: " + storage,
                "native_transport_port: " + address.getPort(),
                "concurrent_reads: 8",
                "concurrent_writes: 8",
                "memtable_heap_space: 64MiB",
                "file_cache_size: 32MiB",
                "commitlog_total_space: 256MiB",
                "commitlog_segment_size: 16MiB",
                "write_request_timeout: 10s",
                "read_request_timeout: 10s",
                "");
    }

    /** Starts it again, with what it had. */
    void resume() throws IOException, InterruptedException {
        Path libraries = Folders.project().resolve("it/cassandra/target/lib");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-javaagent:" + libraries.resolve("jamm-0.3.2.jar"),
                "-Djava.security.manager=allow"));
        OPENED.forEach(name -> command.addAll(List.of("--add-opens", name + "=ALL-UNNAMED")));
        EXPORTED.forEach(name -> command.addAll(List.of("--add-exports", name + "=ALL-UNNAMED")));
        command.addAll(List.of(
                "-Dcassandra.config=" + folder.resolve("cassandra.yaml").toUri(),
                "-Dcassandra.storagedir=" + folder,
                "-Dcassandra.ring_delay_ms=1000",
                "-Dcassandra.skip_wait_for_gossip_to_settle=0",
                "-Dcassandra.jmx.local.port=" + jmx,
                "-Dcassandra-foreground=yes",
                "-Dlogback.configurationFile=" + folder.resolve("logback.xml"),
                "-cp",
                libraries + File.separator + "*",
                "org.apache.cassandra.service.CassandraDaemon"));
        process = ServerProcess.start(command, folder, folder.resolve("console.log"));
        process.awaitListening(PATIENCE, List.of(address));
    }

    /** What {@code cassandra.properties} of James says of it. */
    List<String> properties() {
        return List.of(
                "cassandra.nodes=127.0.0.1:" + address.getPort(),
                "cassandra.keyspace.create=true",
                "cassandra.keyspace=apache_james",
                "cassandra.replication.factor=1",
                "cassandra.local.dc=datacenter1");
    }

    /** Ends it without a word. */
    void kill() throws InterruptedException {
        process.process().destroyForcibly().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.process().destroyForcibly();
    }
}
