/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.server.core.MailImpl;
import org.rempart.distribution.queue.MailTable.Row;

/** {@link MailAdministration} of a {@link MailStore}. */
public final class StoredMailAdministration implements MailAdministration {
    private static final int MOST_OF_A_PAGE = 1_000;
    /** Numbers in one statement. */
    private static final int CHUNK = 200;

    private static final int HEADER = 64 * 1024;
    /** The end of the year 9999, which every form of a date can hold. */
    static final long LAST_INSTANT = 253_402_300_799_000L;

    private final MailStore store;

    /** Administers this store. */
    @Inject
    public StoredMailAdministration(MailStore store) {
        this.store = store;
    }

    /** A condition with its values. */
    private record Condition(String sql, List<Object> values) {
        Condition and(String other, Object... more) {
            List<Object> all = new ArrayList<>(values);
            all.addAll(List.of(more));
            return new Condition(sql + " AND " + other, all);
        }

        /** Filled up to a power of two with the last one, so that there are few shapes of statements, whatever is asked for. */
        Condition andIn(String column, List<?> wanted) {
            int count = Integer.highestOneBit(Math.max(1, wanted.size() * 2 - 1));
            List<Object> filled = new ArrayList<>(wanted);
            filled.addAll(Collections.nCopies(count - wanted.size(), wanted.get(wanted.size() - 1)));
            return and(column + " IN (?" + ", ?".repeat(count - 1) + ")", filled.toArray());
        }
    }

