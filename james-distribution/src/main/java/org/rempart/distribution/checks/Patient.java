/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import org.rempart.distribution.home.Home;

/**
 * The server that is looked at.
 *
 * @param home its folder
 * @param clock what time it is
 * @param process its process, when it runs
 * @param administration asks the running server
 */
public record Patient(Home home, Clock clock, Optional<ProcessHandle> process, Administration administration) {
    /** The administration interface of the running server. */
    public interface Administration {
        /**
         * The JSON at a path.
         *
         * @throws IOException when the server does not answer or refuses, with a sentence that says so
         */
        JsonNode get(String path) throws IOException, InterruptedException;
    }
}
