/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The marks of a {@link SlidingWindow} as JSON: an array of ages in milliseconds and counts, by turns. */
final class Marks {
    /** So fine is what is read back: a window of an hour moves in steps of a minute then. */
    static final int IN_A_WINDOW = 60;

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
     * @param elapsed how long ago it was written
     */
    static List<SlidingWindow.Mark> read(JsonRecord record, Duration elapsed) throws IOException {
        List<Long> numbers = record.list("marks", Long.class);
        if (numbers.size() % 2 != 0) {
            throw new IOException("an age lacks its count");
        }
        List<SlidingWindow.Mark> marks = new ArrayList<>();
        for (int i = 0; i < numbers.size(); i += 2) {
            marks.add(new SlidingWindow.Mark(
                    TimeUnit.MILLISECONDS.toNanos(numbers.get(i)) + elapsed.toNanos(), numbers.get(i + 1)));
        }
        return marks;
    }
}
