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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.submission.RateLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger of a single server: in memory, and in files below {@value StateFile#FOLDER}. A hold or a release is on the
 * disk before it takes effect for the next message. What was counted is written every
 * {@value KeptState#SECONDS_BETWEEN_SAVES} seconds and when the server stops; a server that is killed forgets the
 * counts of that time, and never a hold.
 *
 * <p>What the command {@code accounts} of the jar orders takes effect within a second, and at the start.
 *
 * <p>A file of holds that is not whole stops the start, since an account that was held would send again; one of counts
 * that is not is put aside.
 */
@Singleton
public final class KeptSubmissionLedger implements SubmissionLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(KeptSubmissionLedger.class);

    private final MemorySubmissionLedger memory;
    private final KeptState<List<Hold>> holds;
    private final KeptState<List<MemorySubmissionLedger.Counted>> counts;
    private final Orders orders;

    /**
     * The ledger of the files in this file system.
     *
     * @throws UncheckedIOException when they can't be read, or their folder can't be made
     */
    @Inject
    public KeptSubmissionLedger(FileSystem files) {
        this(files, Clock.systemUTC(), new MemorySubmissionLedger());
    }

    KeptSubmissionLedger(FileSystem files, Clock clock, MemorySubmissionLedger memory) {
        this.memory = memory;
        this.orders = Orders.in(files, "holds", System::nanoTime);
        StateFile held = StateFile.in(files, "holds.json");
        this.holds = new KeptState<>(held, clock, 1, "Who is held is", new HoldsForm(), memory::holds);
        this.counts = new KeptState<>(
                StateFile.in(files, "submissions.json"),
                clock,
                1,
                "What accounts have sent is",
                new CountsForm(),
                memory::export);
        counts.readOrPutAside().ifPresent(counted -> counted.forEach(memory::restore));
        try {
            holds.read().ifPresent(list -> list.forEach(memory::hold));
        } catch (IOException unreadable) {
            LOGGER.error("{} can't be read: {}", held.path(), unreadable.getMessage());
            throw new UncheckedIOException(
                    new IOException(held.path() + ", which says who may not send, can't be read ("
                            + unreadable.getMessage() + "); restore it, or delete it and hold the accounts again"));
        }
    }

    private void obey() {
        orders.carryOut(this);
    }

    @Override
    public Admission enter(Username account, List<RateLimit> limits, int recipients) {
        obey();
        return noted(memory.enter(account, limits, recipients), true);
    }

    @Override
    public Admission ask(Username account, List<RateLimit> limits, int recipients) {
        obey();
        return noted(memory.ask(account, limits, recipients), false);
    }

    private Admission noted(Admission admission, boolean entered) {
        if (admission.holds()) {
            holds.saveOrTell();
        } else if (entered && admission.isAdmitted()) {
            counts.touch();
        }
        return admission;
    }

    @Override
    public Optional<Hold> held(Username account) {
        obey();
        return memory.held(account);
    }

    @Override
    public boolean hold(Hold hold) {
        boolean isNew = memory.hold(hold);
        if (isNew) {
            holds.saveOrTell();
        }
        return isNew;
    }

    @Override
    public boolean release(Username account) {
        boolean wasHeld = memory.release(account);
        if (wasHeld) {
            holds.saveOrTell();
            counts.touch();
        }
        return wasHeld;
    }

    @Override
    public Usage usage(Username account) {
        obey();
        return memory.usage(account);
    }

    @Override
    public List<Usage> usages() {
        obey();
        return memory.usages();
    }

    @Override
    public void flush() {
        counts.flush();
    }

    static final class HoldsForm implements KeptState.Form<List<Hold>> {
        @Override
        public void write(List<Hold> holds, JsonGenerator json) throws IOException {
            json.writeArrayFieldStart("holds");
            for (Hold hold : holds) {
                json.writeStartObject();
                json.writeStringField("account", hold.account().asString());
                json.writeStringField("since", hold.since().toString());
                json.writeStringField("reason", hold.reason());
                json.writeNumberField("messages", hold.messages());
                json.writeNumberField("recipients", hold.recipients());
                json.writeEndObject();
            }
            json.writeEndArray();
        }

        @Override
        public List<Hold> read(JsonRecord state, Duration elapsed) throws IOException {
            List<Hold> holds = new ArrayList<>();
            for (JsonRecord hold : state.list("holds", JsonRecord.class)) {
                holds.add(Hold.of(
                        hold.account("account"),
                        hold.instant("since"),
                        hold.text("reason"),
                        hold.number("messages"),
                        hold.number("recipients")));
                hold.complete();
            }
            return holds;
        }
    }

    private static final class CountsForm implements KeptState.Form<List<MemorySubmissionLedger.Counted>> {
        @Override
        public void write(List<MemorySubmissionLedger.Counted> windows, JsonGenerator json) throws IOException {
            json.writeArrayFieldStart("windows");
            for (MemorySubmissionLedger.Counted counted : windows) {
                json.writeStartObject();
                json.writeStringField("account", counted.account().asString());
                json.writeBooleanField("recipients", counted.ofRecipients());
                json.writeStringField("length", counted.length().toString());
                Marks.write(json, counted.marks());
                json.writeEndObject();
            }
            json.writeEndArray();
        }

        @Override
        public List<MemorySubmissionLedger.Counted> read(JsonRecord state, Duration elapsed) throws IOException {
            List<MemorySubmissionLedger.Counted> windows = new ArrayList<>();
            for (JsonRecord window : state.list("windows", JsonRecord.class)) {
                windows.add(new MemorySubmissionLedger.Counted(
                        window.account("account"),
                        window.flag("recipients"),
                        window.duration("length"),
                        Marks.read(window, elapsed)));
                window.complete();
            }
            return windows;
        }
    }
}
