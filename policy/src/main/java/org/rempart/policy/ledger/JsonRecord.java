/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.james.core.Username;
import org.rempart.policy.submission.RateLimit;

/**
 * A JSON object of a state file, read strictly: a member that is missing, of another form, or that nobody has asked for is
 * a fault. What a newer server wrote, or a hand, is thus never taken for less than it says.
 */
final class JsonRecord {
    private static final JsonFactory JSON = new JsonFactory();

    private final String place;
    private final Map<String, Object> members;
    private final Set<String> unread;

    private JsonRecord(String place, Map<String, Object> members) {
        this.place = place;
        this.members = members;
        this.unread = new HashSet<>(members.keySet());
    }

    /**
     * Reads an object, and nothing behind it.
     *
     * @throws IOException when the bytes are no such thing
     */
    static JsonRecord read(byte[] content) throws IOException {
        try (JsonParser json = JSON.createParser(content)) {
            JsonToken first = json.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw new IOException(first == null ? "it is empty" : "it is no JSON object");
            }
            JsonRecord read = object(json, "it");
            if (json.nextToken() != null) {
                throw new IOException("something stands behind its end");
            }
            return read;
        }
    }

    private static JsonRecord object(JsonParser json, String place) throws IOException {
        Map<String, Object> members = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            if (members.put(name, value(json, place + "." + name)) != null) {
                throw new IOException(place + " has \"" + name + "\" twice");
            }
        }
        return new JsonRecord(place, members);
    }

    private static Object value(JsonParser json, String place) throws IOException {
        switch (json.currentToken()) {
            case START_OBJECT:
                return object(json, place);
            case START_ARRAY:
                List<Object> values = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    values.add(value(json, place));
                }
                return values;
            case VALUE_NUMBER_INT:
                return json.getLongValue();
            case VALUE_STRING:
                return json.getText();
            case VALUE_TRUE:
                return true;
            case VALUE_FALSE:
                return false;
            default:
                throw new IOException(place + " is " + json.getText());
        }
    }

    private <T> T member(String name, Class<T> form) throws IOException {
        unread.remove(name);
        Object value = members.get(name);
        if (!form.isInstance(value)) {
            throw new IOException(
                    value == null ? place + " lacks \"" + name + "\"" : place + "." + name + " is " + value);
        }
        return form.cast(value);
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    String text(String name) throws IOException {
        return member(name, String.class);
    }

    long number(String name) throws IOException {
        return member(name, Long.class);
    }

    boolean flag(String name) throws IOException {
        return member(name, Boolean.class);
    }

    Duration duration(String name) throws IOException {
        try {
            return Duration.parse(text(name));
        } catch (DateTimeException other) {
            throw new IOException(place + "." + name + " is no duration", other);
        }
    }

    /** So many within a time. */
    RateLimit.Quantity quantity(String count, String window) throws IOException {
        try {
            return RateLimit.Quantity.of(Math.toIntExact(number(count)), duration(window));
        } catch (ArithmeticException | IllegalArgumentException none) {
            throw new IOException(place + " has no limit in " + count + " and " + window, none);
        }
    }

    Instant instant(String name) throws IOException {
        try {
            return Instant.parse(text(name));
        } catch (DateTimeException other) {
            throw new IOException(place + "." + name + " is no time", other);
        }
    }

    Username account(String name) throws IOException {
        try {
            return Username.of(text(name));
        } catch (IllegalArgumentException none) {
            throw new IOException(place + "." + name + " is no account", none);
        }
    }

    <E extends Enum<E>> E constant(String name, Class<E> type) throws IOException {
        String written = text(name);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(written)) {
                return constant;
            }
        }
        throw new IOException(place + "." + name + " is " + written);
    }

    /** The members of an array, each of the form. */
    <T> List<T> list(String name, Class<T> form) throws IOException {
        List<T> values = new ArrayList<>();
        for (Object value : member(name, List.class)) {
            if (!form.isInstance(value)) {
                throw new IOException(place + "." + name + " holds " + value);
            }
            values.add(form.cast(value));
        }
        return values;
    }

    /**
     * Says that all was asked for that this server knows.
     *
     * @throws IOException when there is more
     */
    void complete() throws IOException {
        if (!unread.isEmpty()) {
            throw new IOException(place + " has " + String.join(", ", unread) + ", which this server does not know");
        }
    }
}
