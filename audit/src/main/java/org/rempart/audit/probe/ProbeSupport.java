/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.rempart.audit.Plan;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;

/** What several probes do. */
final class ProbeSupport {
    /** How long the answer to a login may take: Dovecot holds back the second for six seconds, the third for ten. */
    static final Duration LOGIN = Duration.ofSeconds(20);

    private ProbeSupport() {}

    /** A message that says what it is. */
    static String message(Plan plan, String token, String what) {
        String sender = plan.account().map(account -> account.name()).orElse("rempart-audit@" + plan.foreign());
        return message("From: <" + sender + ">\r\n", plan, token, what);
    }

    /** The same, with originator fields of the caller's. */
    static String message(String originators, Plan plan, String token, String what) {
        return originators
                + "To: <rempart-audit@" + plan.foreign() + ">\r\n"
                + "Subject: Test message of rempart audit (" + what + ") " + token + "\r\n"
                + "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)) + "\r\n"
                + "Message-ID: <" + token + "@rempart-audit.invalid>\r\n"
                + "MIME-Version: 1.0\r\n"
                + "Content-Type: text/plain; charset=us-ascii\r\n"
                + "\r\n"
                + "The administrator of this mail server audits it. This message may be deleted.\r\n";
    }

    /** The address that this machine is seen with. Nothing is sent. */
    static Optional<InetAddress> localAddress(Listener listener, Budget budget) {
        if (budget.from().isPresent()) {
            return budget.from();
        }
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(listener.socketAddress());
            return Optional.of(socket.getLocalAddress());
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /**
     * Does several things at the same time; their connections are bounded by the budget.
     *
     * @throws IOException what one of them threw
     */
    static <T> List<T> sideBySide(List<Callable<T>> work) throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(Math.max(1, work.size()), task -> {
            Thread thread = new Thread(task, "side-by-side");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(work)) {
                results.add(future.get());
            }
            return results;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}
