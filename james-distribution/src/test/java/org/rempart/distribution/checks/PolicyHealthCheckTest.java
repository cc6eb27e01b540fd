/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.james.core.healthcheck.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestHome;
import reactor.core.publisher.Mono;

class PolicyHealthCheckTest {
    @TempDir
    Path folder;

    private static Result check(PolicyHealthCheck check) {
        return Mono.from(check.check()).block();
    }

    @Test
    void aFileThatIsNotTheOneOfTheStartIsTold() throws Exception {
        Home home = TestHome.in(folder).home();
        PolicyHealthCheck check = new PolicyHealthCheck(home);
        String policy = Files.readString(home.conf("rempart.xml"));
        assertThat(check(check).isHealthy()).isTrue();

        Files.writeString(home.conf("rempart.xml"), policy + "<!-- -->\n");
        assertThat(check(check).isDegraded()).isTrue();
        Files.delete(home.conf("rempart.xml"));
        assertThat(check(check).isDegraded()).isTrue();
        Files.writeString(home.conf("rempart.xml"), policy);
        assertThat(check(check).isHealthy()).isTrue();
    }

    @Test
    void withoutAFileTheDefaultsApply() throws Exception {
        Home home = TestHome.in(folder).home();
        Files.delete(home.conf("rempart.xml"));

        assertThat(check(new PolicyHealthCheck(home)).isHealthy()).isTrue();
    }
}
