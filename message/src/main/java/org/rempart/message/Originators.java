/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who a message says it is from: its fields From, Sender, Resent-From and Resent-Sender (RFC 5322, sections 3.6.2 and
 * 3.6.6), all that any lenient mail program takes for one.
 */
public final class Originators {
    /** Bytes; no mail that a person reads has a header as long. */
    public static final int LONGEST_HEADER = 1024 * 1024;

    /** How much of all these fields together is read, in bytes. */
    static final int LONGEST_TEXT = 64 * 1024;

    /** How many of these fields are read. */
    static final int MOST_FIELDS = 100;

    private static final List<String> OTHERS = List.of("Sender", "Resent-From", "Resent-Sender");

    private final List<OriginatorField> from = new ArrayList<>();
    private final List<OriginatorField> others = new ArrayList<>();
    private int textLeft = LONGEST_TEXT;
    private String fault;

    private Originators() {}

    /** Reads the originators of a header. */
    public static Originators of(HeaderBlock header) {
        Originators originators = new Originators();
        originators.fault = header.fault().orElse(null);
        originators.read(header, "From", originators.from);
        OTHERS.forEach(name -> originators.read(header, name, originators.others));
        return originators;
    }

    private void read(HeaderBlock header, String name, List<OriginatorField> into) {
        for (byte[] value : header.valuesOfAnyReading(name)) {
            int length = Math.min(value.length, textLeft);
            if (into.size() == MOST_FIELDS || length < value.length) {
                fault(into.size() == MOST_FIELDS ? "too many address fields" : "an address field that is too long");
            }
            if (into.size() < MOST_FIELDS && length > 0) {
                textLeft -= length;
                OriginatorField field = OriginatorField.of(unfolded(value, length));
                field.fault().ifPresent(this::fault);
                into.add(field);
            }
        }
    }

    private void fault(String reason) {
        if (fault == null) {
            fault = reason;
        }
    }

    /** The value without its line ends (RFC 5322, section 2.2.3), as UTF-8 (RFC 6532); ASCII is the same in any charset. */
    private static String unfolded(byte[] value, int length) {
        byte[] unfolded = new byte[length];
        int kept = 0;
        for (int i = 0; i < length; i++) {
            if (value[i] != '\r' && value[i] != '\n') {
                unfolded[kept++] = value[i];
            }
        }
        return new String(unfolded, 0, kept, StandardCharsets.UTF_8).trim();
    }

    /** What each From field says; there should be one. */
    public List<OriginatorField> from() {
        return from;
    }

    /** What Sender, Resent-From and Resent-Sender say. */
    public List<OriginatorField> others() {
        return others;
    }

    /** All of them. */
    public List<OriginatorField> all() {
        List<OriginatorField> all = new ArrayList<>(from);
        all.addAll(others);
        return all;
    }

    /**
     * Why two readers could understand the header, or one of these fields, in two ways, or why not all of it was read; empty
     * when there is no doubt. That there is no From is none.
     */
    public Optional<String> fault() {
        return Optional.ofNullable(fault);
    }
}
