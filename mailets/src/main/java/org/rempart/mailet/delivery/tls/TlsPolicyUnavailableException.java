/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

/** It can't be known now what TLS a destination must have; mail for it waits. */
public final class TlsPolicyUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message who could not be asked, and why, for the administrator */
    public TlsPolicyUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
