/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import org.apache.james.mailbox.store.mail.model.Property;
import org.apache.james.mailbox.store.mail.model.impl.Properties;

/** What James has read of a message's own type, as bytes: a line for the number of text lines, and three for each property. */
final class StoredProperties {
    private static final String NONE = "-";

    private StoredProperties() {}

    static byte[] write(Properties properties) {
        List<String> lines = new ArrayList<>();
        Long text = properties.getTextualLineCount();
        lines.add(text == null ? NONE : text.toString());
        for (Property property : properties.toProperties()) {
            lines.add(line(property.getNamespace()));
            lines.add(line(property.getLocalName()));
            lines.add(line(property.getValue()));
        }
        return String.join("\n", lines).getBytes(UTF_8);
    }

    static Properties read(byte[] bytes) {
        String[] lines = new String(bytes, UTF_8).split("\n", -1);
        List<Property> properties = new ArrayList<>();
        for (int i = 1; i + 2 < lines.length; i += 3) {
            properties.add(new Property(text(lines[i]), text(lines[i + 1]), text(lines[i + 2])));
        }
        return new Properties(properties, lines[0].equals(NONE) ? null : Long.valueOf(lines[0]));
    }

    private static String line(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n");
    }

    private static String text(String line) {
        StringBuilder text = new StringBuilder(line.length());
        for (int i = 0; i < line.length(); i++) {
            char next = line.charAt(i);
            if (next == '\\') {
                i++;
                next = line.charAt(i) == 'n' ? '\n' : line.charAt(i);
            }
            text.append(next);
        }
        return text.toString();
    }
}
