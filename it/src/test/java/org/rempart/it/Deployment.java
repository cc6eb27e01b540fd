/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;

/**
 * A way to deploy the product, as the tests use it: servers on loopback, each in a folder of its own, with its
 * configuration in {@code conf} and what it writes in {@code var}.
 */
interface Deployment {
    /** Starts a server with two accounts, and a sink that stands for all other domains; both run until the tests end. */
    Endpoints startShared() throws IOException, InterruptedException;

    /**
     * Lays what a server consists of, save its configuration and what it writes, into a new folder.
     *
     * @param shared the shared server
     */
    void lay(Endpoints shared, Path home) throws IOException;

    /**
     * Starts the server of a folder, and waits until it listens.
     *
     * @throws IOException when it does not start, with what it printed
     */
    void start(Path home) throws IOException, InterruptedException;

    /** Stops it, if it runs, and waits until it has ended. */
    void stop(Path home) throws IOException, InterruptedException;

    /** What the administration interface of a running server asks for. */
    Optional<String> webAdminToken(Path home) throws IOException;

    /**
     * Runs the command of the server.
     *
     * @param wrapper a command to which that of the server is added
     * @param environment variables to set
     * @param input what it reads
     * @throws UnsupportedOperationException when it has none
     */
    default Result run(
            Path home, List<String> wrapper, Map<String, String> environment, String input, String... arguments)
            throws IOException, InterruptedException {
        throw new UnsupportedOperationException("there is no bin/rempart in this way of deploying");
    }
}
