/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A second server in the same folder")
class SecondServerTest {
    @Test
    void endsWithoutATouchOfWhatTheFirstKeeps() throws Exception {
        try (Variant server = new Variant("second")) {
            server.start();
            String pid =
                    Files.readString(server.home().resolve("var/rempart.pid")).trim();
            // A lock that only its channel holds ends with the first collection of the channel.
            String jcmd =
                    Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            Process collection = new ProcessBuilder(jcmd, pid, "GC.run")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assertThat(collection.waitFor()).isZero();
            Path half = Files.writeString(server.home().resolve("var/tmp/half-a-message"), "Subject: h");

            Variant.Result second = server.run("", "run");

            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.output()).contains("a server is running in");
            assertThat(half).exists();
            assertThat(server.run("", "status").exitCode()).isZero();
        }
    }
}
