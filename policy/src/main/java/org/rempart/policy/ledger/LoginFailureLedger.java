/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.google.inject.ProvidedBy;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.submission.FailureLimit;

/**
 * Counts login failures, and knows who is braked for having too many. One ledger serves all that people log in to. It is this
 * server's own, or one that a cluster shares, as the policy says; a Guice module that {@code extensions.properties} names can
 * bind another one.
 *
 * <p>A brake must cost the one who guesses more than the owner:
 * <ul>
 *   <li>An account is <em>known</em> at a network from which it has logged in within the last month. What it fails there
 *       counts for nobody else, and the brakes on the network, on the account and on a password do not concern it: after as
 *       many failures as a limit bears, it only has to wait a little between two tries.
 *   <li>The same wrong password at the same account counts once: a telephone that has an old one is no guesser.
 *   <li>A limit counts what is under way, too: who is over it with that waits until the others' passwords were looked at,
 *       so that a thousand tries at once are no way around it, and nobody is refused for coming at the same time.
 *   <li>A login of one account says nothing for another.
 * </ul>
 *
 * An implementation is safe for use by many threads.
 */
@ProvidedBy(Ledgers.Logins.class)
public interface LoginFailureLedger {
    /** Who wants to log in, from where, and with what. */
    final class Login {
        private final InetAddress client;
        private final String account;
        private final String secret;

        private Login(InetAddress client, String account, String secret) {
            this.client = Objects.requireNonNull(client);
            this.account = account;
            this.secret = Objects.requireNonNull(secret);
        }

        /**
         * With a password.
         *
         * @param account the name that is tried, whether there is such an account or not
         */
        public static Login of(InetAddress client, String account, String password) {
            return new Login(client, Objects.requireNonNull(account), password);
        }

        /** With a token, of which only its issuer knows whose it is (RFC 7628). */
        public static Login ofToken(InetAddress client, String token) {
            return new Login(client, null, token);
        }

        public InetAddress client() {
            return client;
        }

        /** Empty for a token. */
        public Optional<String> account() {
            return Optional.ofNullable(account);
        }

        /** The password or the token; for a ledger that tells wrong ones apart, and is written down nowhere. */
        public String secret() {
            return secret;
        }
    }

    /** A limit, and whom it brakes: a network, an account, or a password, which is not named. */
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

        public FailureLimit limit() {
            return limit;
        }

        public String name() {
            return name;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Subject && name.equals(((Subject) other).name) && limit == ((Subject) other).limit;
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }

        @Override
        public String toString() {
            return name + ": " + limit.rule();
        }
    }

    /** Whether a login may be tried. */
    final class Answer {
        private final Attempt attempt;
        private final Subject brake;

        private Answer(Attempt attempt, Subject brake) {
            this.attempt = attempt;
            this.brake = brake;
        }

        /** It may; the outcome is to be told. */
        public static Answer tried(Attempt attempt) {
            return new Answer(Objects.requireNonNull(attempt), null);
        }

        /** It may not for a while, whatever the password, since there were too many failures. */
        public static Answer braked(Subject brake) {
            return new Answer(null, Objects.requireNonNull(brake));
        }

        /** It comes too soon after the last one. */
        public static Answer tooSoon() {
            return new Answer(null, null);
        }

        public Optional<Attempt> attempt() {
            return Optional.ofNullable(attempt);
        }

        public Optional<Subject> brake() {
            return Optional.ofNullable(brake);
        }
    }

    /** An attempt to log in whose outcome is to be told, once. */
    interface Attempt {
        /**
         * The password was wrong.
         *
         * @return the subjects that are braked from now on for it
         */
        List<Subject> failed();

        /**
         * The login succeeded. The failures of this account from this network are taken back: he who had mistyped his
         * password was no guesser. Those of other accounts from there, and of the account from elsewhere, stay: with an
         * account of his own nobody resets what he did to others, and the victim's telephone does not reset what a guesser
         * does to the victim.
         *
         * @param account that has logged in, which the user may have named otherwise; from now on it is known there
         */
        void succeeded(String account);

        /** The outcome says nothing about the client; nothing is counted. */
        void dismissed();
    }

    /** The limit for which a connection need not be taken at all: its network is braked, and no account is known there. */
    Optional<Subject> refused(List<FailureLimit> limits, InetAddress client);

    /**
     * Begins an attempt. Waits, for some seconds at most, while as many are under way as a limit has room for.
     *
     * @param limits all of the policy
     */
    Answer begin(List<FailureLimit> limits, Login login);

    /** Forgets where an account is known, for when somebody else had its password. */
    void forget(String account);

    /** Writes down what is only in memory yet; called when the server stops. */
    void flush();
}
