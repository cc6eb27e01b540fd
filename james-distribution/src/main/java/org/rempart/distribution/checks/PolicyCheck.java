/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;

/** Whether the running server has the policy that is in the file, as it says itself. */
public final class PolicyCheck implements Check {
    @Override
    public String name() {
        return "policy";
    }

    @Override
    public List<Finding> look(Patient patient) throws InterruptedException {
        if (patient.process().isEmpty()) {
            return List.of(Finding.ok("the server does not run: conf/rempart.xml applies when it starts"));
        }
        try {
            return List.of(finding(patient.administration()));
        } catch (IOException refused) {
            return List.of(Finding.fault(
                    "the server does not say which policy it has: " + refused.getMessage(), "see var/log/server.log"));
        }
    }

    /**
     * What the running server says.
     *
     * @throws IOException when it does not answer, or refuses
     */
    public static Finding finding(Patient.Administration administration) throws IOException, InterruptedException {
        JsonNode health = administration.get("/healthcheck/checks/" + PolicyHealthCheck.NAME);
        return health.path("status").asText().equals("healthy")
                ? Finding.ok("the server has the policy of conf/rempart.xml")
                : Finding.warning(
                        health.path("cause").asText(),
                        "what it says applies when the server is started again: bin/rempart stop; bin/rempart start");
    }
}
