/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Result;
import org.rempart.audit.conf.ConfigurationAudit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Audits the configuration folder of a James. */
@Command(
        name = "configuration",
        aliases = "conf",
        mixinStandardHelpOptions = true,
        description =
                "Audits a configuration folder of James 3.8 or 3.9, with Rempart or without. Nothing is connected to.")
final class ConfigurationCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "Where smtpserver.xml lies.")
    private Path folder;

    @Mixin
    private Outputs outputs;

    @Override
    public Integer call() throws IOException {
        outputs.prepare();
        Instant started = Instant.now();
        long start = System.nanoTime();
        Result result = new Result(
                folder.toString(),
                List.of(),
                started,
                Duration.ofNanos(System.nanoTime() - start),
                0,
                Optional.empty(),
                ConfigurationAudit.of(folder, Catalogue.packaged()));
        return outputs.write(result, spec.commandLine().getOut());
    }
}
