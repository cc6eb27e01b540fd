/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.contract;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Skips what runs in containers where there is no engine for them. With {@code REMPART_REQUIRE_TOOLS=true} in the
 * environment nothing is skipped, and the tests fail.
 */
public final class NeedsEngine implements ExecutionCondition {
    private static final String ABSENT =
            "there is no container engine: the tests against the image need Docker, or what "
                    + "DOCKER_HOST names, on this machine";
    private static final String NOT_ROOT = "only root can give folders to the user of the container";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Way.current() != Way.CONTAINER || Engine.WANTED) {
            return ConditionEvaluationResult.enabled(null);
        }
        return Engine.LACKING.isEmpty()
                ? ConditionEvaluationResult.enabled(null)
                : ConditionEvaluationResult.disabled(Engine.LACKING);
    }

    /** Looked for once, and only by those who need it. */
    private static final class Engine {
        static final boolean WANTED = Boolean.parseBoolean(System.getenv("REMPART_REQUIRE_TOOLS"));
        static final String LACKING = lacking();

        private static String lacking() {
            String lacking = "";
            if (!WANTED && !System.getProperty("user.name").equals("root")) {
                lacking = NOT_ROOT;
            } else if (!WANTED && !DockerClientFactory.instance().isDockerAvailable()) {
                lacking = ABSENT;
            }
            if (!lacking.isEmpty()) {
                System.out.println("The container tests are skipped: " + lacking);
            }
            return lacking;
        }
    }
}
