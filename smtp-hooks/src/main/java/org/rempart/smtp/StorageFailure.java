/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.sql.SQLException;
import java.util.Set;

/** Why something could not be stored. */
final class StorageFailure {
    /** PostgreSQL's disk_full, and Derby's "most likely the log is full". */
    private static final Set<String> FULL = Set.of("53100", "XSLA4");

    private StorageFailure() {}

    /** Whether there was no room: the disk is full, or the quota of the server's user. */
    static boolean isFull(Throwable failure) {
        int depth = 0;
        // A chain of causes may be a ring.
        for (Throwable cause = failure; cause != null && depth < 50; cause = cause.getCause()) {
            boolean stated = cause instanceof SQLException && FULL.contains(((SQLException) cause).getSQLState());
            if (stated || isFull(String.valueOf(cause.getMessage()))) {
                return true;
            }
            depth++;
        }
        return false;
    }

    /** Whether the operating system said so: ENOSPC or EDQUOT. */
    static boolean isFull(String message) {
        return message.contains("No space left on device") || message.contains("Disk quota exceeded");
    }
}
