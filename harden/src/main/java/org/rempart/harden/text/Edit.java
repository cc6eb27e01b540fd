/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

/** One change of a text: what stands from {@code start} to before {@code end} becomes {@code with}. */
public final class Edit {
    private final int start;
    private final int end;
    private final String with;
    private final String reason;

    public Edit(int start, int end, String with, String reason) {
        this.start = start;
        this.end = end;
        this.with = with;
        this.reason = reason;
    }

    public int start() {
        return start;
    }

    public int end() {
        return end;
    }

    public String with() {
        return with;
    }

    /** What is wrong without it, in one line. */
    public String reason() {
        return reason;
    }
}
