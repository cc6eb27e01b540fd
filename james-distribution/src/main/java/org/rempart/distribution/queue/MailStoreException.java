/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

/**
 * The database or the files behind the stored mail did not do what was asked. Nothing has been changed then, unless the
 * method that throws it says otherwise. The message is written for the administrator.
 */
public final class MailStoreException extends Exception {
    /** @param message what failed, where, and what helps */
    public MailStoreException(String message) {
        super(message);
    }

    /** @param message what failed, where, and what helps */
    public MailStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
