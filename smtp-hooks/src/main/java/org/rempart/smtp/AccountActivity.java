/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.rempart.policy.UnusualUse;
import org.rempart.policy.ledger.ClientNetwork;
import org.rempart.policy.trail.AuditEvent;

/**
 * What each account did of late: where it logged in from, where it sent from, what it sent, who was refused to it. It is in
 * memory only, and of bounded size for each account; accounts that did nothing for a day are forgotten.
 */
@Singleton
final class AccountActivity {
    private static final long FORGOTTEN_AFTER = Duration.ofDays(1).toNanos();
    private static final int NETWORKS = 1000;
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
        private final Map<String, Long> networks = bounded(NETWORKS);
        private final Map<String, Integer> clients = bounded(FACTS);
        private final Map<String, Integer> subjects = bounded(FACTS);
        private final Map<UnusualUse, List<Long>> refusals = new HashMap<>();
        private final Map<UnusualUse, Long> noticed = new HashMap<>();
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

    /**
     * Notes a login.
     *
     * @return whether the account has logged in from more networks than is usual, and nobody was told within the window
     */
    boolean loggedIn(Username name, InetAddress client, UnusualUse sign) {
        long now = nanoTime.getAsLong();
        long window = sign.limit().window().toNanos();
        Account account = account(name, now);
        synchronized (account) {
            account.networks.put(ClientNetwork.site(client), now);
            account.networks.values().removeIf(seen -> now - seen >= window);
            return account.networks.size() > sign.limit().count() && isNews(account, sign, now);
        }
    }

    /**
     * Notes a recipient that was refused.
     *
     * @return whether more were refused than is usual, and nobody was told within the window
     */
    boolean refused(Username name, UnusualUse sign) {
        long now = nanoTime.getAsLong();
        long window = sign.limit().window().toNanos();
        Account account = account(name, now);
        synchronized (account) {
            List<Long> times = account.refusals.computeIfAbsent(sign, unseen -> new ArrayList<>());
            times.removeIf(time -> now - time >= window);
            if (times.size() <= sign.limit().count()) {
                times.add(now);
            }
            return times.size() > sign.limit().count() && isNews(account, sign, now);
        }
    }

    private static boolean isNews(Account account, UnusualUse sign, long now) {
        Long before = account.noticed.get(sign);
        if (before != null && now - before < sign.limit().window().toNanos()) {
            return false;
        }
        account.noticed.put(sign, now);
        return true;
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
