/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way in which a ledger's state is kept: a copy is taken as the ledger sees fit, and then written without any of
 * its locks, as one JSON object with its version and the time, into a {@link StateFile}. What is read back is of that
 * version and whole, or is not read at all.
 *
 * @param <S> the copy, which nobody changes
 */
final class KeptState<S> {
    static final int SECONDS_BETWEEN_SAVES = 10;

    private static final Logger LOGGER = LoggerFactory.getLogger(KeptState.class);
    private static final JsonFactory JSON = new JsonFactory();

    private final StateFile file;
    private final Clock clock;
    private final int version;
    private final String what;
    private final Form<S> form;
    private final Supplier<S> snapshot;
    private final DelayedSave save;

    /** How the state is written, and read back. */
    interface Form<S> {
        /** Writes the members of the object. */
        void write(S state, JsonGenerator json) throws IOException;

        /**
         * Reads what {@link #write} wrote.
         *
         * @param elapsed how long ago that was
         * @throws IOException when something is missing, or of another form
         */
        S read(JsonRecord state, Duration elapsed) throws IOException;
    }

    /**
     * @param version of the form; a file of another one is not read
     * @param what is kept, for the log, with its verb: {@code Login failures are}
     */
    KeptState(StateFile file, Clock clock, int version, String what, Form<S> form, Supplier<S> snapshot) {
        this.file = file;
        this.clock = clock;
        this.version = version;
        this.what = what;
        this.form = form;
        this.snapshot = snapshot;
        this.save = new DelayedSave(this::saveOrTell, Duration.ofSeconds(SECONDS_BETWEEN_SAVES));
    }

    /** Something has changed that may be written a while later. */
    void touch() {
        save.touch();
    }

    /** Writes what has changed at once. */
    void flush() {
        save.flush();
    }

    /** Writes the state as it is; it is on the disk when this returns. */
    synchronized void save() throws IOException {
        S state = snapshot.get();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(content)) {
            json.writeStartObject();
            json.writeNumberField("v", version);
            json.writeNumberField("time", clock.millis());
            form.write(state, json);
            json.writeEndObject();
        }
        file.write(content.toByteArray());
    }

    /** Does as {@link #save()}; a failure is told in the log. */
    void saveOrTell() {
        try {
            save();
        } catch (IOException full) {
            LOGGER.error("{} in memory alone, since {} can't be written", what, file.path(), full);
        }
    }

    /**
     * What was written last; empty when nothing was.
     *
     * @throws IOException when it can't be read, or is not whole
     */
    Optional<S> read() throws IOException {
        Optional<byte[]> content = file.read();
        if (content.isEmpty()) {
            return Optional.empty();
        }
        JsonRecord record = JsonRecord.read(content.get());
        long written = record.number("v");
        if (written != version) {
            throw new IOException("it is of version " + written + ", and this server writes " + version);
        }
        Duration elapsed = Duration.ofMillis(Math.max(0, clock.millis() - record.number("time")));
        S state = form.read(record, elapsed);
        record.complete();
        return Optional.of(state);
    }

    /**
     * Does as {@link #read()} for what is no reason to stop a server: a file that can't be read is put aside, and told in the
     * log.
     */
    Optional<S> readOrPutAside() {
        try {
            return read();
        } catch (IOException unreadable) {
            LOGGER.error(
                    "{} counted from nothing, since {} can't be read: {}", what, file.path(), unreadable.getMessage());
            file.putAside();
            return Optional.empty();
        }
    }
}
