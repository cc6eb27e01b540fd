/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/** Puts our own message ids in the place of their form for the outside. All else of a header stays the same bytes. */
public final class IncomingIds {
    /** More ids than the header of any mail holds; those behind them stay as they are. */
    private static final int MOST_IDS = 1000;

    private final MessageIds ids;

    public IncomingIds(MessageIds ids) {
        this.ids = ids;
    }

    /** The new header with the line that ends it, or empty when it holds none of our ids. */
    public Optional<byte[]> restore(HeaderBlock header) {
        List<byte[]> replacements = new ArrayList<>(header.fields().size());
        boolean changed = false;
        int[] read = {0};
        for (HeaderField field : header.fields()) {
            byte[] replacement = HeaderBlock.KEEP;
            if (field.isNamed("In-Reply-To") || field.isNamed("References") || field.isNamed("Message-ID")) {
                String raw = field.rawValue();
                String restored = MessageIds.replaceAll(
                        raw, id -> ++read[0] > MOST_IDS ? id : ids.inner(id).orElse(id));
                if (!restored.equals(raw)) {
                    replacement = field.withRawValue(restored);
                    changed = true;
                }
            }
            replacements.add(replacement);
        }
        return changed ? Optional.of(header.with(replacements)) : Optional.empty();
    }
}
