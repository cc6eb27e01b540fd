/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;

/**
 * Mail that comes in over many connections: accounts that submit (half of the connections with STARTTLS, half with TLS
 * from the first byte) and other servers at the MX. A mail counts as acknowledged from the 250 after its data; it is
 * recorded then, in memory and in a file. What ends in any other way is not sent again: the next mail is another one.
 * While the server is away, the connections knock until it is back.
 */
final class Load implements AutoCloseable {
    /** The smallest time between two mails of a connection, so that a fast machine makes no backlog for minutes. */
    private static final long PACE_MILLIS = 40;

    private static final AtomicLong LOADS = new AtomicLong();

    private final FireServer server;
    private final ToIntFunction<Random> sizes;
    private final String name;
    private final Map<String, LoadMail> acknowledged = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> otherAnswers = new ConcurrentSkipListMap<>();
    private final Set<SmtpClient> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong mails = new AtomicLong();
    private final AtomicInteger broken = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();
    private final BufferedWriter journal;
    private volatile boolean stopping;

    private Load(FireServer server, ToIntFunction<Random> sizes, long seed) throws IOException {
        this.server = server;
        this.sizes = sizes;
        this.name = Long.toString(seed, 36).replace("-", "") + "-" + LOADS.incrementAndGet();
        this.journal = Files.newBufferedWriter(server.variant().home().resolveSibling("acknowledged-" + name + ".txt"));
    }

    /**
     * Begins.
     *
     * @param submitting how many connections of accounts there are
     * @param delivering how many connections there are to the MX
     * @param sizes gives the size of the next body, in bytes
     */
    static Load start(FireServer server, int submitting, int delivering, ToIntFunction<Random> sizes, long seed)
            throws IOException {
        Load load = new Load(server, sizes, seed);
        for (int i = 0; i < submitting + delivering; i++) {
            int number = i;
            boolean submission = i < submitting;
            Thread thread =
                    new Thread(() -> load.send(number, submission, new Random(seed * 1000 + number)), "load-" + number);
            thread.setDaemon(true);
            load.threads.add(thread);
            thread.start();
        }
        return load;
    }

    /** Bodies of 1 KiB to 200 KiB, most of them small, and one of 2 MB in a hundred. */
    static int usualSize(Random random) {
        int kind = random.nextInt(100);
        if (kind == 0) {
            return 2_000_000;
        }
        return 1024 + random.nextInt(kind < 80 ? 16 << 10 : 199 << 10);
    }

    /** How many mails got their 250 so far. */
    int count() {
        return acknowledged.size();
    }

    /** All mails that got their 250, by their ids. */
    Map<String, LoadMail> acknowledged() {
        return acknowledged;
    }

    /** The answers other than 250 to a mail or a connection, each with how often it came. */
    Map<String, AtomicInteger> otherAnswers() {
        return otherAnswers;
    }

    /** The answers that tell a client to give its mail up. */
    List<String> permanentRefusals() {
        return otherAnswers.keySet().stream()
                .filter(answer -> answer.startsWith("5"))
                .toList();
    }

    /** How many connections broke or could not be made. */
    int brokenConnections() {
        return broken.get();
    }

    private void send(int number, boolean submission, Random random) {
        SmtpClient client = null;
        while (!stopping) {
            try {
                if (client == null) {
                    client = server.connect(number, submission);
                    open.add(client);
                }
                LoadMail mail = next(number, submission, random);
                SmtpReply reply = client.send(mail.from(), List.copyOf(mail.recipients()), mail.bytes());
                if (reply.code() == 250) {
                    record(mail);
                } else {
                    count(reply);
                }
                pause(PACE_MILLIS);
            } catch (FireServer.RefusedException refused) {
                count(refused.reply());
                pause(PACE_MILLIS * 5);
            } catch (IOException away) {
                broken.incrementAndGet();
                end(client);
                client = null;
                pause(PACE_MILLIS * 5);
            }
        }
        end(client);
    }

    private void count(SmtpReply reply) {
        otherAnswers
                .computeIfAbsent(reply.toString(), text -> new AtomicInteger())
                .incrementAndGet();
    }

    private LoadMail next(int number, boolean submission, Random random) {
        long mail = mails.incrementAndGet();
        String id = name + "-" + mail;
        String local = server.accounts().get(random.nextInt(server.accounts().size()));
        String remote = "r" + random.nextInt(50) + "@partner.example";
        if (!submission) {
            return LoadMail.make(
                    id, "s" + number + "@partner.example", Set.of(local), sizes.applyAsInt(random), random);
        }
        // As many recipients elsewhere as here: what the MX takes is for here only.
        int kind = random.nextInt(4);
        Set<String> recipients = kind == 0 ? Set.of(local, remote) : kind == 1 ? Set.of(local) : Set.of(remote);
        return LoadMail.make(id, server.account(number), recipients, sizes.applyAsInt(random), random);
    }

    private void record(LoadMail mail) throws IOException {
        // The bytes are not needed any more: the body carries its own checksum.
        acknowledged.put(mail.id(), new LoadMail(mail.id(), mail.from(), mail.recipients(), new byte[0]));
        synchronized (journal) {
            journal.write(mail.id() + " " + String.join(",", mail.recipients()) + " " + mail.bytes().length + "\n");
            journal.flush();
        }
    }

    private void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException interrupted) {
            stopping = true;
        }
    }

    private void end(SmtpClient client) {
        if (client != null) {
            open.remove(client);
            try {
                client.close();
            } catch (IOException gone) {
                // It is gone, as it should be.
            }
        }
    }

    /** Ends it: mails whose answer is under way are waited for, up to the patience of a client. */
    void finish() {
        stopping = true;
        for (Thread thread : threads) {
            try {
                thread.join(70_000);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        for (SmtpClient client : Set.copyOf(open)) {
            end(client);
        }
    }

    @Override
    public void close() throws IOException {
        finish();
        journal.close();
    }
}
