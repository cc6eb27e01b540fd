/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;

/** Whether the running server is the owner of its database, as it says itself. */
final class DatabaseCheck implements Check {
    @Override
    public String name() {
        return "database";
    }

    @Override
    public List<Finding> look(Patient patient) throws InterruptedException {
        if (patient.process().isEmpty()) {
            return List.of(Finding.ok("the database is looked at while the server runs"));
        }
        try {
            JsonNode health = patient.administration().get("/healthcheck/checks/database-owner");
            return health.path("status").asText().equals("healthy")
                    ? List.of(Finding.ok("the database answers, and is this server's"))
                    : List.of(fault(health.path("cause").asText()));
        } catch (IOException refused) {
            return List.of(fault(refused.getMessage()));
        }
    }

    private static Finding fault(String reason) {
        return Finding.fault(
                "the server is not the owner of its database: " + reason,
                "see var/log/server.log, and which other server uses the database");
    }
}
