/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/** Has the shared server, if it did not start for the tests of one class, started again for those of the next. */
public final class StartForEachClass implements TestExecutionListener {
    @Override
    public void executionStarted(TestIdentifier test) {
        if (test.getSource().filter(ClassSource.class::isInstance).isPresent()) {
            Trial.forgetFault();
        }
    }
}
