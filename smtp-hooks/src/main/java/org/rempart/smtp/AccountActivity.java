/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.rempart.policy.trail.AuditEvent;

/**
 * What each account sent of late, for those who look into it: where from, and with which subjects. It is in memory only, and
 * of bounded size for each account; accounts that sent nothing for a day are forgotten.
 */
@Singleton
final class AccountActivity {
    private static final long FORGOTTEN_AFTER = Duration.ofDays(1).toNanos();
    private static final int FACTS = 50;
    private static final int TOUCHES_BETWEEN_SWEEPS = 4096;

    private final LongSupplier nanoTime;
    private final Map<Username, Account> accounts = new ConcurrentHashMap<>();
    private int touches;

    @Inject
    AccountActivity() {
        this(System::nanoTime);
    }

    AccountActivity(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Guarded by itself. */
    private static final class Account {
        private final Map<String, Integer> clients = bounded(FACTS);
        private final Map<String, Integer> subjects = bounded(FACTS);
        private long last;
    }

    private static <V> Map<String, V> bounded(int capacity) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > capacity;
            }
        };
    }

    private Account account(Username name, long now) {
        sweep(now);
        Account account = accounts.computeIfAbsent(name, unseen -> new Account());
        account.last = now;
        return account;
    }

    private synchronized void sweep(long now) {
        if (++touches % TOUCHES_BETWEEN_SWEEPS == 0) {
            accounts.values().removeIf(account -> now - account.last > FORGOTTEN_AFTER);
        }
    }

    /** Notes a message that was submitted, or tried to be. */
    void sent(Username name, InetAddress client, String subject) {
        Account account = account(name, nanoTime.getAsLong());
        synchronized (account) {
            account.clients.merge(client.getHostAddress(), 1, Integer::sum);
            account.subjects.merge(AuditEvent.subjectHash(subject), 1, Integer::sum);
        }
    }

    /** How many messages came from which address, the latest last. */
    Map<String, Integer> clients(Username name) {
        Account account = account(name, nanoTime.getAsLong());
        synchronized (account) {
            return new LinkedHashMap<>(account.clients);
        }
    }

    /** How many messages had which subject, by the hash that the audit trail has, the latest last. */
    Map<String, Integer> subjects(Username name) {
        Account account = account(name, nanoTime.getAsLong());
        synchronized (account) {
            return new LinkedHashMap<>(account.subjects);
        }
    }
}
