/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.StreamType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.builder.ImageFromDockerfile;

/** The container image, built once from the archive, and containers of it. */
final class Image {
    /** The user that it names. */
    static final int USER = 10_001;

    /** Where the server lies in it. */
    static final String HOME = "/opt/rempart";

    /** What the containers of the tests may take: less than most machines have. */
    static final long MEMORY = 1L << 30;

    /** The base image, where it is not to be that of the Dockerfile. */
    private static final String BASE = System.getenv().getOrDefault("REMPART_CONTAINER_BASE", "");

    /** Built when it is asked for first, and removed when the tests have ended. */
    static final ImageFromDockerfile BUILT = build();

    private Image() {}

    private static ImageFromDockerfile build() {
        Path folder = Folders.project().resolve("james-distribution");
        ImageFromDockerfile image = new ImageFromDockerfile(
                        "rempart-it-" + ProcessHandle.current().pid() + ":latest")
                .withFileFromPath("Dockerfile", folder.resolve("Dockerfile"))
                .withFileFromPath("src/main/container", folder.resolve("src/main/container"))
                .withBuildArg("VERSION", "it")
                // None of its steps needs one.
                .withBuildImageCmdModifier(command -> command.withNetworkMode("none"));
        try (Stream<Path> files = Files.list(folder.resolve("target"))) {
            List<Path> archives =
                    files.filter(file -> file.toString().endsWith(".tar.gz")).toList();
            if (archives.size() != 1) {
                throw new IllegalStateException(
                        folder + "/target should hold one archive, and holds " + archives + "; run mvn clean verify");
            }
            image.withFileFromPath("target/" + archives.get(0).getFileName(), archives.get(0));
        } catch (IOException unread) {
            throw new UncheckedIOException(unread);
        }
        return BASE.isEmpty() ? image : image.withBuildArg("BASE", BASE);
    }

    static DockerClient engine() {
        return DockerClientFactory.lazyClient();
    }

    /** What a container, or a command in one, has printed and ended with. */
    record Ended(long exitCode, String out, String err) {}

    /** As docs/container.md has them run: nothing but their volumes can be written to, and no right that root has. */
    static HostConfig hardened(Bind... binds) {
        return new HostConfig()
                .withReadonlyRootfs(true)
                .withCapDrop(Capability.ALL)
                .withSecurityOpts(List.of("no-new-privileges"))
                .withMemory(MEMORY)
                .withBinds(binds);
    }

    /**
     * Makes a container, and starts it.
     *
     * @param more further settings
     * @return its id
     */
    static String start(HostConfig host, Consumer<CreateContainerCmd> more, String... arguments) {
        try (CreateContainerCmd create = engine().createContainerCmd(BUILT.get())) {
            create.withHostConfig(host)
                    .withLabels(DockerClientFactory.DEFAULT_LABELS)
                    .withEnv(List.of());
            if (arguments.length > 0) {
                create.withCmd(arguments);
            }
            more.accept(create);
            String id = create.exec().getId();
            LoopbackSite.atEnd(() -> remove(id));
            engine().startContainerCmd(id).exec();
            return id;
        }
    }

    /** Runs a container without a network until it ends, and removes it. */
    static Ended run(HostConfig host, String... arguments) throws InterruptedException {
        String id = start(host.withNetworkMode("none"), create -> {}, arguments);
        try {
            return ended(id);
        } finally {
            remove(id);
        }
    }

    /** Waits until a container has ended. */
    static Ended ended(String id) throws InterruptedException {
        int exitCode = engine().waitContainerCmd(id)
                .exec(new WaitContainerResultCallback())
                .awaitStatusCode(3, TimeUnit.MINUTES);
        Output output = new Output();
        engine().logContainerCmd(id)
                .withStdOut(true)
                .withStdErr(true)
                .exec(output)
                .awaitCompletion(1, TimeUnit.MINUTES);
        return output.ended(exitCode);
    }

    /** What it has printed so far. */
    static Ended printed(String id) throws InterruptedException {
        Output output = new Output();
        engine().logContainerCmd(id)
                .withStdOut(true)
                .withStdErr(true)
                .exec(output)
                .awaitCompletion(1, TimeUnit.MINUTES);
        return output.ended(0);
    }

    /** Runs a command in a container. */
    static Ended exec(String id, String... command) throws InterruptedException {
        String exec = engine().execCreateCmd(id)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withCmd(command)
                .exec()
                .getId();
        Output output = new Output();
        engine().execStartCmd(exec).exec(output).awaitCompletion(2, TimeUnit.MINUTES);
        // What it prints ends a moment before the engine knows its exit code.
        long exitCode = Awaitility.await("the exit code of " + String.join(" ", command))
                .atMost(Mails.PATIENCE)
                .until(() -> engine().inspectExecCmd(exec).exec().getExitCodeLong(), code -> code != null);
        return output.ended(exitCode);
    }

    static InspectContainerResponse.ContainerState state(String id) {
        return engine().inspectContainerCmd(id).exec().getState();
    }

    /** Waits until a container's health check says that it works. */
    static void awaitHealthy(String id, Duration patience) {
        Awaitility.await("the health check")
                .atMost(patience)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> {
                    InspectContainerResponse.ContainerState state = state(id);
                    if (!Boolean.TRUE.equals(state.getRunning())) {
                        throw new IllegalStateException("the container has ended");
                    }
                    return state.getHealth().getStatus().equals("healthy");
                });
    }

    /** Removes a container, running or not, with the volumes that have no name; does nothing when it is not there. */
    static void remove(String id) {
        try {
            engine().removeContainerCmd(id)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException gone) {
            // As it should be.
        } catch (ConflictException begun) {
            // The client repeats a request whose answer it did not get; what the first one began is still under way.
            Awaitility.await("the end of a container's removal")
                    .atMost(Mails.PATIENCE)
                    .until(() -> !exists(id));
        }
    }

    /** Removes a volume; does nothing when it is not there. */
    static void removeVolume(String name) {
        try {
            engine().removeVolumeCmd(name).exec();
        } catch (NotFoundException gone) {
            // A test that failed before it was made.
        }
    }

    private static boolean exists(String id) {
        try {
            engine().inspectContainerCmd(id).exec();
            return true;
        } catch (NotFoundException gone) {
            return false;
        }
    }

    /** Lets the user of the image own a folder with all that is in it. */
    static void own(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) tree::iterator) {
                Files.setAttribute(path, "unix:uid", USER);
                Files.setAttribute(path, "unix:gid", USER);
            }
        }
    }

    private static final class Output extends ResultCallback.Adapter<Frame> {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final ByteArrayOutputStream err = new ByteArrayOutputStream();

        @Override
        public void onNext(Frame frame) {
            (frame.getStreamType() == StreamType.STDERR ? err : out).writeBytes(frame.getPayload());
        }

        Ended ended(long exitCode) {
            return new Ended(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        }
    }
}
