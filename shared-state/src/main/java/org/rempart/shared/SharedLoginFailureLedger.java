/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.ScriptOutputType;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.ledger.ClientNetwork;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.MemoryLoginFailureLedger;
import org.rempart.policy.ledger.Orders;
import org.rempart.policy.submission.FailureLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts login failures over all servers, and knows where accounts have logged in of late on any of them; by the same rules
 * as {@link MemoryLoginFailureLedger}. An attempt whose server was killed gives its place back after two minutes.
 *
 * <p>While the store is away each server counts by itself: guessers are braked on each, and people can still read their
 * mail.
 *
 * <p>Passwords are told apart by a keyed hash of a few bytes, whose key comes from the store's password and is not in the
 * store.
 */
final class SharedLoginFailureLedger implements LoginFailureLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(SharedLoginFailureLedger.class);
    private static final String HMAC = "HmacSHA256";

    /** How long an attempt waits for those that are under way. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** How long until it asks again, unless one of this server has ended before. */
    private static final long BETWEEN_LOOKS = TimeUnit.MILLISECONDS.toNanos(100);

    /** So many threads may wait; the next one is told to come later. */
    private static final int WAITING = 24;

    /** Names that are longer are cut: nobody has such a name. */
    private static final int LONGEST_NAME = 320;

    private static final Script<Long> REFUSED = script(ScriptOutputType.INTEGER, "login-refused.lua");
    private static final Script<List<String>> BEGIN = script(ScriptOutputType.MULTI, "login-begin.lua");
    private static final Script<List<Long>> END = script(ScriptOutputType.MULTI, "login-end.lua");
    private static final Script<Long> FORGET = script(ScriptOutputType.INTEGER, "login-forget.lua");

    private final SharedStore store;
    private final Orders orders;
    private final LongSupplier offset;
    private final SecretKeySpec key;
    private final LoginFailureLedger local = new MemoryLoginFailureLedger();
    private final Object ends = new Object();
    private int waiting;

    /** @param files where the orders of an administrator lie */
    SharedLoginFailureLedger(SharedStore store, FileSystem files) {
        this(store, files, () -> 0);
    }

    /**
     * A ledger for tests.
     *
     * @param offset what is added to the store's clock, in microseconds
     */
    SharedLoginFailureLedger(SharedStore store, FileSystem files, LongSupplier offset) {
        this.store = store;
        this.orders = Orders.in(files, "logins", System::nanoTime);
        this.offset = offset;
        this.key = new SecretKeySpec(store.secret("login failures"), HMAC);
    }

    private static <T> Script<T> script(ScriptOutputType output, String file) {
        return Script.of(SharedLoginFailureLedger.class, output, "windows.lua", "logins.lua", file);
    }

    private <T> T run(Script<T> script, List<String> values) {
        List<String> all = new ArrayList<>(List.of(String.valueOf(offset.getAsLong())));
        all.addAll(values);
        return store.run(script, List.of(store.key("logins", "")), all);
    }

    private static String normal(String account) {
        String name = account.toLowerCase(Locale.ROOT);
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME);
    }

    private String fingerprint(String... parts) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            for (String part : parts) {
                mac.update(part.getBytes(StandardCharsets.UTF_8));
                mac.update((byte) 0);
            }
            byte[] hash = mac.doFinal();
            StringBuilder digits = new StringBuilder();
            for (int i = 0; i < Long.BYTES; i++) {
                digits.append(Character.forDigit(hash[i] >> 4 & 0xf, 16)).append(Character.forDigit(hash[i] & 0xf, 16));
            }
            return digits.toString();
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static List<String> limit(FailureLimit limit, String name) {
        return List.of(
                limit.per().name(),
                name,
                String.valueOf(limit.limit().count()),
                SharedSubmissionLedger.micros(limit.limit().window()),
                SharedSubmissionLedger.micros(limit.block()));
    }

    @Override
    public Optional<Subject> refused(List<FailureLimit> limits, InetAddress client) {
        String network = ClientNetwork.subscriber(client);
        List<FailureLimit> asked = limits.stream()
                .filter(limit -> limit.per() == FailureLimit.Per.ADDRESS && limit.appliesTo(client))
                .collect(Collectors.toList());
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        List<String> values = new ArrayList<>(List.of(network));
        asked.forEach(limit -> values.addAll(limit(limit, network)));
        try {
            obey();
            int braked = Math.toIntExact(run(REFUSED, values));
            return braked < 0 ? Optional.empty() : Optional.of(Subject.of(asked.get(braked), network));
        } catch (LedgerAwayException away) {
            return local.refused(limits, client);
        }
    }

    @Override
    public Answer begin(List<FailureLimit> limits, Login login) {
        UnderWay attempt = new UnderWay(limits, login);
        long patience = System.nanoTime() + PATIENCE.toNanos();
        try {
            obey();
            while (true) {
                Optional<Answer> answer = attempt.begin();
                if (answer.isPresent()) {
                    return answer.get();
                }
                long left = patience - System.nanoTime();
                if (left <= 0 || !waitFor(Math.min(left, BETWEEN_LOOKS))) {
                    return Answer.tooSoon();
                }
            }
        } catch (LedgerAwayException away) {
            LOGGER.debug("Logins are counted by this server alone", away);
            return local.begin(limits, login);
        }
    }

    /** An account that is released is known nowhere: it may be the thief who was. */
    private void obey() {
        orders.carryOut(account -> forget(account.asString()));
    }

    /** Waits until an attempt has ended, or a little; answers false when too many wait, or the thread is to end. */
    private boolean waitFor(long nanos) {
        synchronized (ends) {
            if (waiting >= WAITING) {
                return false;
            }
            waiting++;
            try {
                TimeUnit.NANOSECONDS.timedWait(ends, nanos);
                return true;
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                return false;
            } finally {
                waiting--;
            }
        }
    }

    /** @throws LedgerAwayException while the store is away: it may be the thief's place that is known */
    @Override
    public void forget(String account) {
        local.forget(account);
        run(FORGET, List.of(normal(account)));
    }

    /** Nothing that lasts is in memory alone. */
    @Override
    public void flush() {}

    private final class UnderWay implements Attempt {
        private final String id = UUID.randomUUID().toString();
        private final List<FailureLimit> all;
        private final Login login;
        private final String network;
        private final String account;
        private final List<FailureLimit> limits;
        private final List<Subject> subjects = new ArrayList<>();
        private boolean isKnown;
        private boolean told;

        UnderWay(List<FailureLimit> all, Login login) {
            this.all = all;
            this.login = login;
            this.network = ClientNetwork.subscriber(login.client());
            this.account = login.account().map(SharedLoginFailureLedger::normal).orElse("");
            this.limits = all.stream()
                    .filter(limit -> limit.appliesTo(login.client()))
                    .collect(Collectors.toList());
            String secret = fingerprint(login.secret());
            for (FailureLimit limit : limits) {
                if (limit.per() == FailureLimit.Per.ADDRESS) {
                    subjects.add(Subject.of(limit, network));
                } else if (login.account().isPresent()) {
                    subjects.add(Subject.of(limit, limit.per() == FailureLimit.Per.ACCOUNT ? account : secret));
                }
            }
        }

        /** The limit that bears least, by which an account is measured where it is known. */
        private List<String> least() {
            return limits.stream()
                    .min(Comparator.comparing(limit -> limit.limit().count()))
                    .map(limit -> List.of(
                            String.valueOf(limit.limit().count()),
                            SharedSubmissionLedger.micros(limit.limit().window())))
                    .orElse(List.of("0", "0"));
        }

        /** Empty when it has to wait. */
        Optional<Answer> begin() {
            List<String> values = new ArrayList<>(
                    List.of(id, network, account, login.account().isPresent() ? "1" : "0"));
            values.addAll(least());
            subjects.forEach(subject -> values.addAll(limit(subject.limit(), subject.name())));
            List<String> answer = run(BEGIN, values);
            isKnown = answer.get(0).equals("1");
            switch (answer.get(1)) {
                case "braked":
                    return Optional.of(Answer.braked(subjects.get(Integer.parseInt(answer.get(2)))));
                case "soon":
                    return Optional.of(Answer.tooSoon());
                case "tried":
                    return Optional.of(Answer.tried(this));
                default:
                    return Optional.empty();
            }
        }

        private List<Subject> end(String outcome, String proved) {
            synchronized (this) {
                if (told) {
                    return List.of();
                }
                told = true;
            }
            String pause = limits.stream()
                    .flatMap(limit -> limit.delay().stream())
                    .max(Comparator.naturalOrder())
                    .map(SharedSubmissionLedger::micros)
                    .orElse("0");
            List<String> values = new ArrayList<>(List.of(id, network, account, isKnown ? "1" : "0"));
            values.addAll(least());
            values.addAll(List.of(outcome, fingerprint(account, login.secret()), pause, normal(proved)));
            subjects.forEach(subject -> values.addAll(limit(subject.limit(), subject.name())));
            try {
                return run(END, values).stream()
                        .map(braked -> subjects.get(Math.toIntExact(braked)))
                        .collect(Collectors.toList());
            } finally {
                synchronized (ends) {
                    ends.notifyAll();
                }
            }
        }

        @Override
        public List<Subject> failed() {
            try {
                return end("failed", "");
            } catch (LedgerAwayException away) {
                return local.begin(all, login).attempt().map(Attempt::failed).orElse(List.of());
            }
        }

        /** That the account is known here this server remembers, too, for when the store is away. */
        @Override
        public void succeeded(String proved) {
            local.begin(List.of(), login).attempt().ifPresent(attempt -> attempt.succeeded(proved));
            try {
                end("succeeded", proved);
            } catch (LedgerAwayException away) {
                LOGGER.debug("That {} has logged in is known to this server alone", proved, away);
            }
        }

        @Override
        public void dismissed() {
            try {
                end("dismissed", "");
            } catch (LedgerAwayException away) {
                LOGGER.debug("An attempt keeps its place for a while", away);
            }
        }
    }
}
