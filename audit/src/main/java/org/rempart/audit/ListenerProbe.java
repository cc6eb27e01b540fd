/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;

/** A probe that looks at one listener after the other, or at all of them at the same time. */
public abstract class ListenerProbe implements Probe {
    private static final int AT_ONCE = 6;

    /** Whether this probe has anything to say of such a listener. */
    protected abstract boolean concerns(Listener listener);

    /** Looks at one. What it throws makes the rest not testable at this listener, and at no other. */
    protected abstract void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException;

    /** The checks that are expected of a listener: those that are said to be not testable if it fails. */
    protected abstract java.util.Set<String> expected(Plan plan, Listener listener);

    /** Whether listeners may be looked at side by side. */
    protected boolean parallel() {
        return true;
    }

    @Override
    public final void run(Plan plan, Budget budget, Findings findings) throws IOException {
        List<Callable<Void>> work = new ArrayList<>();
        for (Listener listener : plan.listeners()) {
            if (concerns(listener)) {
                work.add(() -> {
                    guarded(plan, listener, budget, findings);
                    return null;
                });
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(parallel() ? AT_ONCE : 1, task -> {
            Thread thread = new Thread(task, name());
            thread.setDaemon(true);
            return thread;
        });
        try {
            for (Future<Void> done : threads.invokeAll(work)) {
                done.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private void guarded(Plan plan, Listener listener, Budget budget, Findings findings) {
        try {
            run(plan, listener, budget, findings);
        } catch (IOException e) {
            for (String check : expected(plan, listener)) {
                if (!findings.has(check, listener.toString())) {
                    findings.notTestable(check, listener.toString(), Audit.reason(e));
                }
            }
        }
    }
}
