/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.xml;

import java.util.List;
import java.util.stream.Collectors;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;

/**
 * Edits an XML file where it lies, in its own manner: its indentation, its line ends. A block is given as lines that end in
 * LF and are indented by two blanks a level.
 */
public final class XmlEditor {
    private final SourceText source;
    private final Draft draft;
    private final String unit;

    public XmlEditor(XmlDocument document, Draft draft) {
        this.source = document.source();
        this.draft = draft;
        this.unit = unit(document.root());
    }

    /** By how much a level is indented in this file. */
    private String unit(XmlElement element) {
        for (XmlElement child : element.children()) {
            String outer = source.indent(element.start());
            String inner = source.indent(child.start());
            if (source.beginsLine(child.start()) && inner.startsWith(outer) && inner.length() > outer.length()) {
                return inner.substring(outer.length());
            }
        }
        return element.children().stream().findFirst().map(this::unit).orElse("  ");
    }

    /** Puts a block before an element, and before the comment that stands directly above it. */
    public void insertBefore(XmlElement element, String block, String reason) {
        int at = element.start();
        List<XmlNode> nodes = element.parent().nodes();
        for (int i = nodes.indexOf(element) - 1; i >= 0 && !(nodes.get(i) instanceof XmlElement); i--) {
            String between = source.text().substring(nodes.get(i).end(), at);
            if (!source.beginsLine(nodes.get(i).start()) || between.indexOf('\n') != between.lastIndexOf('\n')) {
                break;
            }
            at = nodes.get(i).start();
        }
        String indent = source.indent(at);
        if (source.beginsLine(at)) {
            draft.replace(source.lineStart(at), source.lineStart(at), lines(block, indent), reason);
        } else {
            draft.replace(at, at, lines(block, indent).strip() + source.lineEnd() + indent, reason);
        }
    }

    /** Puts a block behind an element. */
    public void insertAfter(XmlElement element, String block, String reason) {
        insertAfter(element, source.indent(element.start()), block, reason);
    }

    private void insertAfter(XmlNode node, String indent, String block, String reason) {
        int next = source.nextLine(node.end());
        if (source.endsLine(node.end()) && source.text().startsWith("\n", next - 1)) {
            draft.replace(next, next, lines(block, indent), reason);
        } else {
            draft.replace(node.end(), node.end(), source.lineEnd() + withoutLastEnd(lines(block, indent)), reason);
        }
    }

    /** Puts a block into an element, behind everything that is in it. */
    public void append(XmlElement parent, String block, String reason) {
        String indent = source.indent(parent.start());
        List<XmlNode> nodes = parent.nodes();
        if (parent.isEmptyTag()) {
            int slash = parent.openEnd() - 2;
            String text = ">" + source.lineEnd() + lines(block, indent + unit) + indent + "</" + parent.name() + ">";
            draft.replace(slash, parent.end(), text, reason);
        } else if (nodes.isEmpty()) {
            String text = source.lineEnd() + lines(block, indent + unit) + indent;
            draft.replace(parent.closeStart(), parent.closeStart(), text, reason);
        } else {
            XmlNode last = nodes.get(nodes.size() - 1);
            String inner = source.beginsLine(last.start()) ? source.indent(last.start()) : indent + unit;
            if (source.beginsLine(parent.closeStart())) {
                int at = source.lineStart(parent.closeStart());
                draft.replace(at, at, lines(block, inner), reason);
            } else {
                String text = source.lineEnd() + lines(block, inner) + indent;
                draft.replace(parent.closeStart(), parent.closeStart(), text, reason);
            }
        }
    }

    /** Takes an element out, with its line where nothing else stands in it. */
    public void delete(XmlElement element, String reason) {
        int start = element.start();
        int end = element.end();
        if (source.beginsLine(start) && source.endsLine(end)) {
            start = source.lineStart(start);
            end = source.nextLine(end);
        }
        draft.replace(start, end, "", reason);
    }

    /** Gives an attribute a value. */
    public void attribute(XmlElement element, String name, String value, String reason) {
        if (element.valuePlace(name).isPresent()) {
            int[] place = element.valuePlace(name).get();
            draft.replace(place[0], place[1], value, reason);
        } else {
            int at = element.start() + 1 + element.name().length();
            draft.replace(at, at, " " + name + "=\"" + value + "\"", reason);
        }
    }

    /** Writes a text in the place of what is in an element. */
    public void text(XmlElement element, String text, String reason) {
        if (element.isEmptyTag()) {
            int slash = element.openEnd() - 2;
            draft.replace(slash, element.end(), ">" + text + "</" + element.name() + ">", reason);
        } else {
            draft.replace(element.openEnd(), element.closeStart(), text, reason);
        }
    }

    /** Gives an element another name. */
    public void rename(XmlElement element, String name, String reason) {
        int at = element.start() + 1;
        draft.replace(at, at + element.name().length(), name, reason);
        if (!element.isEmptyTag()) {
            draft.replace(
                    element.closeStart() + 2,
                    element.closeStart() + 2 + element.name().length(),
                    name,
                    reason);
        }
    }

    public void note(XmlElement element, String text) {
        draft.note(element.start(), text);
    }

    private static String withoutLastEnd(String lines) {
        return lines.replaceFirst("\r?\n$", "");
    }

    private String lines(String block, String indent) {
        StringBuilder lines = new StringBuilder();
        int depth = 0;
        boolean comment = false;
        for (String line : block.lines().collect(Collectors.toList())) {
            if (!comment) {
                depth = depth(line);
            }
            if (!line.isEmpty()) {
                lines.append(indent).append(unit.repeat(depth)).append(line.substring(2 * depth));
            }
            lines.append(source.lineEnd());
            // The lines of a comment are aligned with its first one.
            comment = line.lastIndexOf("<!--") > line.lastIndexOf("-->") || (comment && !line.contains("-->"));
        }
        return lines.toString();
    }

    private static int depth(String line) {
        int blanks = 0;
        while (blanks < line.length() && line.charAt(blanks) == ' ') {
            blanks++;
        }
        return blanks / 2;
    }
}
