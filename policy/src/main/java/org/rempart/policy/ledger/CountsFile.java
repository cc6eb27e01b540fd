/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a ledger has counted, in a file that is written every {@value #SECONDS_BETWEEN_SAVES} seconds when something has
 * changed, and when the server stops: one JSON object with its version, the time, and a list. Counts are no reason to
 * stop a server: a file that can't be written or read is told in the log.
 */
final class CountsFile {
    static final int SECONDS_BETWEEN_SAVES = 10;

    /** So fine is what is read back: a window of an hour moves in steps of a minute then. */
    static final int MARKS = 60;

    private static final Logger LOGGER = LoggerFactory.getLogger(CountsFile.class);
    private static final JsonFactory JSON = new JsonFactory();

    private final StateFile file;
    private final Clock clock;
    private final String list;
    private final String what;
    private final Writer entries;
    private final DelayedSave save;

    /** Writes the entries of the list. */
    @FunctionalInterface
    interface Writer {
        void write(JsonGenerator json) throws IOException;
    }

    /** Reads the whole object. */
    @FunctionalInterface
    interface Reader {
        void read(JsonParser json) throws IOException;
    }

    /**
     * @param list the name of the list
     * @param what is counted, for the log, with its verb: {@code Login failures are}
     */
    CountsFile(StateFile file, Clock clock, String list, String what, Writer entries) {
        this.file = file;
        this.clock = clock;
        this.list = list;
        this.what = what;
        this.entries = entries;
        this.save = new DelayedSave(this::save, Duration.ofSeconds(SECONDS_BETWEEN_SAVES));
    }

    /** Something has changed. */
    void touch() {
        save.touch();
    }

    /** Writes what has changed at once. */
    void flush() {
        save.flush();
    }

    private synchronized void save() {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try {
            try (JsonGenerator json = JSON.createGenerator(content)) {
                json.writeStartObject();
                json.writeNumberField("v", 1);
                json.writeNumberField("time", clock.millis());
                json.writeArrayFieldStart(list);
                entries.write(json);
                json.writeEndArray();
                json.writeEndObject();
            }
            file.write(content.toByteArray());
        } catch (IOException | UncheckedIOException full) {
            LOGGER.error("{} not written down, since {} can't be written", what, file.path(), full);
        }
    }

    /** Reads what was written last, if anything was. */
    void read(Reader reader) {
        try {
            Optional<byte[]> content = file.read();
            if (content.isPresent()) {
                try (JsonParser json = JSON.createParser(content.get())) {
                    reader.read(json);
                }
            }
        } catch (IOException | IllegalArgumentException | DateTimeParseException unreadable) {
            LOGGER.error("{} counted anew, since {} can't be read", what, file.path(), unreadable);
        }
    }
}
