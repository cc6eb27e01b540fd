/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.rempart.mailet.delivery.tls.PublishedPolicy;

/** What was seen of one policy on one day. Not safe for use by many threads. */
final class PolicyCount {
    /** So many kinds of failure are told apart; all are counted. */
    static final int MOST_KINDS = 20;

    private final PublishedPolicy policy;
    private final Map<Failure, Long> failures = new LinkedHashMap<>();
    private long successes;
    private long failed;

    PolicyCount(PublishedPolicy policy) {
        this.policy = Objects.requireNonNull(policy);
    }

    /** A kind of failure. */
    static final class Failure {
        private static final int LONGEST = 250;

        private final String result;
        private final String host;
        private final String address;
        private final String reason;

        /**
         * @param result as RFC 8460, section 4.3, names it
         * @param address empty where none was reached
         */
        Failure(String result, String host, String address, String reason) {
            this.result = result;
            this.host = bounded(host);
            this.address = address;
            this.reason = bounded(reason);
        }

        private static String bounded(String text) {
            String line = text.replaceAll("\\p{Cntrl}", " ");
            return line.length() > LONGEST ? line.substring(0, LONGEST) : line;
        }

        String result() {
            return result;
        }

        String host() {
            return host;
        }

        String address() {
            return address;
        }

        String reason() {
            return reason;
        }

        /** What is said of it makes no other kind. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Failure
                    && result.equals(((Failure) other).result)
                    && host.equals(((Failure) other).host)
                    && address.equals(((Failure) other).address);
        }

        @Override
        public int hashCode() {
            return Objects.hash(result, host, address);
        }
    }

    void succeeded(long times) {
        successes += times;
    }

    void failed(Failure failure, long times) {
        failed += times;
        if (failures.containsKey(failure) || failures.size() < MOST_KINDS) {
            failures.merge(failure, times, Long::sum);
        }
    }

    /** Failures of which nothing more is known than their number. */
    void failed(long times) {
        failed += times;
    }

    PublishedPolicy policy() {
        return policy;
    }

    long successes() {
        return successes;
    }

    /** All failures, those of kinds that are not told apart too. */
    long failures() {
        return failed;
    }

    Map<Failure, Long> kinds() {
        return failures;
    }

    PolicyCount copy() {
        PolicyCount copy = new PolicyCount(policy);
        copy.successes = successes;
        copy.failed = failed;
        copy.failures.putAll(failures);
        return copy;
    }
}
