/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.james.metrics.api.NoopGaugeRegistry;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.RawMailQueueItemDecoratorFactory;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import reactor.core.publisher.Flux;

/** A process with a store of its own, for tests that kill it, or give it little memory. */
final class StoreProcess {
    private static final int THREADS = 4;
    private static final int MEGABYTE = 1024 * 1024;

    private StoreProcess() {}

    /** Queues mail for ever ({@code fill}), or messages larger than the heap once ({@code large}). */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[1]);
        try (TestDatabase database = TestDatabase.derby(folder);
                MailStore store = MailStore.open(database, folder.resolve("blobs"), Clock.systemUTC())) {
            StoredMailQueue queue = new StoredMailQueueFactory(
                            store, new RawMailQueueItemDecoratorFactory(), new NoopGaugeRegistry(), HeldAccounts.NONE)
                    .createQueue(MailQueueName.of("spool"));
            if (arguments[0].equals("fill")) {
                fill(queue, arguments[2]);
            } else {
                large(queue, Integer.parseInt(arguments[2]));
            }
        }
    }

    /** Says the name of each mail once it is acknowledged. */
    private static void fill(StoredMailQueue queue, String prefix) throws Exception {
        AtomicInteger number = new AtomicInteger();
        for (int thread = 0; thread < THREADS; thread++) {
            new Thread(() -> {
                        while (true) {
                            String name = prefix + "-" + number.incrementAndGet();
                            try {
                                queue.enQueue(StoredMailContract.mail(name));
                            } catch (Exception failure) {
                                throw new IllegalStateException(failure);
                            }
                            say(name);
                        }
                    })
                    .start();
        }
        new CountDownLatch(1).await();
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }

    private static void large(StoredMailQueue queue, int megabytes) throws Exception {
        int mails = 10;
        for (int number = 0; number < mails; number++) {
            queue.enQueue(mail("large" + number, megabytes));
        }
        CountDownLatch left = new CountDownLatch(mails);
        Flux.from(queue.deQueue()).subscribe(item -> process(item, left));
        if (!left.await(5, TimeUnit.MINUTES)) {
            throw new IllegalStateException(left.getCount() + " mails did not come out");
        }
        say("whole");
    }

    private static void process(MailQueueItem item, CountDownLatch left) {
        try {
            item.getMail().getMessage().getContentType();
            item.getMail().getMessage().writeTo(OutputStream.nullOutputStream());
            item.done(CompletionStatus.SUCCESS);
            left.countDown();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static MailImpl mail(String name, int megabytes) throws Exception {
        MimeMessageInputStreamSource source = MimeMessageInputStreamSource.create(name);
        byte[] line = new byte[MEGABYTE];
        java.util.Arrays.fill(line, (byte) 'x');
        try (OutputStream out = source.getWritableOutputStream()) {
            out.write("Subject: large\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            for (int written = 0; written < megabytes; written++) {
                out.write(line);
            }
        }
        MailImpl mail = MailImpl.builder()
                .name(name)
                .addRecipient("recipient@example.org")
                .build();
        mail.setMessageNoCopy(new MimeMessageWrapper(source));
        return mail;
    }
}
