/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** Mail at rest that somebody should look at: held, kept in a repository, or queued for a long time. */
final class QueueCheck implements Check {
    private static final Duration LONG = Duration.ofHours(4);

    @Override
    public String name() {
        return "queue";
    }

    @Override
    public List<Finding> look(Patient patient) throws IOException, InterruptedException {
        if (patient.process().isEmpty()) {
            return List.of(Finding.warning(
                    "mail at rest is not looked at, since the server does not run", "bin/rempart start"));
        }
        List<Finding> findings = new ArrayList<>();
        long queued = 0;
        for (JsonNode count : patient.administration().get("/rempart/mails/counts")) {
            String place = count.path("place").asText();
            long mails = count.path("mails").asLong();
            long held = count.path("held").asLong();
            boolean queue = count.path("kind").asText().equals("queue");
            if (held > 0) {
                findings.add(Finding.warning(
                        held + " mails are held in " + place, "bin/rempart queue list --held --queue " + place));
            }
            if (!queue && mails > 0) {
                findings.add(Finding.warning(
                        mails + " mails that could not go on lie in " + place,
                        "bin/rempart queue list --queue " + place));
            }
            if (queue) {
                queued += mails;
                if (isOld(count.path("oldest").asText(""), patient.clock().instant())) {
                    findings.add(Finding.warning(
                            place + " holds mail for more than " + LONG.toHours() + " hours",
                            "bin/rempart queue list --older-than " + LONG.toHours() + "h --queue " + place));
                }
            }
        }
        findings.add(Finding.ok(queued + " mails are queued"));
        return findings;
    }

    private static boolean isOld(String arrived, Instant now) {
        try {
            return Duration.between(Instant.parse(arrived), now).compareTo(LONG) > 0;
        } catch (DateTimeParseException empty) {
            return false;
        }
    }
}
