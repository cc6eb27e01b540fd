/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * The ARC sets of a header (RFC 8617, section 4). The seal of a set covers its results and all sets below it, so none of it
 * can be rewritten: a set of ours that tells of the internal network has to go as a whole, which leaves the chain below it good. It
 * can go only from the top; below the seal of somebody else it stays, as what any foreign signature covers does.
 */
final class ArcSets {
    private static final String PREFIX = "arc-";
    private static final Pattern INSTANCE = Pattern.compile("[0-9]{1,2}");

    private final BitSet removed = new BitSet();

    /** The fields of one set, by their places in the header. */
    private static final class Set {
        private final BitSet fields = new BitSet();
        private String domain = "";
        private boolean tells;
    }

    /**
     * Reads the sets of a header.
     *
     * @param values tells which results tell of the internal network
     */
    static ArcSets of(HeaderBlock header, InnerNames names, ValueRewriter values) {
        ArcSets sets = new ArcSets();
        List<HeaderField> fields = header.fields();
        TreeMap<Integer, Set> byInstance = new TreeMap<>();
        for (int i = 0; i < fields.size(); i++) {
            HeaderField field = fields.get(i);
            String name = field.name().toLowerCase(Locale.ROOT);
            if (name.startsWith(PREFIX)) {
                Map<String, String> tags = new HashMap<>(ForeignSignatures.tags(field.value()));
                String instance = tags.getOrDefault("i", "");
                if (INSTANCE.matcher(instance).matches()) {
                    Set set = byInstance.computeIfAbsent(Integer.valueOf(instance), number -> new Set());
                    set.fields.set(i);
                    if (name.equals("arc-authentication-results")) {
                        set.tells |= values.results(field) != HeaderBlock.KEEP;
                    } else if (set.domain.isEmpty()) {
                        set.domain = tags.getOrDefault("d", "");
                    }
                }
            }
        }
        boolean top = true;
        for (Set set : byInstance.descendingMap().values()) {
            top = top && set.tells && (set.domain.isEmpty() || names.isOurs(set.domain));
            if (top) {
                sets.removed.or(set.fields);
            }
        }
        return sets;
    }

    /** Whether the field at this place belongs to a set that does not leave. */
    boolean removes(int index) {
        return removed.get(index);
    }
}
