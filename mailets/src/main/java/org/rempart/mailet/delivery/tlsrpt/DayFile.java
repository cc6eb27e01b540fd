/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.rempart.mailet.delivery.tls.PublishedPolicy;

/** The counts of a day in a file, put in place in one step. */
final class DayFile {
    static final String SUFFIX = ".json";

    private static final JsonFactory JSON = new JsonFactory();
    private static final int DEEPEST = 8;

    private DayFile() {}

    static Path of(Path folder, LocalDate day) {
        return folder.resolve(day + SUFFIX);
    }

    static void write(Path folder, LocalDate day, Map<String, List<PolicyCount>> domains) throws IOException {
        Path part = Files.createTempFile(folder, "new-", ".part");
        try {
            try (OutputStream out = Files.newOutputStream(part);
                    JsonGenerator json = JSON.createGenerator(out)) {
                json.writeStartArray();
                for (Map.Entry<String, List<PolicyCount>> domain : domains.entrySet()) {
                    for (PolicyCount count : domain.getValue()) {
                        write(json, domain.getKey(), count);
                    }
                }
                json.writeEndArray();
            }
            Files.move(part, of(folder, day), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void write(JsonGenerator json, String domain, PolicyCount count) throws IOException {
        json.writeStartObject();
        json.writeStringField("domain", domain);
        json.writeStringField("type", count.policy().type());
        json.writeStringField("policyDomain", count.policy().domain());
        texts(json, "text", count.policy().text());
        texts(json, "hosts", count.policy().hosts());
        json.writeNumberField("successes", count.successes());
        json.writeNumberField("failed", count.failures());
        json.writeArrayFieldStart("failures");
        for (Map.Entry<PolicyCount.Failure, Long> failure : count.kinds().entrySet()) {
            json.writeStartObject();
            json.writeStringField("result", failure.getKey().result());
            json.writeStringField("host", failure.getKey().host());
            json.writeStringField("address", failure.getKey().address());
            json.writeStringField("reason", failure.getKey().reason());
            json.writeNumberField("count", failure.getValue());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    static void texts(JsonGenerator json, String name, List<String> texts) throws IOException {
        json.writeArrayFieldStart(name);
        for (String text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }

    /** @throws IOException when the file can't be read, or holds something else */
    static Map<String, List<PolicyCount>> read(Path file) throws IOException {
        Map<String, List<PolicyCount>> domains = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(file.toFile())) {
            json.nextToken();
            for (Object each : (List<?>) value(json, 0)) {
                Map<?, ?> entry = (Map<?, ?>) each;
                PolicyCount count = new PolicyCount(new PublishedPolicy(
                        text(entry, "type"), text(entry, "policyDomain"), texts(entry, "text"), texts(entry, "hosts")));
                count.succeeded(number(entry, "successes"));
                long told = 0;
                for (Object kind : (List<?>) entry.get("failures")) {
                    Map<?, ?> failure = (Map<?, ?>) kind;
                    count.failed(
                            new PolicyCount.Failure(
                                    text(failure, "result"),
                                    text(failure, "host"),
                                    text(failure, "address"),
                                    text(failure, "reason")),
                            number(failure, "count"));
                    told += number(failure, "count");
                }
                count.failed(number(entry, "failed") - told);
                domains.computeIfAbsent(text(entry, "domain"), fresh -> new ArrayList<>())
                        .add(count);
            }
        } catch (ClassCastException | NullPointerException foreign) {
            throw new IOException("it holds something else than counts of TLS sessions", foreign);
        }
        return domains;
    }

    private static String text(Map<?, ?> map, String name) {
        return java.util.Objects.requireNonNull((String) map.get(name));
    }

    private static long number(Map<?, ?> map, String name) {
        return (Long) map.get(name);
    }

    private static List<String> texts(Map<?, ?> map, String name) {
        List<String> texts = new ArrayList<>();
        ((List<?>) map.get(name)).forEach(text -> texts.add((String) text));
        return texts;
    }

    private static Object value(JsonParser json, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new IOException("it is nested too deeply");
        }
        JsonToken token = json.currentToken();
        if (token == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                list.add(value(json, depth + 1));
            }
            return list;
        }
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> map = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                map.put(name, value(json, depth + 1));
            }
            return map;
        }
        if (token == JsonToken.VALUE_NUMBER_INT) {
            return json.getLongValue();
        }
        if (token == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        throw new IOException("it has a value of a kind that is not written there");
    }
}
