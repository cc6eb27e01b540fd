/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.lang.ref.WeakReference;
import org.apache.james.lifecycle.api.Disposable.LeakAware;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/**
 * Lets James tell of mail that nobody disposed of as soon as the class that left it has ended: James finds it once the
 * garbage collector has, which in a short test process is often never. JUnit finds this listener by itself.
 */
public final class LeakListener implements TestExecutionListener {
    private static final boolean JAMES = jamesIsThere();

    /** For JUnit. */
    public LeakListener() {}

    private static boolean jamesIsThere() {
        try {
            return LeakAware.LEVEL != LeakAware.Level.NONE;
        } catch (LinkageError absentOrOfANewerJava) {
            return false;
        }
    }

    @Override
    public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
        if (JAMES
                && identifier.getSource().filter(ClassSource.class::isInstance).isPresent()) {
            collectGarbage();
            LeakAware.track();
        }
    }

    /** References come into their queues some time after the collection, in the order that they were found in. */
    @SuppressWarnings("ThreadPriorityCheck")
    private static void collectGarbage() {
        WeakReference<Object> witness = new WeakReference<>(new Object());
        for (int round = 0; round < 100 && witness.get() != null; round++) {
            System.gc();
            Thread.yield();
        }
    }
}
