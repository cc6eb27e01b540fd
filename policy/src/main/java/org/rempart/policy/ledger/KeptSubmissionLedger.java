/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * {@value CountsFile#SECONDS_BETWEEN_SAVES} seconds and when the server stops; a server that is killed forgets the
 * counts of that time, and never a hold.
 *
 * <p>A file of holds that can't be read stops the start, since whoever was held would send again; one of counts that
 * can't is put aside.
 */
@Singleton
public final class KeptSubmissionLedger implements SubmissionLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(KeptSubmissionLedger.class);
    private static final JsonFactory JSON = new JsonFactory();

    private final MemorySubmissionLedger memory;
    private final StateFile holds;
    private final CountsFile counts;
    private final Clock clock;

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
        this.clock = clock;
        this.holds = StateFile.in(files, "holds.json");
        this.counts = new CountsFile(
                StateFile.in(files, "submissions.json"),
                clock,
                "windows",
                "What accounts have sent is",
                this::writeCounts);
        counts.read(this::readCounts);
        readHolds();
    }

    @Override
    public Admission enter(Username account, List<RateLimit> limits, int recipients) {
        return noted(memory.enter(account, limits, recipients), true);
    }

    @Override
    public Admission ask(Username account, List<RateLimit> limits, int recipients) {
        return noted(memory.ask(account, limits, recipients), false);
    }

    private Admission noted(Admission admission, boolean entered) {
        if (admission.holds()) {
            saveHolds();
        } else if (entered && admission.isAdmitted()) {
            counts.touch();
        }
        return admission;
    }

    @Override
    public Optional<Hold> held(Username account) {
        return memory.held(account);
    }

    @Override
    public boolean hold(Hold hold) {
        boolean isNew = memory.hold(hold);
        if (isNew) {
            saveHolds();
        }
        return isNew;
    }

    @Override
    public boolean release(Username account) {
        boolean wasHeld = memory.release(account);
        if (wasHeld) {
            saveHolds();
            counts.touch();
        }
        return wasHeld;
    }

    @Override
    public Usage usage(Username account) {
        return memory.usage(account);
    }

    @Override
    public List<Usage> usages() {
        return memory.usages();
    }

    @Override
    public void flush() {
        counts.flush();
    }

    // Holds

    private synchronized void saveHolds() {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try {
            try (JsonGenerator json = JSON.createGenerator(content)) {
                json.writeStartObject();
                json.writeNumberField("v", 1);
                json.writeArrayFieldStart("holds");
                for (Usage usage : memory.usages()) {
                    if (usage.hold().isPresent()) {
                        write(json, usage.hold().get());
                    }
                }
                json.writeEndArray();
                json.writeEndObject();
            }
            holds.write(content.toByteArray());
        } catch (IOException full) {
            LOGGER.error("Who is held is known in memory alone, since {} can't be written", holds.path(), full);
        }
    }

    private static void write(JsonGenerator json, Hold hold) throws IOException {
        json.writeStartObject();
        json.writeStringField("account", hold.account().asString());
        json.writeStringField("since", hold.since().toString());
        json.writeStringField("reason", hold.reason());
        json.writeNumberField("messages", hold.messages());
        json.writeNumberField("recipients", hold.recipients());
        json.writeEndObject();
    }

    private void readHolds() {
        try {
            Optional<byte[]> content = holds.read();
            if (content.isEmpty()) {
                return;
            }
            try (JsonParser json = JSON.createParser(content.get())) {
                Map<String, String> fields = new HashMap<>();
                while (json.nextToken() != null) {
                    if (json.currentToken() == JsonToken.START_OBJECT) {
                        fields.clear();
                    } else if (json.currentToken().isScalarValue()) {
                        fields.put(json.currentName(), json.getText());
                    } else if (json.currentToken() == JsonToken.END_OBJECT && fields.containsKey("account")) {
                        memory.hold(hold(fields));
                        fields.clear();
                    }
                }
            }
        } catch (IOException | IllegalArgumentException | DateTimeParseException unreadable) {
            LOGGER.error("{} can't be read", holds.path(), unreadable);
            throw new UncheckedIOException(
                    new IOException(holds.path() + ", which says who may not send, can't be read ("
                            + unreadable.getMessage() + "); restore it, or delete it and hold the accounts again"));
        }
    }

    private static Hold hold(Map<String, String> fields) {
        return Hold.of(
                Username.of(fields.get("account")),
                Instant.parse(fields.getOrDefault("since", Instant.EPOCH.toString())),
                fields.getOrDefault("reason", ""),
                Long.parseLong(fields.getOrDefault("messages", "0")),
                Long.parseLong(fields.getOrDefault("recipients", "0")));
    }

    // Counts

    private void writeCounts(JsonGenerator json) {
        memory.export(
                (account, recipients, length, marks) -> {
                    if (!marks.isEmpty()) {
                        write(json, account, recipients, length, marks);
                    }
                },
                CountsFile.MARKS);
    }

    private static void write(
            JsonGenerator json, Username account, boolean recipients, Duration length, List<SlidingWindow.Mark> marks) {
        try {
            json.writeStartObject();
            json.writeStringField("account", account.asString());
            json.writeBooleanField("recipients", recipients);
            json.writeStringField("length", length.toString());
            Marks.write(json, marks);
            json.writeEndObject();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void readCounts(JsonParser json) throws IOException {
        long elapsed = 0;
        String account = "";
        boolean recipients = false;
        Duration length = Duration.ZERO;
        List<SlidingWindow.Mark> marks = new ArrayList<>();
        while (json.nextToken() != null) {
            if (json.currentToken() == JsonToken.END_OBJECT && !account.isEmpty()) {
                memory.restore(Username.of(account), recipients, length, marks);
                account = "";
            } else if (json.currentToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "time":
                        elapsed = Marks.elapsed(json.getLongValue(), clock);
                        break;
                    case "account":
                        account = json.getText();
                        break;
                    case "recipients":
                        recipients = json.getBooleanValue();
                        break;
                    case "length":
                        length = Duration.parse(json.getText());
                        break;
                    case "marks":
                        marks = Marks.read(json, elapsed);
                        break;
                    default:
                        // The version; and "windows", an array whose objects this loop reads.
                        break;
                }
            }
        }
    }
}
