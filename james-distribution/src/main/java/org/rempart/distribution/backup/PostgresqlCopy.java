/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rempart.distribution.home.FaultException;

/** Has {@code pg_dump} copy the database, where that is installed; its snapshot is of one moment. */
public final class PostgresqlCopy implements DatabaseCopy {
    private final PostgresqlTools tools;

    public PostgresqlCopy(PostgresqlTools tools) {
        this.tools = tools;
    }

    @Override
    public String copy(Path target) throws IOException {
        Path messages = Files.createTempFile("pg_dump", ".log");
        try {
            ProcessBuilder dump = tools.command(
                            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file=" + target)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectOutput(messages.toFile());
            Process process;
            try {
                process = dump.start();
            } catch (IOException absent) {
                return "";
            }
            if (process.waitFor() != 0) {
                throw new IOException(
                        "pg_dump failed: " + Files.readString(messages).strip());
            }
            return "postgresql";
        } catch (FaultException fault) {
            throw new IOException(fault.getMessage(), fault);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("pg_dump was not awaited");
        } finally {
            Files.deleteIfExists(messages);
        }
    }
}
