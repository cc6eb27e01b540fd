/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/**
 * Gives children of an element the text that they have to have. Those that are not there are written together, behind the
 * others. A text with <code>${</code> comes from elsewhere and can't be judged here: a person is told the line to write.
 */
final class Settings {
    private final XmlEditor editor;
    private final XmlElement parent;
    private final StringBuilder missing = new StringBuilder();
    private final Set<String> reasons = new LinkedHashSet<>();

    Settings(XmlEditor editor, XmlElement parent) {
        this.editor = editor;
        this.parent = parent;
    }

    /** A child must say this. */
    void require(String name, String value, String reason) {
        List<XmlElement> present = parent.children(name);
        if (present.isEmpty()) {
            add("<" + name + ">" + value + "</" + name + ">\n", "without <" + name + ">" + value + ": " + reason);
        }
        for (XmlElement child : present) {
            if (isFromElsewhere(child.text())) {
                editor.note(
                        child,
                        "write <" + name + ">" + value + "</" + name + ">, or see that " + child.text() + " is " + value
                                + ": " + reason);
            } else if (!child.text().equals(value)) {
                editor.text(child, value, "<" + name + ">" + child.text() + ": " + reason);
            }
        }
    }

    /** An attribute of an element must say this. */
    void attribute(XmlElement element, String name, String value, String reason) {
        String now = element.attribute(name);
        if (isFromElsewhere(now)) {
            editor.note(
                    element,
                    "write " + name + "=\"" + value + "\", or see that " + now + " is " + value + ": " + reason);
        } else if (!now.equals(value)) {
            editor.attribute(element, name, value, reason);
        }
    }

    /** Lines that are to stand behind the others. */
    void add(String lines, String reason) {
        missing.append(lines);
        reasons.add(reason);
    }

    /** To be called once, when all was said. */
    void write() {
        if (missing.length() > 0) {
            editor.append(parent, missing.toString(), String.join("; ", reasons));
        }
    }

    static boolean isFromElsewhere(String text) {
        return text.contains("${");
    }
}
