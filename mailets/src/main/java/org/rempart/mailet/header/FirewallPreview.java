/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreview;

/** Shows what {@link HeaderFirewall} does to a header. */
public final class FirewallPreview implements HeaderPreview {
    @Override
    public List<Field> preview(
            byte[] message, HeaderPolicy policy, Predicate<String> ours, String publicName, byte[] key) {
        HeaderBlock header;
        try {
            header = HeaderBlock.read(new ByteArrayInputStream(message));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        HeaderFirewall firewall = new HeaderFirewall(
                policy, domain -> ours.test(domain.asString()), publicName, new MessageIds(key, publicName), List.of());
        List<HeaderFirewall.Outcome> outcomes = firewall.examine(header);
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < outcomes.size(); i++) {
            HeaderField field = header.fields().get(i);
            HeaderFirewall.Outcome outcome = outcomes.get(i);
            String before = text(header.bytes(), field.start(), field.end());
            byte[] replacement = outcome.replacement;
            String after = before;
            if (replacement == null) {
                after = null;
            } else if (replacement != HeaderBlock.KEEP) {
                after = text(replacement, 0, replacement.length);
            }
            fields.add(new Field(before, after, outcome.reason()));
        }
        return fields;
    }

    private static String text(byte[] bytes, int start, int end) {
        int last = end;
        while (last > start && (bytes[last - 1] == '\n' || bytes[last - 1] == '\r')) {
            last--;
        }
        return new String(bytes, start, last - start, StandardCharsets.ISO_8859_1);
    }
}
