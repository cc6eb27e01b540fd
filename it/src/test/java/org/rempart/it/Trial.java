/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;

/**
 * The server that most tests share, deployed in the way that is tested, on loopback ports of its own, with a sink behind
 * it. It is started once for all tests, and stopped when they have ended. A start that fails costs the tests of a class:
 * for the next class it is tried again.
 */
final class Trial {
    /** The way of deploying that is tested. */
    static final Deployment DEPLOYMENT =
            switch (Way.current()) {
                case ARCHIVE -> new ArchiveDeployment();
                case DROP_IN -> new DropInDeployment();
                case CONTAINER -> new ContainerDeployment();
            };

    /** What ours, the quickstart and James say of a port that something else listens on. */
    private static final Pattern PORT_TAKEN = Pattern.compile("is taken|[Aa]ddress already in use");

    private static final int STARTS = 3;

    private static Endpoints shared;
    private static String fault;

    private Trial() {}

    /** Where the server and the sink are. */
    static synchronized Endpoints server() {
        if (fault != null) {
            throw new IllegalStateException("the server did not start for an earlier test of this class: " + fault);
        }
        if (shared == null) {
            try {
                shared = onFreePorts(DEPLOYMENT::startShared);
            } catch (IOException failure) {
                fault = failure.getMessage();
                throw new UncheckedIOException(failure);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }
        return shared;
    }

    /** Lets the next test start the server again, if it did not start. */
    static synchronized void forgetFault() {
        fault = null;
    }

    /** A start of a server. */
    interface Start<T> {
        /** Chooses ports, and starts it on them. */
        T run() throws IOException, InterruptedException;
    }

    /** Starts a server, and does it again, with other ports, when a program that is none of the tests' has taken one. */
    static <T> T onFreePorts(Start<T> start) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return start.run();
            } catch (IOException failure) {
                if (attempt == STARTS
                        || !PORT_TAKEN
                                .matcher(String.valueOf(failure.getMessage()))
                                .find()) {
                    throw failure;
                }
            }
        }
    }
}
