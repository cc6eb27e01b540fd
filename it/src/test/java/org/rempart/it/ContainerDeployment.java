/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.rempart.quickstart.Endpoints;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * The container image, run as docs/container.md says: as its own user, with a root file system that can't be written to,
 * and a limit of memory. A server's folder holds what is mounted at {@code conf} and {@code var}. The containers have the
 * machine's network, on loopback ports of their own.
 */
final class ContainerDeployment implements Deployment {
    private static final Duration START = Duration.ofMinutes(6);
    private static final int STOP_SECONDS = 120;

    private final Map<Path, GenericContainer<?>> containers = new ConcurrentHashMap<>();

    @Override
    public Endpoints startShared() throws IOException, InterruptedException {
        Path home = Folders.servers().resolve("container/home");
        Folders.delete(home);
        Files.createDirectories(home.resolve("var"));
        packagedConfiguration(Files.createDirectories(home.resolve("conf")));
        Endpoints endpoints = LoopbackSite.prepare(home);
        LoopbackSite.start(this, endpoints);
        return endpoints;
    }

    /** Has the image write its configuration into an empty folder. */
    private static void packagedConfiguration(Path conf) throws IOException, InterruptedException {
        Image.own(conf);
        Image.Ended ended = Image.run(Image.hardened(bind(conf, "conf", AccessMode.rw)), "check-config");
        if (!Files.exists(conf.resolve("jvm.options"))) {
            throw new IOException("the image left conf/ empty: " + ended);
        }
    }

    static Bind bind(Path folder, String below, AccessMode mode) {
        return new Bind(folder.toString(), new Volume(Image.HOME + "/" + below), mode);
    }

    @Override
    public void lay(Endpoints shared, Path home) {
        // All but the configuration is in the image.
    }

    @Override
    public void start(Path home) throws IOException {
        Image.own(home);
        ToStringConsumer printed = new ToStringConsumer();
        GenericContainer<?> container = new GenericContainer<>(Image.BUILT)
                .withNetworkMode("host")
                .withCreateContainerCmdModifier(create -> {
                    create.withHostConfig(Image.hardened(
                                    bind(home.resolve("conf"), "conf", AccessMode.ro),
                                    bind(home.resolve("var"), "var", AccessMode.rw))
                            .withNetworkMode("host"));
                    // The image's own check, more often.
                    create.withHealthcheck(
                            new HealthCheck().withInterval(Duration.ofSeconds(5).toNanos()));
                })
                .withLogConsumer(printed)
                .waitingFor(new Healthy().withStartupTimeout(START));
        containers.put(home, container);
        try {
            container.start();
        } catch (RuntimeException failure) {
            containers.remove(home);
            container.stop();
            throw new IOException("the container is not healthy; it printed:\n" + printed.toUtf8String(), failure);
        }
    }

    /** Asks from time to time. Testcontainers' own asks without a pause, which keeps the engine busier than the server. */
    private static final class Healthy extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {
            Image.awaitHealthy(waitStrategyTarget.getContainerId(), startupTimeout);
        }
    }

    /** The id of a server's container. */
    String container(Path home) {
        return containers.get(home).getContainerId();
    }

    @Override
    public void stop(Path home) throws InterruptedException {
        GenericContainer<?> container = containers.remove(home);
        if (container != null) {
            if (container.isRunning()) {
                Image.engine()
                        .stopContainerCmd(container.getContainerId())
                        .withTimeout(STOP_SECONDS)
                        .exec();
            }
            container.stop();
        }
    }

    @Override
    public Optional<String> webAdminToken(Path home) throws IOException {
        return Optional.of(Files.readString(home.resolve("var/webadmin.token")).trim());
    }
}
