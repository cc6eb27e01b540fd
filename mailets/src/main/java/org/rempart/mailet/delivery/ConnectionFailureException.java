/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.Optional;
import org.rempart.mailet.delivery.tls.TlsResult;

/** There is no connection over which mail could be sent: another host, or a later try, may do better. */
final class ConnectionFailureException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Outcome outcome;
    private final TlsResult tls;

    ConnectionFailureException(Outcome outcome, Throwable cause) {
        this(outcome, null, cause);
    }

    /** @param tls what was wrong with TLS; null: nothing */
    ConnectionFailureException(Outcome outcome, TlsResult tls, Throwable cause) {
        super(outcome.reason(), cause);
        this.outcome = outcome;
        this.tls = tls;
    }

    /** What was wrong with TLS, if that was it. */
    Optional<TlsResult> tls() {
        return Optional.ofNullable(tls);
    }

    /** What comes of it for every mail that was to go over it. */
    Outcome outcome() {
        return outcome;
    }
}
