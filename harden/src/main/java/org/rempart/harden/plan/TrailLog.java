/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Optional;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/** logback.xml: the audit trail has a file of its own. */
final class TrailLog {
    private static final String NAME = "logback.xml";

    private TrailLog() {}

    static Optional<Draft> draft(Configuration configuration) throws UnreadableException {
        Optional<XmlDocument> document = configuration.xml(NAME);
        if (document.isEmpty()) {
            return Optional.empty();
        }
        Draft draft = Draft.of(document.get().source());
        XmlElement root = document.get().root();
        Pieces ours = Pieces.of(NAME);
        StringBuilder lines = new StringBuilder();
        boolean kept = has(root, "logger", "org.rempart.audit");
        if (!kept && !has(root, "appender", "AUDIT")) {
            lines.append(lines(ours, "appender", "AUDIT"));
        }
        if (!kept) {
            lines.append(lines(ours, "logger", "org.rempart.audit"));
        }
        if (!has(root, "logger", "org.rempart")) {
            lines.append(lines(ours, "logger", "org.rempart"));
        }
        if (lines.length() > 0) {
            new XmlEditor(document.get(), draft)
                    .append(root, lines.toString(), "the audit trail, who did what, is written nowhere");
        }
        return Optional.of(draft);
    }

    private static String lines(Pieces ours, String element, String name) {
        return ours.lines(ours.root().children(element).stream()
                .filter(child -> child.attribute("name").equals(name))
                .findFirst()
                .orElseThrow());
    }

    private static boolean has(XmlElement root, String element, String name) {
        return root.all(element).stream()
                .anyMatch(child -> child.attribute("name").equals(name));
    }
}
