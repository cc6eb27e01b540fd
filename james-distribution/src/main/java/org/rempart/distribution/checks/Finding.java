/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

/**
 * One line of the doctor's report.
 *
 * @param level how bad it is
 * @param what what is found, in words for the administrator
 * @param advice what to do; empty when there is nothing to do
 */
public record Finding(Level level, String what, String advice) {
    /** How bad it is. */
    public enum Level {
        /** As it should be. */
        OK,
        /** It works, and should not stay as it is; or it could not be found out. */
        WARNING,
        /** It keeps mail from coming, leaving or being safe. */
        FAULT
    }

    static Finding ok(String what) {
        return new Finding(Level.OK, what, "");
    }

    static Finding warning(String what, String advice) {
        return new Finding(Level.WARNING, what, advice);
    }

    static Finding fault(String what, String advice) {
        return new Finding(Level.FAULT, what, advice);
    }
}
