/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/** A message's header, as filters change it. Fields that nobody changes stay as their bytes. For one thread. */
public final class FilteredHeader {
    private static final byte[] LINE_END = {'\r', '\n'};

    private final HeaderBlock original;
    private final List<Entry> entries = new ArrayList<>();
    /** Of fields that a filter has written, in lower case. */
    private final Set<String> written = new TreeSet<>();

    /** A field, or what stands between two. */
    private static final class Entry {
        private final byte[] bytes;
        private final String name;
        private final boolean came;
        private final boolean ours;

        Entry(byte[] bytes, String name, boolean came, boolean ours) {
            this.bytes = bytes;
            this.name = name;
            this.came = came;
            this.ours = ours;
        }
    }

    /**
     * @param ours the fields that this server has written itself: no filter changes them
     */
    public FilteredHeader(HeaderBlock header, Predicate<HeaderField> ours) {
        this.original = header;
        for (HeaderField field : header.fields()) {
            entries.add(new Entry(
                    Arrays.copyOfRange(header.bytes(), field.start(), field.end()),
                    field.name(),
                    true,
                    field.isField() && ours.test(field)));
        }
    }

    /** Does what a filter wants, change by change. */
    public void apply(List<HeaderChange> changes) {
        changes.forEach(this::apply);
    }

    private void apply(HeaderChange change) {
        switch (change.kind()) {
            case ADD:
                entries.add(entry(change));
                break;
            case INSERT:
                entries.add(Math.min(Math.max(change.index(), top()), entries.size()), entry(change));
                break;
            case CHANGE:
                List<Integer> named = named(change.name());
                if (change.index() > named.size()) {
                    entries.add(entry(change));
                } else {
                    replace(named.get(change.index() - 1), entry(change));
                }
                break;
            case REMOVE:
                remove(change);
                break;
            default:
                throw new AssertionError(change.kind());
        }
    }

    private void remove(HeaderChange change) {
        List<Integer> named = named(change.name());
        if (change.index() == 0) {
            Collections.reverse(named);
            named.forEach(place -> replace(place, null));
            return;
        }
        int which = change.index() > 0 ? change.index() - 1 : named.size() + change.index();
        if (which >= 0 && which < named.size()) {
            replace(named.get(which), null);
        }
    }

    private void replace(int place, Entry other) {
        if (entries.get(place).ours) {
            return;
        }
        if (other == null) {
            entries.remove(place);
        } else {
            entries.set(place, other);
        }
    }

    private List<Integer> named(String name) {
        List<Integer> named = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).name.equalsIgnoreCase(name)) {
                named.add(i);
            }
        }
        return named;
    }

    private Entry entry(HeaderChange change) {
        written.add(change.name().toLowerCase(Locale.ROOT));
        return new Entry(change.field().getBytes(StandardCharsets.ISO_8859_1), change.name(), false, false);
    }

    /** A line that would continue what stands before it stays before all. */
    private int top() {
        int top = 0;
        while (top < entries.size() && isContinuation(entries.get(top).bytes)) {
            top++;
        }
        return top;
    }

    private static boolean isContinuation(byte[] bytes) {
        return bytes.length > 0 && (bytes[0] == ' ' || bytes[0] == '\t');
    }

    /** Puts a field of this server before all others. */
    public void mark(String name, String value) {
        entries.add(
                top(),
                new Entry((name + ": " + value + "\r\n").getBytes(StandardCharsets.US_ASCII), name, false, true));
    }

    /**
     * Leaves out the fields that came with the message and speak as a filter here does: what a stranger writes there is worth
     * nothing.
     *
     * @param claimed whether a name is one of a filter's, besides those that filters have written on this message
     */
    public void removeClaims(Predicate<String> claimed) {
        entries.removeIf(entry -> entry.came
                && !entry.ours
                && !entry.name.isEmpty()
                && (claimed.test(entry.name)
                        || (written.contains(entry.name.toLowerCase(Locale.ROOT))
                                && entry.name.toLowerCase(Locale.ROOT).startsWith("x-"))));
    }

    /** Whether anything is other than it was. */
    public boolean isChanged() {
        return !Arrays.equals(bytes(), original.bytes());
    }

    /** As it is now. */
    public HeaderBlock header() {
        return HeaderBlock.parse(bytes());
    }

    private byte[] bytes() {
        List<HeaderField> fields = original.fields();
        int end = fields.isEmpty() ? 0 : fields.get(fields.size() - 1).end();
        ByteArrayOutputStream all = new ByteArrayOutputStream(original.length());
        byte last = '\n';
        for (Entry entry : entries) {
            if (!isLineEnd(last)) {
                all.writeBytes(LINE_END);
            }
            all.writeBytes(entry.bytes);
            last = entry.bytes[entry.bytes.length - 1];
        }
        if (end < original.length()) {
            if (!isLineEnd(last)) {
                all.writeBytes(LINE_END);
            } else if (last == '\r' && end > 0 && original.bytes()[end - 1] != '\r') {
                // With the empty line, a CR alone would make one line end, and the body would be part of the header.
                all.write('\n');
            }
            all.write(original.bytes(), end, original.length() - end);
        }
        return all.toByteArray();
    }

    private static boolean isLineEnd(byte b) {
        return b == '\n' || b == '\r';
    }
}
