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
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.FailureLimit;
import org.rempart.policy.RateLimit;
import org.rempart.policy.Rule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger of a single server: in memory, and in a file below {@value StateFile#FOLDER}, which is written every
 * {@value #SECONDS_BETWEEN_SAVES} seconds when something has changed, and when the server stops. A server that is killed
 * forgets the failures and blocks of that time.
 */
@Singleton
public final class KeptLoginFailureLedger implements LoginFailureLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(KeptLoginFailureLedger.class);
    private static final JsonFactory JSON = new JsonFactory();
    private static final int SECONDS_BETWEEN_SAVES = 10;
    private static final int MARKS = 60;

    private final MemoryLoginFailureLedger memory;
    private final StateFile file;
    private final Clock clock;
    private final DelayedSave save;

    /**
     * The ledger of the file in this file system.
     *
     * @throws UncheckedIOException when its folder can't be made
     */
    @Inject
    public KeptLoginFailureLedger(FileSystem files) {
        this(files, Clock.systemUTC(), new MemoryLoginFailureLedger());
    }

    KeptLoginFailureLedger(FileSystem files, Clock clock, MemoryLoginFailureLedger memory) {
        this.memory = memory;
        this.clock = clock;
        this.file = StateFile.in(files, "login-failures.json");
        this.save = new DelayedSave(this::save, Duration.ofSeconds(SECONDS_BETWEEN_SAVES));
        read();
    }

    @Override
    public Optional<Subject> blocked(List<Subject> subjects) {
        return memory.blocked(subjects);
    }

    @Override
    public Optional<Attempt> begin(List<Subject> subjects) {
        return memory.begin(subjects).map(Noted::new);
    }

    private final class Noted implements Attempt {
        private final Attempt attempt;

        Noted(Attempt attempt) {
            this.attempt = attempt;
        }

        @Override
        public List<Subject> failed() {
            List<Subject> blocked = attempt.failed();
            save.touch();
            return blocked;
        }

        @Override
        public void succeeded() {
            attempt.succeeded();
        }

        @Override
        public void dismissed() {
            attempt.dismissed();
        }
    }

    @Override
    public void flush() {
        save.flush();
    }

    private synchronized void save() {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try {
            try (JsonGenerator json = JSON.createGenerator(content)) {
                json.writeStartObject();
                json.writeNumberField("v", 1);
                json.writeNumberField("time", clock.millis());
                json.writeArrayFieldStart("subjects");
                memory.export(
                        (per, name, limit, block, failures, blockedFor) ->
                                write(json, per, name, limit, block, failures, blockedFor),
                        MARKS);
                json.writeEndArray();
                json.writeEndObject();
            }
            file.write(content.toByteArray());
        } catch (IOException | UncheckedIOException full) {
            LOGGER.error("Login failures are not written down, since {} can't be written", file.path(), full);
        }
    }

    private static void write(
            JsonGenerator json,
            FailureLimit.Per per,
            String name,
            RateLimit.Quantity limit,
            Duration block,
            List<SlidingWindow.Mark> failures,
            Duration blockedFor) {
        try {
            json.writeStartObject();
            json.writeStringField("per", per.name());
            json.writeStringField("name", name);
            json.writeNumberField("count", limit.count());
            json.writeStringField("window", limit.window().toString());
            json.writeStringField("block", block.toString());
            json.writeNumberField("blockedFor", blockedFor.toMillis());
            Marks.write(json, failures);
            json.writeEndObject();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void read() {
        try {
            Optional<byte[]> content = file.read();
            if (content.isPresent()) {
                read(content.get());
            }
        } catch (IOException | IllegalArgumentException | DateTimeParseException unreadable) {
            LOGGER.error("Login failures are counted anew, since {} can't be read", file.path(), unreadable);
        }
    }

    private void read(byte[] content) throws IOException {
        try (JsonParser json = JSON.createParser(content)) {
            long elapsed = 0;
            Map<String, String> fields = new HashMap<>();
            List<SlidingWindow.Mark> marks = new ArrayList<>();
            while (json.nextToken() != null) {
                if (json.currentToken() == JsonToken.END_OBJECT && fields.containsKey("per")) {
                    memory.restore(
                            subject(fields),
                            marks,
                            Duration.ofMillis(Math.max(0, Long.parseLong(fields.get("blockedFor")) - elapsed)));
                    fields.clear();
                } else if (json.currentToken() == JsonToken.FIELD_NAME) {
                    String field = json.currentName();
                    json.nextToken();
                    if (field.equals("time")) {
                        elapsed = Marks.elapsed(json.getLongValue(), clock);
                    } else if (field.equals("marks")) {
                        marks = Marks.read(json, elapsed);
                    } else if (json.currentToken().isScalarValue()) {
                        fields.put(field, json.getText());
                    }
                }
            }
        }
    }

    private static Subject subject(Map<String, String> fields) {
        return Subject.of(
                FailureLimit.of(
                        FailureLimit.Per.valueOf(fields.get("per")),
                        RateLimit.Quantity.of(
                                Integer.parseInt(fields.get("count")), Duration.parse(fields.get("window"))),
                        Duration.parse(fields.get("block")),
                        Rule.byDefault("<failures>")),
                fields.get("name"));
    }
}
