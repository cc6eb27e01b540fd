/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import com.google.common.base.Splitter;
import java.util.Collections;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.mail.Flags;

/** Flags that clients have made up (RFC 3501, section 2.3.2): atoms, whose case does not matter. Immutable. */
final class Keywords {
    static final Keywords NONE = new Keywords(Collections.emptySortedMap());

    /** Each under its name in lower case. */
    private final SortedMap<String, String> names;

    private Keywords(SortedMap<String, String> names) {
        this.names = names;
    }

    /** Reads what {@link #text()} has written. */
    static Keywords of(String text) {
        if (text.isEmpty()) {
            return NONE;
        }
        SortedMap<String, String> names = new TreeMap<>();
        for (String name : Splitter.on(' ').split(text)) {
            names.put(name.toLowerCase(Locale.ROOT), name);
        }
        return new Keywords(names);
    }

    /** With spaces between them. */
    String text() {
        return String.join(" ", names.values());
    }

    /** These, and those of a message. */
    Keywords and(Flags flags) {
        String[] more = flags.getUserFlags();
        if (more.length == 0) {
            return this;
        }
        SortedMap<String, String> all = new TreeMap<>(names);
        for (String name : more) {
            all.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
        }
        return new Keywords(all);
    }

    void addTo(Flags flags) {
        names.values().forEach(flags::add);
    }
}
