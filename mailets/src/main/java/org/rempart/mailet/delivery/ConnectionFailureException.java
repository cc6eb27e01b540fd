/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/**
 * There is no connection over which mail could be sent: another host, or a later try, may do better. The message is the
 * reason in the form of a reply, {@code 421 4.4.1 …}.
 */
final class ConnectionFailureException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean tls;

    private ConnectionFailureException(String reason, boolean tls, Throwable cause) {
        super(reason, cause);
        this.tls = tls;
    }

    /** The host can't be reached, or does not serve. */
    static ConnectionFailureException unavailable(String reason, Throwable cause) {
        return new ConnectionFailureException(reason, false, cause);
    }

    /** TLS is required and can't be had, or does not prove what it should. */
    static ConnectionFailureException tls(String reason, Throwable cause) {
        return new ConnectionFailureException("454 4.7.5 " + reason, true, cause);
    }

    boolean isTls() {
        return tls;
    }
}
