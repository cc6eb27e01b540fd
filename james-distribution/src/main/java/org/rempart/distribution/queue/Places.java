/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Place;

/** Every queue and repository that was ever used, each with the number that its mails' rows name it by. */
final class Places {
    private final GroupCommit commits;
    private final Map<Place, Integer> numbers = new ConcurrentHashMap<>();

    private Places(GroupCommit commits) {
        this.commits = commits;
    }

    static Places read(Connection connection, GroupCommit commits) throws SQLException {
        Places places = new Places(commits);
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT id, kind, name FROM rempart_mail_place");
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                places.numbers.put(new Place(Kind.valueOf(row.getString(2)), row.getString(3)), row.getInt(1));
            }
        }
        return places;
    }

    Set<Place> all() {
        return Set.copyOf(numbers.keySet());
    }

    Optional<Integer> find(Place place) {
        return Optional.ofNullable(numbers.get(place));
    }

    Place of(int number) {
        return numbers.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    /** A place's number; one that is new is known from now on, after a restart too. */
    synchronized int add(Place place) throws MailStoreException {
        Integer known = numbers.get(place);
        if (known != null) {
            return known;
        }
        if (place.name().length() > MailSchema.PLACE_NAME || !place.name().equals(MailTable.clean(place.name()))) {
            throw new MailStoreException("the name of a queue or repository has at most " + MailSchema.PLACE_NAME
                    + " characters and no NUL: " + place.name());
        }
        int number = numbers.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
        commits.write(new GroupCommit.Change() {
            @Override
            long apply(Connection connection) throws SQLException {
                try (PreparedStatement statement = connection.prepareStatement(
                        "INSERT INTO rempart_mail_place (id, kind, name) VALUES (?, ?, ?)")) {
                    statement.setInt(1, number);
                    statement.setString(2, place.kind().name());
                    statement.setString(3, place.name());
                    return statement.executeUpdate();
                }
            }
        });
        numbers.put(place, number);
        return number;
    }
}
