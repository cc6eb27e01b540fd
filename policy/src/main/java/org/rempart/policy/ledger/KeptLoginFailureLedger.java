/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit;

/**
 * The ledger of a single server: in memory, and in a file below {@value StateFile#FOLDER}, which is written every
 * {@value CountsFile#SECONDS_BETWEEN_SAVES} seconds when something has changed, and when the server stops. A server
 * that is killed forgets the failures and blocks of that time.
 */
@Singleton
public final class KeptLoginFailureLedger implements LoginFailureLedger {
    private final MemoryLoginFailureLedger memory;
    private final Clock clock;
    private final CountsFile counts;

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
        this.counts = new CountsFile(
                StateFile.in(files, "login-failures.json"), clock, "subjects", "Login failures are", this::write);
        counts.read(this::read);
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
            counts.touch();
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
        counts.flush();
    }

    private void write(JsonGenerator json) {
        memory.export(
                (per, name, limit, block, failures, blockedFor) ->
                        write(json, per, name, limit, block, failures, blockedFor),
                CountsFile.MARKS);
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

    private void read(JsonParser json) throws IOException {
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