    private Condition condition(Filter filter) {
        Condition condition = new Condition("1 = 1", List.of());
        if (!filter.ids().isEmpty()) {
            condition = condition.andIn("id", List.copyOf(filter.ids()));
        }
        if (filter.kind().isPresent() || filter.name().isPresent()) {
            List<Object> places = new ArrayList<>();
            for (Place place : store.places().all()) {
                if (filter.kind().filter(kind -> kind != place.kind()).isEmpty()
                        && filter.name().filter(name -> !isNamed(place, name)).isEmpty()) {
                    store.places().find(place).ifPresent(places::add);
                }
            }
            condition = places.isEmpty() ? condition.and("1 = 0") : condition.andIn("place", places);
        }
        if (filter.sender().isPresent()) {
            String sender =
                    filter.sender().get().isEmpty() ? "<>" : filter.sender().get();
            condition = condition.and("sender = ?", MailTable.searchable(sender, MailSchema.SENDER));
        }
        if (filter.recipient().isPresent()) {
            String recipient =
                    MailTable.searchableRecipients(List.of(filter.recipient().get()));
            condition = condition.and(
                    "recipients LIKE ? ESCAPE '!'",
                    "%" + recipient.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%");
        }
        if (filter.account().isPresent()) {
            condition = condition.and(
                    "account = ?", MailTable.searchable(filter.account().get(), MailSchema.SENDER));
        }
        if (filter.held().isPresent()) {
            condition = condition.and("held = " + (filter.held().get() ? 1 : 0));
        }
        if (filter.olderThan().isPresent()) {
            condition = condition.and(
                    "arrival <= ?", store.now() - filter.olderThan().get().toMillis());
        }
        return condition;
    }

    private static boolean isNamed(Place place, String name) {
        if (place.name().equals(name)) {
            return true;
        }
        int path = place.name().indexOf("://");
        return place.kind() == Kind.REPOSITORY
                && path >= 0
                && withoutSlashes(place.name().substring(path + "://".length())).equals(withoutSlashes(name));
    }

    private static String withoutSlashes(String path) {
        return path.replaceAll("^/+|/+$", "");
    }

    @Override
    public List<Count> counts() throws MailStoreException {
        Map<Integer, Count> counted = store.table().read(connection -> {
            Map<Integer, Count> found = new HashMap<>();
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT place, COUNT(*), SUM(CASE WHEN held = 1 THEN 1 ELSE 0 END),"
                            + " SUM(CASE WHEN held = 0 AND due > ? THEN 1 ELSE 0 END), SUM(blob_size), MIN(arrival)"
                            + " FROM rempart_mail GROUP BY place")) {
                statement.setLong(1, store.now());
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        Place place = store.places().of(row.getInt(1));
                        found.put(
                                row.getInt(1),
                                new Count(
                                        place,
                                        row.getLong(2),
                                        row.getLong(3),
                                        place.kind() == Kind.QUEUE ? row.getLong(4) : 0,
                                        row.getLong(5),
                                        Optional.of(Instant.ofEpochMilli(row.getLong(6)))));
                    }
                }
            }
            return found;
        });
        return store.places().all().stream()
                .sorted(Comparator.comparing(Place::kind).thenComparing(Place::name))
                .map(place -> store.places()
                        .find(place)
                        .map(counted::get)
                        .orElseGet(() -> new Count(place, 0, 0, 0, 0, Optional.empty())))
                .collect(Collectors.toList());
    }

    @Override
    public Page list(Filter filter, long after, int limit) throws MailStoreException {
        if (limit < 1 || limit > MOST_OF_A_PAGE) {
            throw new IllegalArgumentException("a page has between 1 and " + MOST_OF_A_PAGE + " mails: " + limit);
        }
        Condition condition = condition(filter).and("id > ?", after);
        List<Row> rows = store.table().rows(condition.sql(), condition.values(), limit);
        return new Page(
                rows.stream().map(this::summary).collect(Collectors.toList()),
                rows.size() < limit
                        ? OptionalLong.empty()
                        : OptionalLong.of(rows.get(rows.size() - 1).id()));
    }

    @Override
    public long count(Filter filter) throws MailStoreException {
        Condition condition = condition(filter);
        return store.table().count("SELECT COUNT(*) FROM rempart_mail WHERE " + condition.sql(), condition.values());
    }

    private Summary summary(Row row) {
        return new Summary(
                row.id(),
                store.places().of(row.place()),
                row.name(),
                row.sender(),
                row.recipients(),
                row.blob().map(Blobs.Blob::size).orElse(0L),
                Instant.ofEpochMilli(row.arrival()),
                Instant.ofEpochMilli(Math.min(row.due(), LAST_INSTANT)),
                row.held(),
                store.queue(row.place())
                        .filter(queue -> queue.isInFlight(row.id()))
                        .isPresent(),
                row.tries(),
                row.lastError());
    }

    @Override
    public Optional<Details> show(long id) throws MailStoreException {
        Optional<Row> found = store.table().row(id);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Row row = found.get();
        try {
            MailImpl mail = Envelope.read(row.envelope());
            Map<String, String> attributes = new TreeMap<>();
            mail.attributes()
                    .forEach(attribute -> attributes.put(
                            attribute.getName().asString(),
                            String.valueOf(attribute.getValue().value())));
            return Optional.of(new Details(
                    summary(row),
                    mail.getState(),
                    text(mail.getErrorMessage()),
                    text(mail.getRemoteHost()),
                    text(mail.getRemoteAddr()),
                    attributes,
                    header(row)));
        } catch (IOException broken) {
            return Optional.of(new Details(summary(row), "", broken.getMessage(), "", "", Map.of(), header(row)));
        }
    }

    private static String text(String text) {
        return text == null ? "" : text;
    }

    private String header(Row row) {
        if (row.blob().isEmpty()) {
            return "(the mail has no message)";
        }
        try (InputStream in = store.blobs().open(row.blob().get().name())) {
            String start = new String(in.readNBytes(HEADER), ISO_8859_1);
            int end = start.indexOf("\r\n\r\n");
            int unixEnd = start.indexOf("\n\n");
            if (end < 0 || (unixEnd >= 0 && unixEnd < end)) {
                end = unixEnd;
            }
            return end < 0 ? start : start.substring(0, end);
        } catch (IOException unreadable) {
            return "(" + unreadable.getMessage() + ")";
        }
    }

    @Override
    public Optional<InputStream> message(long id) throws MailStoreException, IOException {
        Optional<Blobs.Blob> blob = store.table().row(id).flatMap(Row::blob);
        return blob.isEmpty()
                ? Optional.empty()
                : Optional.of(store.blobs().open(blob.get().name()));
    }

    @Override
    public long hold(Filter filter) throws MailStoreException {
        if (filter.kind().filter(Kind.REPOSITORY::equals).isPresent()) {
            return 0;
        }
        long held = update(
                "held = 1", List.of(), condition(filter.withKind(Kind.QUEUE)).and("held = 0"));
        store.refreshQueues();
        return held;
    }

    @Override
    public long release(Filter filter) throws MailStoreException {
        long released = update(
                "held = 0, due = ?, delay = 0",
                List.of(store.now()),
                condition(filter).and("held = 1"));
        store.refreshQueues();
        return released;
    }

    @Override
    public long flush(Filter filter) throws MailStoreException {
        if (filter.kind().filter(Kind.REPOSITORY::equals).isPresent()) {
            return 0;
        }
        long now = store.now();
        long flushed = update(
                "due = ?, delay = 0",
                List.of(now),
                condition(filter.withKind(Kind.QUEUE)).and("held = 0").and("due > ?", now));
        store.refreshQueues();
        return flushed;
    }

    @Override
    public long process(Filter filter) throws MailStoreException {
        if (filter.kind().filter(Kind.QUEUE::equals).isPresent()) {
            return 0;
        }
        Place spool = new Place(Kind.QUEUE, MailQueueFactory.SPOOL.asString());
        int place = store.places()
                .find(spool)
                .orElseThrow(() -> new MailStoreException("there is no spool; the server does not process mail"));
        long processed = update(
                "place = ?, held = 0, due = ?, delay = 0, tries = 0",
                List.of(place, store.now()),
                condition(filter.withKind(Kind.REPOSITORY)));
        store.refreshQueues();
        return processed;
    }

    private long update(String what, List<Object> values, Condition condition) throws MailStoreException {
        List<Object> all = new ArrayList<>(values);
        all.addAll(condition.values());
        return store.task(connection ->
                MailTable.update(connection, "UPDATE rempart_mail SET " + what + " WHERE " + condition.sql(), all));
    }

    /** What is deleted of one mail. */
    private record Doomed(long id, int place, Optional<String> blob) {}

    @Override
    public long delete(Filter filter) throws MailStoreException {
        long deleted = 0;
        long after = 0;
        while (true) {
            List<Doomed> page = doomed(condition(filter).and("id > ?", after));
            for (Map.Entry<Integer, List<Doomed>> place :
                    page.stream().collect(Collectors.groupingBy(Doomed::place)).entrySet()) {
                deleted += delete(place.getKey(), place.getValue());
            }
            if (page.size() < CHUNK) {
                return deleted;
            }
            after = page.get(page.size() - 1).id();
        }
    }

    private List<Doomed> doomed(Condition condition) throws MailStoreException {
        return store.table().read(connection -> {
            List<Doomed> found = new ArrayList<>();
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT id, place, blob_name FROM rempart_mail WHERE " + condition.sql()
                            + " ORDER BY id FETCH FIRST " + CHUNK + " ROWS ONLY")) {
                MailTable.bind(statement, condition.values());
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        found.add(new Doomed(row.getLong(1), row.getInt(2), Optional.ofNullable(row.getString(3))));
                    }
                }
            }
            return found;
        });
    }

    private long delete(int place, List<Doomed> doomed) throws MailStoreException {
        Set<Long> ids = doomed.stream().map(Doomed::id).collect(Collectors.toSet());
        Optional<StoredMailQueue> queue = store.queue(place);
        // What is in flight is another's.
        Set<Long> taken = queue.isPresent() ? queue.get().take(ids) : ids;
        try {
            return deleteTaken(
                    doomed.stream().filter(mail -> taken.contains(mail.id())).collect(Collectors.toList()));
        } finally {
            queue.ifPresent(mine -> mine.giveBack(taken));
        }
    }

    private long deleteTaken(Collection<Doomed> doomed) throws MailStoreException {
        if (doomed.isEmpty()) {
            return 0;
        }
        return store.task(
                connection -> {
                    long rows = 0;
                    for (Doomed mail : doomed) {
                        rows += MailTable.delete(connection, mail.id());
                    }
                    return rows;
                },
                () -> doomed.forEach(mail -> mail.blob().ifPresent(store::deleteBlob)));
    }
}
