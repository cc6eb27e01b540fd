/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

class UninterruptedSchedulerTest {
    private final Scheduler scheduler =
            new UninterruptedScheduler(Schedulers.newBoundedElastic(1, 10, "uninterrupted-test"));
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final AtomicReference<String> ended = new AtomicReference<>();
    private final CountDownLatch hasEnded = new CountDownLatch(1);

    @AfterEach
    void stop() {
        mayEnd.countDown();
        scheduler.dispose();
    }

    private void work() {
        begun.countDown();
        try {
            mayEnd.await();
            ended.set("whole");
        } catch (InterruptedException interrupted) {
            ended.set("interrupted");
        }
        hasEnded.countDown();
    }

    private Disposable begin(String way) {
        return switch (way) {
            case "subscribeOn" ->
                Mono.fromRunnable(this::work).subscribeOn(scheduler).subscribe();
            case "publishOn" -> Flux.just(1).publishOn(scheduler).subscribe(any -> work());
            case "schedule" -> scheduler.schedule(this::work);
            case "delayed" -> scheduler.schedule(this::work, 1, TimeUnit.MILLISECONDS);
            case "periodically" -> scheduler.schedulePeriodically(this::work, 0, 1, TimeUnit.HOURS);
            default -> {
                Scheduler.Worker worker = scheduler.createWorker();
                worker.schedule(this::work);
                yield worker;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"subscribeOn", "publishOn", "schedule", "delayed", "periodically", "worker"})
    void whatHasBegunComesToItsEnd(String way) throws Exception {
        Disposable running = begin(way);
        begun.await();
        running.dispose();
        mayEnd.countDown();
        hasEnded.await();
        assertThat(ended).hasValue("whole");
    }

    @ParameterizedTest
    @ValueSource(strings = {"subscribeOn", "publishOn", "schedule", "delayed", "periodically", "worker"})
    void whatHasNotBegunIsNotBegun(String way) throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        scheduler.schedule(() -> await(busy));
        begin(way).dispose();
        busy.countDown();
        CountDownLatch after = new CountDownLatch(1);
        scheduler.schedule(after::countDown);
        after.await();
        assertThat(begun.getCount()).isOne();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The one thread goes back, however its last user left it. */
    @Test
    void itsThreadsServeTheNext() {
        AtomicInteger done = new AtomicInteger();
        for (int round = 0; round < 50; round++) {
            Disposable running = Mono.fromCallable(done::incrementAndGet)
                    .subscribeOn(scheduler)
                    .subscribe();
            running.dispose();
        }
        assertThat(Mono.fromCallable(() -> "next").subscribeOn(scheduler).block(Duration.ofMinutes(1)))
                .isEqualTo("next");
    }

    @Test
    void periodicWorkGoesOnUntilItIsDisposedOf() throws Exception {
        CountDownLatch thrice = new CountDownLatch(3);
        Disposable running = scheduler.schedulePeriodically(thrice::countDown, 0, 1, TimeUnit.MILLISECONDS);
        thrice.await();
        running.dispose();
        assertThat(running.isDisposed()).isTrue();
    }
}
