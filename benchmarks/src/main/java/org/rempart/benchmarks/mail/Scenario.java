/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

/**
 * A load.
 *
 * @param route where the mails go
 * @param connections how many clients send at the same time, each one mail after the other
 */
record Scenario(Route route, int connections) {
    /** Where mails go. */
    enum Route {
        /** To mailboxes of the server. */
        LOCAL,
        /** Through the server to another one. */
        RELAY,
        /** From an account that logs in under TLS to mailboxes of the server. */
        SUBMISSION
    }

    @Override
    public String toString() {
        return route.name().toLowerCase(java.util.Locale.ROOT) + ", " + connections + " connections";
    }
}
