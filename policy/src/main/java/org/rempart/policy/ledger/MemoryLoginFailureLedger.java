/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.FailureLimit.Per;
import org.rempart.policy.submission.RateLimit;

/**
 * A ledger in memory: it forgets all when the server stops; {@link KeptLoginFailureLedger} writes down what it holds. It
 * holds at most {@value #CAPACITY} brakes of each kind, and as many accounts with where they are known.
 *
 * <p>Passwords are told apart by a keyed hash of a few bytes, whose key is made at the start and is on no disk.
 */
public final class MemoryLoginFailureLedger implements LoginFailureLedger {
    private static final int CAPACITY = 100_000;

    /** More failures than that of one client at one account are no slips of the finger. */
    private static final int FORGIVABLE = 100;

    private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);

    /** Between two tries of an account where it is known, once they are as many as a limit bears. */
    private static final Duration PAUSE_WHERE_KNOWN = Duration.ofSeconds(10);

    /** How long an attempt waits for those that are under way. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** So many threads may wait; the next one is told to come later. */
    private static final int WAITING = 24;

    /** How many are copied before others get the lock. */
    private static final int COPIED_AT_ONCE = 512;

    private final LongSupplier nanoTime;
    private final int capacity;
    private final SecretKeySpec key;

    // Guarded by this. Kept apart, so that made-up account names can't push out addresses.
    private final Map<Per, LoginBrakes> brakes = new EnumMap<>(Per.class);
    private final KnownNetworks known;
    private final Map<String, Pair> pairs;
    private int waiting;

    public MemoryLoginFailureLedger() {
        this(System::nanoTime, CAPACITY);
    }

    /**
     * A ledger for tests.
     *
     * @param nanoTime a clock such as {@link System#nanoTime()}
     * @param capacity how many brakes of each kind it holds
     */
    public MemoryLoginFailureLedger(LongSupplier nanoTime, int capacity) {
        this.nanoTime = nanoTime;
        this.capacity = capacity;
        for (Per per : Per.values()) {
            brakes.put(per, new LoginBrakes(capacity));
        }
        known = new KnownNetworks(capacity);
        pairs = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Pair> eldest) {
                return size() > MemoryLoginFailureLedger.this.capacity;
            }
        };
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        key = new SecretKeySpec(random, "HmacSHA256");
    }

    /** An account at a network. */
    private static final class Pair {
        private final LoginBrakes.Brake brake;
        private final Deque<Counted> counted = new ArrayDeque<>();
        private boolean delayed;
        private long delayedUntil;

        Pair(Duration window) {
            this.brake = new LoginBrakes.Brake(window);
        }

        boolean isDelayed(long now) {
            if (delayed && now - delayedUntil >= 0) {
                delayed = false;
            }
            return delayed;
        }

        void delay(Duration pause, long now) {
            delayed = true;
            delayedUntil = now + pause.toNanos();
        }
    }

    /** Where a failure of a pair was counted, so that it can be taken back. */
    private static final class Counted {
        private final LoginBrakes.Brake brake;
        private final SlidingWindow.Bucket bucket;

        Counted(LoginBrakes.Brake brake, SlidingWindow.Bucket bucket) {
            this.brake = brake;
            this.bucket = bucket;
        }
    }

    /** Twice as long after each failure, and not longer than {@link #LONGEST_DELAY}. */
    static Duration pause(Duration first, long failures) {
        Duration pause = first;
        for (long i = 1; i < failures && pause.compareTo(LONGEST_DELAY) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(LONGEST_DELAY) < 0 ? pause : LONGEST_DELAY;
    }

    @Override
    public synchronized Optional<Subject> refused(List<FailureLimit> limits, InetAddress client) {
        long now = nanoTime.getAsLong();
        String network = ClientNetwork.subscriber(client);
        if (known.known(network, now) > 0) {
            return Optional.empty();
        }
        return limits.stream()
                .filter(limit -> limit.per() == Per.ADDRESS && limit.appliesTo(client))
                .filter(limit -> isBlocked(new LoginBrakes.Key(network, limit), Per.ADDRESS, now))
                .map(limit -> Subject.of(limit, network))
                .findFirst();
    }

    private boolean isBlocked(LoginBrakes.Key name, Per per, long now) {
        return brakes.get(per).get(name).filter(brake -> brake.isBlocked(now)).isPresent();
    }

    @Override
    public Answer begin(List<FailureLimit> limits, Login login) {
        UnderWay attempt = new UnderWay(limits, login);
        long patience = System.nanoTime() + PATIENCE.toNanos();
        synchronized (this) {
            while (true) {
                long now = nanoTime.getAsLong();
                Optional<Answer> refusal = attempt.refusal(now);
                if (refusal.isPresent()) {
                    return refusal.get();
                }
                if (attempt.hasRoom(now)) {
                    attempt.begin(now);
                    return Answer.tried(attempt);
                }
                long left = patience - System.nanoTime();
                if (left <= 0 || waiting >= WAITING || !waitFor(left)) {
                    return Answer.tooSoon();
                }
            }
        }
    }

    /** Waits until an attempt has ended; answers false when the thread is to end. */
    private boolean waitFor(long nanos) {
        waiting++;
        try {
            TimeUnit.NANOSECONDS.timedWait(this, nanos);
            return true;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            waiting--;
        }
    }

    private long fingerprint(String... parts) {
        try {
            Mac mac = Mac.getInstance(key.getAlgorithm());
            mac.init(key);
            for (String part : parts) {
                mac.update(part.getBytes(StandardCharsets.UTF_8));
                mac.update((byte) 0);
            }
            byte[] hash = mac.doFinal();
            long fingerprint = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                fingerprint = fingerprint << Byte.SIZE | (hash[i] & 0xff);
            }
            return fingerprint;
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static String normal(String account) {
        return account.toLowerCase(Locale.ROOT);
    }

    @Override
    public synchronized void forget(String account) {
        known.forget(normal(account));
    }

    @Override
    public void flush() {}

    /** How many brakes of a kind take room; for tests. */
    public synchronized int size(Per per) {
        return brakes.get(per).size();
    }

    /** Whether an account is known at a network. */
    synchronized boolean isKnown(String account, String network) {
        return known.isKnown(normal(account), network, nanoTime.getAsLong());
    }

    /** What is known of a network or an account under one limit. */
    static final class Braked {
        private final Per per;
        private final String name;
        private final RateLimit.Quantity limit;
        private final Duration block;
        private final List<SlidingWindow.Mark> failures;
        private final Duration blockedFor;

        Braked(
                Per per,
                String name,
                RateLimit.Quantity limit,
                Duration block,
                List<SlidingWindow.Mark> failures,
                Duration blockedFor) {
            this.per = per;
            this.name = name;
            this.limit = limit;
            this.block = block;
            this.failures = List.copyOf(failures);
            this.blockedFor = blockedFor;
        }

        Per per() {
            return per;
        }

        String name() {
            return name;
        }

        RateLimit.Quantity limit() {
            return limit;
        }

        Duration block() {
            return block;
        }

        List<SlidingWindow.Mark> failures() {
            return failures;
        }

        Duration blockedFor() {
            return blockedFor;
        }
    }

    /** A copy of the brakes of networks and accounts. Logins go on meanwhile; what is told of a brake is true of one moment. */
    List<Braked> exportBrakes() {
        List<Braked> copies = new ArrayList<>();
        for (Per per : List.of(Per.ADDRESS, Per.ACCOUNT)) {
            Deque<Map.Entry<LoginBrakes.Key, LoginBrakes.Brake>> left;
            synchronized (this) {
                left = brakes.get(per).all();
            }
            while (!left.isEmpty()) {
                synchronized (this) {
                    long now = nanoTime.getAsLong();
                    for (int i = 0; i < COPIED_AT_ONCE && !left.isEmpty(); i++) {
                        copy(per, left.removeFirst(), now).ifPresent(copies::add);
                    }
                }
            }
        }
        return copies;
    }

    private static Optional<Braked> copy(Per per, Map.Entry<LoginBrakes.Key, LoginBrakes.Brake> entry, long now) {
        LoginBrakes.Key name = entry.getKey();
        List<SlidingWindow.Mark> marks = entry.getValue().failures().marks(now, Marks.IN_A_WINDOW);
        Duration blockedFor = Duration.ofNanos(entry.getValue().blockedFor(now));
        return marks.isEmpty() && blockedFor.isZero()
                ? Optional.empty()
                : Optional.of(new Braked(
                        per,
                        name.name(),
                        RateLimit.Quantity.of(name.count(), name.window()),
                        name.block(),
                        marks,
                        blockedFor));
    }

    synchronized List<KnownNetworks.Visit> exportKnown() {
        return known.visits(nanoTime.getAsLong());
    }

    /** Takes back what {@link #exportBrakes} told, at the start. */
    synchronized void restore(FailureLimit limit, Braked braked) {
        long now = nanoTime.getAsLong();
        LoginBrakes.Key name = new LoginBrakes.Key(braked.name(), limit);
        LoginBrakes kind = brakes.get(braked.per());
        kind.make(name, now).restore(braked.failures(), braked.blockedFor(), now);
        kind.removeIfIdle(name, now);
    }

    /** Takes back what {@link #exportKnown} told, at the start. */
    synchronized void restore(KnownNetworks.Visit visit) {
        known.add(
                visit.account(),
                visit.network(),
                nanoTime.getAsLong() - visit.ago().toNanos());
    }

    private final class UnderWay implements Attempt {
        private final String network;
        private final Optional<String> account;
        private final String pairName;
        private final List<FailureLimit> limits = new ArrayList<>();
        private final long password;
        private final long secret;

        private List<Subject> subjects = List.of();
        private boolean isKnown;
        private boolean told;

        UnderWay(List<FailureLimit> all, Login login) {
            for (FailureLimit limit : all) {
                if (limit.appliesTo(login.client())) {
                    limits.add(limit);
                }
            }
            network = ClientNetwork.subscriber(login.client());
            account = login.account().map(MemoryLoginFailureLedger::normal);
            pairName = network + ' ' + account.orElse("");
            password = fingerprint(account.orElse(""), login.secret());
            secret = fingerprint(login.secret());
        }

        /** The limit that bears least, by which an account is measured where it is known. */
        private Optional<FailureLimit> least() {
            return limits.stream()
                    .min(Comparator.comparing(limit -> limit.limit().count()));
        }

        Optional<Answer> refusal(long now) {
            isKnown = account.isPresent() && known.isKnown(account.get(), network, now);
            subjects = isKnown ? List.of() : strangers();
            for (Subject subject : subjects) {
                if (isBlocked(key(subject), subject.limit().per(), now)) {
                    return Optional.of(Answer.braked(subject));
                }
            }
            Pair pair = pairs.get(pairName);
            return pair != null && pair.isDelayed(now) ? Optional.of(Answer.tooSoon()) : Optional.empty();
        }

        private List<Subject> strangers() {
            List<Subject> all = new ArrayList<>();
            for (FailureLimit limit : limits) {
                switch (limit.per()) {
                    case ADDRESS:
                        all.add(Subject.of(limit, network));
                        break;
                    case ACCOUNT:
                        account.ifPresent(name -> all.add(Subject.of(limit, name)));
                        break;
                    case PASSWORD:
                        account.ifPresent(name -> all.add(Subject.of(limit, Long.toHexString(secret))));
                        break;
                }
            }
            return all;
        }

        private LoginBrakes.Key key(Subject subject) {
            return new LoginBrakes.Key(subject.name(), subject.limit());
        }

        /** Behind an address at which many accounts are known there are many people, and more of them mistype. */
        private int most(Subject subject, long now) {
            int most = subject.limit().limit().count();
            return subject.limit().per() == Per.ADDRESS ? most + known.known(network, now) : most;
        }

        boolean hasRoom(long now) {
            Pair pair = pairs.get(pairName);
            if (isKnown && pair != null) {
                int most = least().map(limit -> limit.limit().count()).orElse(Integer.MAX_VALUE);
                // Over its limit it is looked at one by one.
                return pair.brake.hasRoom(most, now) || pair.brake.isFree();
            }
            return subjects.stream()
                    .allMatch(subject -> brakes.get(subject.limit().per())
                            .get(key(subject))
                            .map(brake -> brake.hasRoom(most(subject, now), now))
                            .orElse(true));
        }

        void begin(long now) {
            subjects.forEach(subject -> brake(subject, now).begin());
            if (isKnown) {
                least().ifPresent(limit -> pair(limit).brake.begin());
            }
        }

        private LoginBrakes.Brake brake(Subject subject, long now) {
            return brakes.get(subject.limit().per()).make(key(subject), now);
        }

        private Pair pair(FailureLimit limit) {
            return pairs.computeIfAbsent(
                    pairName, unseen -> new Pair(limit.limit().window()));
        }

        @Override
        public List<Subject> failed() {
            synchronized (MemoryLoginFailureLedger.this) {
                Optional<FailureLimit> least = least();
                if (!tell() || least.isEmpty()) {
                    return List.of();
                }
                long now = nanoTime.getAsLong();
                Pair pair = pair(least.get());
                if (pair.brake.fail(password, now).isPresent()) {
                    long failures = pair.brake.failures().total(now);
                    if (!isKnown) {
                        limits.stream()
                                .flatMap(limit -> limit.delay().stream())
                                .max(Comparator.naturalOrder())
                                .ifPresent(first -> pair.delay(pause(first, failures), now));
                    } else if (failures >= least.get().limit().count()) {
                        pair.delay(PAUSE_WHERE_KNOWN, now);
                    }
                }
                List<Subject> blocked = new ArrayList<>();
                for (Subject subject : subjects) {
                    LoginBrakes.Brake brake = brake(subject, now);
                    brake.fail(password, now).ifPresent(bucket -> pair.counted.addLast(new Counted(brake, bucket)));
                    if (brake.block(most(subject, now), subject.limit().block(), now)) {
                        blocked.add(subject);
                    }
                }
                while (pair.counted.size() > FORGIVABLE) {
                    pair.counted.removeFirst();
                }
                return blocked;
            }
        }

        @Override
        public void succeeded(String proved) {
            synchronized (MemoryLoginFailureLedger.this) {
                if (!tell()) {
                    return;
                }
                long now = nanoTime.getAsLong();
                Pair pair = pairs.remove(pairName);
                if (pair != null) {
                    pair.counted.forEach(counted -> counted.brake.takeBack(counted.bucket, now));
                    subjects.forEach(
                            subject -> brakes.get(subject.limit().per()).removeIfIdle(key(subject), now));
                }
                account.ifPresent(name -> known.add(name, network, now));
                known.add(normal(proved), network, now);
            }
        }

        @Override
        public void dismissed() {
            synchronized (MemoryLoginFailureLedger.this) {
                tell();
            }
        }

        /** Gives the places back that the attempt has taken; answers whether it had them still. */
        private boolean tell() {
            if (told) {
                return false;
            }
            told = true;
            long now = nanoTime.getAsLong();
            for (Subject subject : subjects) {
                LoginBrakes kind = brakes.get(subject.limit().per());
                // It may have had to make room meanwhile.
                kind.get(key(subject)).ifPresent(LoginBrakes.Brake::end);
                kind.removeIfIdle(key(subject), now);
            }
            Pair pair = isKnown ? pairs.get(pairName) : null;
            if (pair != null) {
                pair.brake.end();
            }
            MemoryLoginFailureLedger.this.notifyAll();
            return true;
        }
    }
}
