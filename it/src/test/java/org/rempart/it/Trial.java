/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;

/**
 * The server that most tests share, deployed in the way that is tested, on loopback ports of its own, with a sink behind
 * it. It is started once for all tests, and stopped when they have ended.
 */
final class Trial {
    /** The way of deploying that is tested. */
    static final Deployment DEPLOYMENT =
            switch (Way.current()) {
                case ARCHIVE -> new ArchiveDeployment();
                case DROP_IN -> new DropInDeployment();
                case CONTAINER -> new ContainerDeployment();
            };

    private static Endpoints shared;
    private static String fault;

    private Trial() {}

    /** Where the server and the sink are. */
    static synchronized Endpoints server() {
        if (fault != null) {
            throw new IllegalStateException("the server did not start for an earlier test: " + fault);
        }
        if (shared == null) {
            try {
                shared = DEPLOYMENT.startShared();
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
}
