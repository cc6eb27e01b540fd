/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A message as it lies in a mailbox or on the wire, cut into header fields and body, and not interpreted further.
 * Immutable.
 */
final class RawMessage {
    private final List<Field> fields;
    private final byte[] body;

    private RawMessage(List<Field> fields, byte[] body) {
        this.fields = List.copyOf(fields);
        this.body = body;
    }

    /**
     * A header field.
     *
     * @param name before the colon
     * @param text the whole field on one line: unfolded as RFC 5322, section 2.2.3 says, without its last line end
     */
    record Field(String name, String text) {
        boolean isNamed(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    static RawMessage of(byte[] raw) {
        String text = new String(raw, StandardCharsets.ISO_8859_1);
        int end = text.startsWith("\r\n") ? 0 : text.indexOf("\r\n\r\n");
        String header = end < 0 ? text : text.substring(0, end);
        int bodyStart = end < 0 ? raw.length : end + (end == 0 ? 2 : 4);
        List<Field> fields = new ArrayList<>();
        for (String field : header.split("\r\n(?![ \t])", -1)) {
            if (!field.isEmpty()) {
                int colon = field.indexOf(':');
                fields.add(new Field(
                        colon < 0 ? field : field.substring(0, colon).trim(), field.replaceAll("\r\n(?=[ \t])", "")));
            }
        }
        return new RawMessage(fields, Arrays.copyOfRange(raw, bodyStart, raw.length));
    }

    List<Field> fields() {
        return fields;
    }

    /** What follows the empty line. */
    byte[] body() {
        return body.clone();
    }

    boolean has(String name) {
        return fields.stream().anyMatch(field -> field.isNamed(name));
    }
}
