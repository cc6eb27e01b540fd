/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;

/**
 * Makes the folder of temporary files where a build names one of its own for each test process, so that tests can count
 * what is left there. JUnit finds this listener by itself.
 */
public final class TemporaryFiles implements TestExecutionListener {
    /** For JUnit. */
    public TemporaryFiles() {}

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        try {
            Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
