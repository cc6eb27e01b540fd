/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.ScanArgs;
import java.util.Set;
import java.util.TreeSet;

/** The names of keys: {@code prefix:{tag}:name}. All keys with the same tag lie on the same server of a Redis Cluster. */
final class StoreNames {
    private static final int AT_ONCE = 500;

    private final String prefix;

    StoreNames(String prefix) {
        this.prefix = prefix;
    }

    String key(String tag, String name) {
        return prefix + ":{" + tag.replace("%", "%25").replace("}", "%7D") + "}:" + name;
    }

    /** The tags of the keys in a store that have this name. */
    Set<String> tags(StoreCommands store, String name) {
        Set<String> tags = new TreeSet<>();
        String before = prefix + ":{";
        String behind = "}:" + name;
        ScanArgs matching = ScanArgs.Builder.matches(before + "*" + behind).limit(AT_ONCE);
        KeyScanCursor<String> found = store.ask(asked -> asked.scan(matching));
        while (true) {
            for (String key : found.getKeys()) {
                tags.add(key.substring(before.length(), key.length() - behind.length())
                        .replace("%7D", "}")
                        .replace("%25", "%"));
            }
            if (found.isFinished()) {
                return tags;
            }
            KeyScanCursor<String> last = found;
            found = store.ask(asked -> asked.scan(last, matching));
        }
    }
}
