/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

/**
 * The store that several servers share does not answer: nobody can tell whether an account is held, or what it has sent.
 * Who asks has to refuse for now, or to let wait; nothing is let through for it.
 */
public final class LedgerAwayException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LedgerAwayException(String message) {
        super(message);
    }

    public LedgerAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
