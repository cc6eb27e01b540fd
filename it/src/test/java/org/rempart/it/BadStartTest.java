/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A stock James that a fault of ours keeps from starting says last what is wrong")
class BadStartTest {
    /** What James with that jar prints until it ends, after this change of a file. */
    private static List<String> printed(String jar, String file, String pattern, String by) throws Exception {
        Path home = Folders.servers().resolve("bad-start/home");
        Folders.delete(home);
        DropInDeployment.stockConfiguration(home.resolve("conf"));
        DropInDeployment.harden(home, DropInDeployment.dropIn(home, jar));
        LoopbackSite.prepare(home);
        Path changed = home.resolve("conf").resolve(file);
        String text = Files.readString(changed, StandardCharsets.UTF_8);
        assertThat(text).containsPattern(pattern);
        Files.writeString(changed, text.replaceFirst(pattern, by), StandardCharsets.UTF_8);

        Process james = DropInDeployment.process(home).process();
        try {
            assertThat(james.waitFor(6, TimeUnit.MINUTES)).as("James has ended").isTrue();
        } finally {
            james.destroyForcibly();
        }
        assertThat(james.exitValue()).isNotZero();
        return DropInDeployment.printed(home).lines().toList();
    }

    @Test
    void theJarForJames39InJames38() throws Exception {
        assertThat(printed("3.9", "rempart.xml", "<policy", "<policy"))
                .noneMatch(line -> line.contains("NoClassDefFoundError"))
                .last()
                .isEqualTo("James does not start: The jar of Rempart in extensions-jars/ is for James 3.9, and this is"
                        + " James 3.8: put rempart-james-3.8-*.jar there in its place");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Each is of another part: a hook, the pipeline as a whole, a mailet, a matcher.
                "rempart.xml | <relay> | <relays> | rempart.xml",
                "rempart.xml | <held mail=\"refuse\" | <held mail=\"keepp\" | keepp",
                "mailetcontainer.xml | <event>outgoing</event> | <event>outgone</event> | AuditMail",
                "mailetcontainer.xml | AccountIsHeld=kept\" | AccountIsHeld=keep\" | AccountIsHeld",
                "smtpserver.xml | <handlerchain([^>]*SubmissionHandlers[^>]*)> "
                        + "| <handlerchain$1><handler class=\"org.rempart.smtp.RelayHook\"><polcy>x</polcy></handler> | polcy",
            })
    void aFaultOfTheConfiguration(String file, String pattern, String by, String named) throws Exception {
        assertThat(printed("3.8", file, pattern, by))
                .last()
                .satisfies(line ->
                        assertThat(line).startsWith("James does not start: ").contains(named));
    }
}
