/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.RedisServer;
import org.rempart.testsupport.ServerProcess;
import org.rempart.testsupport.SmtpPeer;

/**
 * One server of a cluster: James on Cassandra and RabbitMQ, with the bundle dropped in and its configuration hardened by the
 * bundle's command, and all that leaves going to one peer.
 */
final class ClusterNode implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(5);

    private final Endpoints endpoints;
    private final Path jar;
    private ServerProcess process;

    private ClusterNode(Endpoints endpoints, Path jar) {
        this.endpoints = endpoints;
        this.jar = jar;
    }

    /**
     * Lays it; it is not started yet.
     *
     * @param delays between the tries, as {@code delayTime} says it
     */
    static ClusterNode lay(
            Path home, CassandraServer cassandra, RabbitServer rabbit, RedisServer redis, SmtpPeer peer, String delays)
            throws IOException, InterruptedException {
        Path conf = home.resolve("conf");
        Folders.copy(Folders.project().resolve("it/src/test/resources/stock-james"), conf);
        edit(conf, "mailetcontainer.xml", "memory://", "cassandra://");
        edit(
                conf,
                "mailetcontainer.xml",
                "<mailet [^>]*class=\"(VacationMailet|[\\w.]*JMAPFiltering)\">.*?</mailet>",
                "");
        edit(conf, "mailetcontainer.xml", "<matcher match=\"[\\w.]*SentByJmap\"/>", "");
        edit(conf, "mailrepositorystore.xml", "memory", "cassandra");
        Files.write(conf.resolve("cassandra.properties"), cassandra.properties(), StandardCharsets.UTF_8);
        Files.write(conf.resolve("rabbitmq.properties"), rabbit.properties(), StandardCharsets.UTF_8);
        Path jar = DropInDeployment.dropIn(home, "3.8");
        DropInDeployment.harden(home, jar);
        Endpoints endpoints = LoopbackSite.prepare(home);
        edit(
                conf,
                "mailetcontainer.xml",
                "<gatewayPort>\\d+<",
                "<gatewayPort>" + peer.address().getPort() + "<");
        edit(conf, "mailetcontainer.xml", "<delayTime>[^<]*<", "<delayTime>" + delays + "<");
        Files.writeString(conf.resolve("redis.password"), RedisServer.PASSWORD + "\n");
        edit(
                conf,
                "rempart.xml",
                "</policy>",
                "  <shared store=\"redis://127.0.0.1:" + redis.port()
                        + "\" password=\"conf/redis.password\"/>\n</policy>");
        return new ClusterNode(endpoints, jar);
    }

    private static void edit(Path conf, String file, String pattern, String by) throws IOException {
        Path path = conf.resolve(file);
        String before = Files.readString(path);
        String after = before.replaceAll("(?s)" + pattern, by);
        if (after.equals(before)) {
            throw new IOException(path + " holds no " + pattern);
        }
        Files.writeString(path, after);
    }

    /** Starts it, and waits until it listens. */
    void start() throws IOException, InterruptedException {
        Path home = endpoints.home();
        Files.createDirectories(home.resolve("var"));
        process = ServerProcess.start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx384m",
                        "-XX:TieredStopAtLevel=1",
                        "-Dworking.directory=" + home,
                        "-Dlogback.configurationFile=" + home.resolve("conf/logback.xml"),
                        "-Dfile.encoding=UTF-8",
                        // Tables take their time on a busy machine.
                        "-Ddatastax-java-driver.profiles.TABLE_CREATION.basic.request.timeout=180s",
                        "-Ddatastax-java-driver.advanced.metadata.schema.request-timeout=60s",
                        "-Ddatastax-java-driver.advanced.control-connection.timeout=60s",
                        "-Ddatastax-java-driver.basic.request.timeout=30s",
                        "-cp",
                        Folders.project().resolve("it/distributed-james/target/classes")
                                + File.pathSeparator
                                + Folders.project().resolve("it/distributed-james/target/lib")
                                + File.separator + "*",
                        "cluster.DistributedJames"),
                home,
                home.resolve("console.log"));
        process.awaitListening(START, List.of(endpoints.submission(), endpoints.webadmin()));
    }

    /** Runs the jar's command in its folder. */
    String command(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar.toString()));
        command.addAll(List.of(arguments));
        return ServerProcess.run(START, endpoints.home(), command);
    }

    Endpoints endpoints() {
        return endpoints;
    }

    /** Ends it without a word. */
    void kill() throws InterruptedException {
        process.process().destroyForcibly().waitFor(START.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
