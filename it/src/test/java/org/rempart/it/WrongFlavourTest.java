/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A stock James with the jar for another James says which one is right")
class WrongFlavourTest {
    @Test
    void theJarForJames39InJames38() throws Exception {
        Path home = Folders.servers().resolve("wrong-flavour/home");
        Folders.delete(home);
        DropInDeployment.stockConfiguration(home.resolve("conf"));
        DropInDeployment.harden(home, DropInDeployment.dropIn(home, "3.9"));
        LoopbackSite.prepare(home);

        Process james = DropInDeployment.process(home).process();
        try {
            assertThat(james.waitFor(6, TimeUnit.MINUTES)).as("James has ended").isTrue();
        } finally {
            james.destroyForcibly();
        }

        assertThat(james.exitValue()).isNotZero();
        assertThat(DropInDeployment.printed(home).lines())
                .anyMatch(line -> line.endsWith("The jar of Rempart in extensions-jars/ is for James 3.9, and this is "
                        + "James 3.8: put rempart-james-3.8-*.jar there in its place"))
                .noneMatch(line -> line.contains("NoClassDefFoundError"));
    }
}
