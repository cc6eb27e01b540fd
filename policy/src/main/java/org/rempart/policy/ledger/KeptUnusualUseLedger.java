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
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.UnusualUse;

/**
 * The ledger of a single server: in memory, and in a file below {@value StateFile#FOLDER}, which is written every
 * {@value CountsFile#SECONDS_BETWEEN_SAVES} seconds when something has changed, and when the server stops. A server
 * that is killed forgets what it noted in that time. A file that can't be read is put aside: everything is counted
 * anew.
 */
@Singleton
public final class KeptUnusualUseLedger implements UnusualUseLedger {
    private final MemoryUnusualUseLedger memory;
    private final Clock clock;
    private final CountsFile counts;

    /**
     * The ledger of the file in this file system.
     *
     * @throws UncheckedIOException when its folder can't be made
     */
    @Inject
    public KeptUnusualUseLedger(FileSystem files) {
        this(files, Clock.systemUTC(), new MemoryUnusualUseLedger());
    }

    KeptUnusualUseLedger(FileSystem files, Clock clock, MemoryUnusualUseLedger memory) {
        this.memory = memory;
        this.clock = clock;
        this.counts = new CountsFile(
                StateFile.in(files, "unusual-use.json"), clock, "entries", "What is unusual is", this::write);
        counts.read(this::read);
    }

    @Override
    public boolean loggedIn(Username account, InetAddress client, UnusualUse sign) {
        boolean news = memory.loggedIn(account, client, sign);
        counts.touch();
        return news;
    }

    @Override
    public boolean refused(Username account, UnusualUse sign) {
        boolean news = memory.refused(account, sign);
        counts.touch();
        return news;
    }

    @Override
    public void forget(Username account) {
        memory.forget(account);
        counts.touch();
    }

    @Override
    public void flush() {
        counts.flush();
    }

    private void write(JsonGenerator json) throws IOException {
        for (MemoryUnusualUseLedger.Entry entry : memory.export(CountsFile.MARKS)) {
            write(json, entry);
        }
    }

    private static void write(JsonGenerator json, MemoryUnusualUseLedger.Entry entry) throws IOException {
        json.writeStartObject();
        json.writeStringField("account", entry.account().asString());
        json.writeStringField("sign", entry.sign().name());
        json.writeNumberField("count", entry.limit().count());
        json.writeStringField("window", entry.limit().window().toString());
        if (entry.told() != null) {
            json.writeNumberField("told", entry.told().toMillis());
        }
        json.writeArrayFieldStart("networks");
        for (Map.Entry<String, Duration> network : entry.networks().entrySet()) {
            json.writeString(network.getKey());
            json.writeNumber(network.getValue().toMillis());
        }
        json.writeEndArray();
        Marks.write(json, entry.refused());
        json.writeEndObject();
    }

    private void read(JsonParser json) throws IOException {
        long elapsed = 0;
        Map<String, String> fields = new HashMap<>();
        Map<String, Duration> networks = new LinkedHashMap<>();
        List<SlidingWindow.Mark> marks = List.of();
        while (json.nextToken() != null) {
            if (json.currentToken() == JsonToken.END_OBJECT && fields.containsKey("account")) {
                memory.restore(entry(fields, networks, marks, elapsed));
                fields.clear();
                networks = new LinkedHashMap<>();
                marks = List.of();
            } else if (json.currentToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "time":
                        elapsed = Marks.elapsed(json.getLongValue(), clock);
                        break;
                    case "networks":
                        networks = networks(json, elapsed);
                        break;
                    case "marks":
                        marks = Marks.read(json, elapsed);
                        break;
                    case "entries":
                        // An array whose objects this loop reads.
                        break;
                    default:
                        fields.put(field, json.getText());
                        break;
                }
            }
        }
    }

    private static Map<String, Duration> networks(JsonParser json, long elapsed) throws IOException {
        Map<String, Duration> networks = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            String network = json.getText();
            json.nextToken();
            networks.put(network, Duration.ofMillis(json.getLongValue() + elapsed));
        }
        return networks;
    }

    private static MemoryUnusualUseLedger.Entry entry(
            Map<String, String> fields, Map<String, Duration> networks, List<SlidingWindow.Mark> marks, long elapsed) {
        String told = fields.get("told");
        return new MemoryUnusualUseLedger.Entry(
                Username.of(fields.get("account")),
                UnusualUse.Sign.valueOf(fields.getOrDefault("sign", "")),
                RateLimit.Quantity.of(
                        Integer.parseInt(fields.getOrDefault("count", "")),
                        Duration.parse(fields.getOrDefault("window", ""))),
                networks,
                marks,
                told == null ? null : Duration.ofMillis(Long.parseLong(told) + elapsed));
    }
}
