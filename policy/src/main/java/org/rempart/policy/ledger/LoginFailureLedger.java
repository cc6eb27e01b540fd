/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.google.inject.ImplementedBy;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.submission.FailureLimit;

/**
 * Counts login failures, and knows what is blocked for having too many. One ledger serves all that people log
 * in to. This interface is where a ledger that several servers share is put in: bind it in a Guice module that
 * {@code extensions.properties} names.
 *
 * <p>An implementation is safe for use by many threads. An attempt takes its place under a limit before its password is
 * looked at, so that a thousand of them at the same time are no way around the limit.
 */
@ImplementedBy(KeptLoginFailureLedger.class)
public interface LoginFailureLedger {
    /** A limit, and whose failures it counts here: an address, or an account. */
    final class Subject {
        private final FailureLimit limit;
        private final String name;

        private Subject(FailureLimit limit, String name) {
            this.limit = Objects.requireNonNull(limit);
            this.name = Objects.requireNonNull(name);
        }

        public static Subject of(FailureLimit limit, String name) {
            return new Subject(limit, name);
        }

        /**
         * All whose failures an attempt counts for: under each limit for addresses that applies to the client, its network
         * as {@link ClientNetwork#subscriber} has it; under each for accounts, the account.
         *
         * @param account the name that is tried, whether there is such an account or not; empty where none is given
         */
        public static List<Subject> all(List<FailureLimit> limits, InetAddress client, Optional<String> account) {
            List<Subject> subjects = new ArrayList<>();
            for (FailureLimit limit : limits) {
                if (limit.appliesTo(client) && limit.per() == FailureLimit.Per.ADDRESS) {
                    subjects.add(of(limit, ClientNetwork.subscriber(client)));
                } else if (limit.appliesTo(client)) {
                    account.ifPresent(name -> subjects.add(of(limit, name)));
                }
            }
            return subjects;
        }

        public FailureLimit limit() {
            return limit;
        }

        public String name() {
            return name;
        }
    }

    /** An attempt to log in whose outcome is to be told, once. */
    interface Attempt {
        /**
         * The password was wrong.
         *
         * @return the subjects that are blocked from now on for it
         */
        List<Subject> failed();

        /**
         * The login succeeded. The failures of the same subjects together, that is of this account from this address,
         * are taken back: he who had mistyped his password was no guesser. Those of other accounts from the address, and
         * of the account from other addresses, stay: with an account of his own nobody resets what he did to others,
         * and the victim's telephone does not reset what a guesser does to the victim.
         */
        void succeeded();

        /** The outcome says nothing about the client; nothing is counted. */
        void dismissed();
    }

    /** The first of the subjects that is blocked. */
    Optional<Subject> blocked(List<Subject> subjects);

    /**
     * Begins an attempt.
     *
     * @return empty when a subject is blocked, or would be if all attempts that are under way failed, or has to wait after
     *     its last failure, as {@link FailureLimit#delay()} says
     */
    Optional<Attempt> begin(List<Subject> subjects);

    /** Writes down what is only in memory yet; called when the server stops. */
    void flush();
}
