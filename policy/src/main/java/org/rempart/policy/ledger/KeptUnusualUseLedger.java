/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.submission.UnusualUse;

/**
 * The ledger of a single server: in memory, and in a file below {@value StateFile#FOLDER}, which is written every
 * {@value KeptState#SECONDS_BETWEEN_SAVES} seconds when something has changed, and when the server stops. A server
 * that is killed forgets what it noted in that time. A file that can't be read is put aside: everything is counted
 * again.
 */
@Singleton
public final class KeptUnusualUseLedger implements UnusualUseLedger {
    private final MemoryUnusualUseLedger memory;
    private final KeptState<List<MemoryUnusualUseLedger.Entry>> counts;
    private final Orders orders;

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
        this.orders = Orders.in(files, "signs", System::nanoTime);
        this.counts = new KeptState<>(
                StateFile.in(files, "unusual-use.json"),
                clock,
                1,
                "What is unusual is",
                new EntriesForm(),
                memory::export);
        counts.readOrPutAside().ifPresent(entries -> entries.forEach(memory::restore));
    }

    /** Of who is released, nothing is unusual yet. */
    private void obey() {
        orders.carryOut(this::forget);
    }

    @Override
    public boolean loggedIn(Username account, InetAddress client, UnusualUse sign) {
        obey();
        boolean news = memory.loggedIn(account, client, sign);
        counts.touch();
        return news;
    }

    @Override
    public boolean refused(Username account, UnusualUse sign) {
        obey();
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

    private static final class EntriesForm implements KeptState.Form<List<MemoryUnusualUseLedger.Entry>> {
        @Override
        public void write(List<MemoryUnusualUseLedger.Entry> entries, JsonGenerator json) throws IOException {
            json.writeArrayFieldStart("entries");
            for (MemoryUnusualUseLedger.Entry entry : entries) {
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
                    json.writeStartObject();
                    json.writeStringField("network", network.getKey());
                    json.writeNumberField("ago", network.getValue().toMillis());
                    json.writeEndObject();
                }
                json.writeEndArray();
                Marks.write(json, entry.refused());
                json.writeEndObject();
            }
            json.writeEndArray();
        }

        @Override
        public List<MemoryUnusualUseLedger.Entry> read(JsonRecord state, Duration elapsed) throws IOException {
            List<MemoryUnusualUseLedger.Entry> entries = new ArrayList<>();
            for (JsonRecord entry : state.list("entries", JsonRecord.class)) {
                Map<String, Duration> networks = new LinkedHashMap<>();
                for (JsonRecord network : entry.list("networks", JsonRecord.class)) {
                    networks.put(network.text("network"), ago(network, "ago", elapsed));
                    network.complete();
                }
                entries.add(new MemoryUnusualUseLedger.Entry(
                        entry.account("account"),
                        entry.constant("sign", UnusualUse.Sign.class),
                        entry.quantity("count", "window"),
                        networks,
                        Marks.read(entry, elapsed),
                        entry.has("told") ? ago(entry, "told", elapsed) : null));
                entry.complete();
            }
            return entries;
        }

        private static Duration ago(JsonRecord record, String name, Duration elapsed) throws IOException {
            return Duration.ofMillis(record.number(name)).plus(elapsed);
        }
    }
}
