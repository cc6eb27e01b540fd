/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.apache.james.filesystem.api.FileSystem;

/**
 * A copy of the holds of a store that several servers share, below {@value StateFile#FOLDER}: of a store that has lost what
 * was in it, each server puts back what it knows. Not safe for use by many threads.
 */
public final class HoldsCopy {
    private final KeptState<State> file;
    private State state = new State("", List.of());

    private static final class State {
        private final String store;
        private final List<Hold> holds;

        State(String store, List<Hold> holds) {
            this.store = store;
            this.holds = List.copyOf(holds);
        }
    }

    private HoldsCopy(StateFile file) {
        this.file =
                new KeptState<>(file, Clock.systemUTC(), 1, "The copy of the shared holds is", new Form(), () -> state);
    }

    /**
     * The copy in this file system.
     *
     * @throws UncheckedIOException when it can't be read: it is what keeps a hold if the store loses it
     */
    public static HoldsCopy in(FileSystem files) {
        StateFile file = StateFile.in(files, "shared-holds.json");
        HoldsCopy copy = new HoldsCopy(file);
        try {
            copy.file.read().ifPresent(read -> copy.state = read);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(
                    new IOException(file.path() + ", the copy of the shared holds, can't be read ("
                            + unreadable.getMessage() + "); restore it, or delete it if the store has lost nothing"));
        }
        return copy;
    }

    /** Which store it is a copy of; empty for none. */
    public String store() {
        return state.store;
    }

    public List<Hold> holds() {
        return state.holds;
    }

    /** Keeps this from now on; it is on the disk when this returns, or the log says why not. */
    public void keep(String store, List<Hold> holds) {
        state = new State(store, holds);
        file.saveOrTell();
    }

    private static final class Form implements KeptState.Form<State> {
        private final KeptState.Form<List<Hold>> holds = new KeptSubmissionLedger.HoldsForm();

        @Override
        public void write(State state, JsonGenerator json) throws IOException {
            json.writeStringField("store", state.store);
            holds.write(state.holds, json);
        }

        @Override
        public State read(JsonRecord record, Duration elapsed) throws IOException {
            return new State(record.text("store"), holds.read(record, elapsed));
        }
    }
}
