/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The marks of a {@link SlidingWindow} as JSON: an array of ages in milliseconds and counts, by turns. */
final class Marks {
    private Marks() {}

    static void write(JsonGenerator json, List<SlidingWindow.Mark> marks) throws IOException {
        json.writeArrayFieldStart("marks");
        for (SlidingWindow.Mark mark : marks) {
            json.writeNumber(TimeUnit.NANOSECONDS.toMillis(mark.age()));
            json.writeNumber(mark.count());
        }
        json.writeEndArray();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @param json stands at the array's start
     * @param elapsed how long ago it was written, in milliseconds
     */
    static List<SlidingWindow.Mark> read(JsonParser json, long elapsed) throws IOException {
        List<SlidingWindow.Mark> marks = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            long age = json.getLongValue();
            json.nextToken();
            marks.add(new SlidingWindow.Mark(TimeUnit.MILLISECONDS.toNanos(age + elapsed), json.getLongValue()));
        }
        return marks;
    }

    /** How long ago that was; nothing, where the clock was set back. */
    static long elapsed(long time, Clock clock) {
        return Math.max(0, clock.millis() - time);
    }
}
