/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

/** A header, or a field of it, that different readers could take for different things. */
final class UnreadableHeaderException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param reason for the audit trail */
    UnreadableHeaderException(String reason) {
        super(reason);
    }
}
