/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** There is no connection over which mail could be sent: another host, or a later try, may do better. */
final class ConnectionFailureException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Outcome outcome;

    ConnectionFailureException(Outcome outcome, Throwable cause) {
        super(outcome.reason(), cause);
        this.outcome = outcome;
    }

    /** What comes of it for every mail that was to go over it. */
    Outcome outcome() {
        return outcome;
    }
}
