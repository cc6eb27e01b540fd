/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

/** A domain's MTA-STS policy can't be had or read. */
public final class MtaStsException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what is wrong, for the administrator */
    MtaStsException(String message) {
        super(message);
    }

    MtaStsException(String message, Throwable cause) {
        super(message, cause);
    }
}
