/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueName;
import org.apache.mailet.Mail;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A queue that ignores delays, made one that keeps them: what has a delay waits in a mail repository meanwhile. */
public final class DelayedQueue implements MailQueue {
    private static final Logger LOGGER = LoggerFactory.getLogger(DelayedQueue.class);

    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final int WORKERS = 8;

    private final MailQueue queue;
    private final DelayedMails mails;
    private final DelayIndex index;
    private final DelayOrders orders;
    private final ExecutorService workers;
    private final ScheduledExecutorService clock;

    /**
     * @param repository has nothing but delayed mail of this queue
     * @param index closed with this queue
     * @param orders the folder where orders of an administrator are looked for
     * @throws IOException when that can't be made
     */
    public DelayedQueue(MailQueue queue, MailRepository repository, DelayIndex index, Path orders) throws IOException {
        String name = queue.getName().asString();
        this.queue = queue;
        this.index = index;
        this.orders = new DelayOrders(orders);
        this.workers = Executors.newFixedThreadPool(WORKERS, daemons("delayed-" + name));
        // One for each of the two: an order about all mails must not keep leases from being renewed.
        this.clock = Executors.newScheduledThreadPool(2, daemons("delayed-" + name + "-clock"));
        this.mails = new DelayedMails(name, repository, index, queue::enQueue, Clock.systemUTC(), workers);
        again(mails::tick);
        again(() -> this.orders.carryOut(mails));
    }

    // It ends with the queue.
    @SuppressWarnings("FutureReturnValueIgnored")
    private void again(Runnable work) {
        clock.scheduleWithFixedDelay(() -> look(work), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    private void look(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error unexpected) {
            LOGGER.error(
                    "The delayed mail of {} can't be looked after",
                    queue.getName().asString(),
                    unexpected);
        }
    }

    @Override
    public MailQueueName getName() {
        return queue.getName();
    }

    @Override
    public void enQueue(Mail mail) throws MailQueueException {
        queue.enQueue(mail);
    }

    @Override
    public void enQueue(Mail mail, Duration delay) throws MailQueueException {
        if (delay.isZero() || delay.isNegative()) {
            queue.enQueue(mail);
        } else {
            mails.keep(mail, delay);
        }
    }

    @Override
    public Publisher<Void> enqueueReactive(Mail mail) {
        return Mono.from(queue.enqueueReactive(mail));
    }

    @Override
    public Publisher<MailQueueItem> deQueue() {
        return Flux.from(queue.deQueue()).doOnNext(item -> DelayedMails.restore(item.getMail()));
    }

    /** Ends the looking after delayed mail; the queue itself is James's to close. */
    @Override
    public void close() {
        clock.shutdown();
        try {
            // What it has taken meanwhile is handed on, too.
            clock.awaitTermination(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            workers.shutdown();
            if (!workers.awaitTermination(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.info("Delayed mail is being handed on still; what is not finished is done by another server");
            }
        } catch (InterruptedException hurry) {
            workers.shutdown();
            Thread.currentThread().interrupt();
        }
        index.close();
    }
}
