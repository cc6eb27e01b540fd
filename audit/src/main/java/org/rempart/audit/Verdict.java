/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

/** What came of a check. Only {@link #PASS} says that all is well. */
public enum Verdict {
    PASS("pass"),
    WARN("warn"),
    FAIL("fail"),
    /** It was to be tested, and could not be. */
    NOT_TESTABLE("not testable"),
    /** Needs something that the user did not give; the finding says what. */
    NOT_ASKED("not asked");

    private final String label;

    Verdict(String label) {
        this.label = label;
    }

    /** As it stands in reports. */
    public String label() {
        return label;
    }
}
