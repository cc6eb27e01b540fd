/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A scheduler whose work comes to its end once it has begun. Reactor interrupts what nobody waits for any more, such as the
 * command of a client that has hung up; a thread that is interrupted in Derby loses its connection, and one in a file closes
 * the file for all others. Work that has not begun is not begun then.
 */
final class UninterruptedScheduler implements Scheduler {
    private final Scheduler scheduler;

    UninterruptedScheduler(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** From now on all that waits for a database or a disk in this process, James's own included, is done on such schedulers. */
    static void use() {
        Schedulers.setFactory(new Schedulers.Factory() {
            @Override
            public Scheduler newBoundedElastic(int threads, int waiting, ThreadFactory factory, int idleSeconds) {
                return new UninterruptedScheduler(
                        Schedulers.Factory.super.newBoundedElastic(threads, waiting, factory, idleSeconds));
            }
        });
    }

    private enum State {
        WAITING,
        RUNNING,
        ENDED
    }

    private static final class Step implements Runnable, Disposable {
        private final Runnable work;
        private final State next;
        private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
        private volatile Disposable scheduled = () -> {};

        Step(Runnable work, boolean periodic) {
            this.work = work;
            this.next = periodic ? State.WAITING : State.ENDED;
        }

        Step as(Disposable handle) {
            scheduled = handle;
            return this;
        }

        @Override
        public void run() {
            if (state.compareAndSet(State.WAITING, State.RUNNING)) {
                try {
                    work.run();
                } finally {
                    state.compareAndSet(State.RUNNING, next);
                }
            }
        }

        @Override
        public void dispose() {
            if (state.getAndSet(State.ENDED) == State.WAITING) {
                scheduled.dispose();
            }
        }

        @Override
        public boolean isDisposed() {
            return state.get() == State.ENDED;
        }
    }

    /** Does one thing after the other. */
    private static final class Hand implements Worker {
        private final Worker worker;
        private boolean running;
        private boolean disposed;

        Hand(Worker worker) {
            this.worker = worker;
        }

        private Runnable unlessDisposed(Runnable work) {
            return () -> {
                if (begin()) {
                    try {
                        work.run();
                    } finally {
                        end();
                    }
                }
            };
        }

        private synchronized boolean begin() {
            running = !disposed;
            return running;
        }

        private synchronized void end() {
            running = false;
            if (disposed) {
                worker.dispose();
            }
        }

        @Override
        public synchronized void dispose() {
            disposed = true;
            if (!running) {
                worker.dispose();
            }
        }

        @Override
        public synchronized boolean isDisposed() {
            return disposed;
        }

        @Override
        public Disposable schedule(Runnable work) {
            Step step = new Step(unlessDisposed(work), false);
            return step.as(worker.schedule(step));
        }

        @Override
        public Disposable schedule(Runnable work, long delay, TimeUnit unit) {
            Step step = new Step(unlessDisposed(work), false);
            return step.as(worker.schedule(step, delay, unit));
        }

        @Override
        public Disposable schedulePeriodically(Runnable work, long delay, long period, TimeUnit unit) {
            Step step = new Step(unlessDisposed(work), true);
            return step.as(worker.schedulePeriodically(step, delay, period, unit));
        }
    }

    @Override
    public Disposable schedule(Runnable work) {
        Step step = new Step(work, false);
        return step.as(scheduler.schedule(step));
    }

    @Override
    public Disposable schedule(Runnable work, long delay, TimeUnit unit) {
        Step step = new Step(work, false);
        return step.as(scheduler.schedule(step, delay, unit));
    }

    @Override
    public Disposable schedulePeriodically(Runnable work, long delay, long period, TimeUnit unit) {
        Step step = new Step(work, true);
        return step.as(scheduler.schedulePeriodically(step, delay, period, unit));
    }

    @Override
    public Worker createWorker() {
        return new Hand(scheduler.createWorker());
    }

    @Override
    public void init() {
        scheduler.init();
    }

    @Override
    public void dispose() {
        scheduler.dispose();
    }

    @Override
    public boolean isDisposed() {
        return scheduler.isDisposed();
    }
}
