/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.nio.file.Path;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/** A process that opens the database of a home, and so makes it, for a test that kills it meanwhile. */
final class FirstStart {
    static final String BEGINS = "begins";
    static final String OPEN = "open";
    static final String FAULT = "fault: ";

    private FirstStart() {}

    public static void main(String[] arguments) throws InterruptedException {
        System.out.println(BEGINS);
        try {
            Database.open(DatabaseSettings.of(new Home(Path.of(arguments[0]))));
            System.out.println(OPEN);
        } catch (FaultException fault) {
            System.out.println(FAULT + fault.getMessage());
        }
        // Anyone who started it ends it.
        Thread.currentThread().join();
    }
}
