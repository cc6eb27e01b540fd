/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

/** The settings of the embedded database's engine, which has to have them before it starts. */
public final class DerbyEngine {
    private DerbyEngine() {}

    /** Sets them, for the engine of this process. */
    public static void configure() {
        // It would write its own log, into the folder that the process was started in.
        System.setProperty("derby.stream.error.method", DerbyLog.class.getName() + ".writer");
        // By default it looks for a deadlock after 20 seconds, and waits for a lock for a minute: longer than any
        // statement may take here. What waits in vain is tried again.
        System.setProperty("derby.locks.deadlockTimeout", "1");
        System.setProperty("derby.locks.waitTimeout", "5");
        // From so many rows on, a change locks the whole table against everybody: by default 5000, fewer than mailboxes
        // have.
        System.setProperty("derby.locks.escalationThreshold", "100000");
    }
}
