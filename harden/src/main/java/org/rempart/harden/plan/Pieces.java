/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;
import org.rempart.harden.xml.XmlNode;

/** Lines of our own configuration: elements of one of its files, with the comments above them. */
final class Pieces {
    private final XmlDocument document;

    private Pieces(XmlDocument document) {
        this.document = document;
    }

    static Pieces of(String name) {
        try {
            return new Pieces(XmlDocument.parse(SourceText.of(name, bytes(name))));
        } catch (UnreadableException fault) {
            throw new IllegalStateException("in the jar: " + fault.getMessage(), fault);
        }
    }

    /** One of the files whole. */
    static byte[] bytes(String name) {
        try (InputStream file = Pieces.class.getResourceAsStream("/org/rempart/harden/conf/" + name)) {
            return file.readAllBytes();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    XmlElement root() {
        return document.root();
    }

    /** A processor whole. */
    String processor(String state) {
        return lines(state(state));
    }

    /** The mailets of a processor that are meant. */
    String mailets(String state, Predicate<XmlElement> which) {
        List<XmlElement> found =
                state(state).children("mailet").stream().filter(which).collect(Collectors.toList());
        if (found.isEmpty()) {
            throw new IllegalStateException("our mailetcontainer.xml has no such mailet in " + state);
        }
        return found.stream().map(this::lines).collect(Collectors.joining());
    }

    private XmlElement state(String state) {
        return root().all("processor").stream()
                .filter(processor -> processor.attribute("state").equals(state))
                .findFirst()
                .orElseThrow();
    }

    /** An element, with the comment above it, indented from nothing on. */
    String lines(XmlElement element) {
        List<XmlNode> nodes = element.parent().nodes();
        int index = nodes.indexOf(element);
        XmlNode first = index > 0 && !(nodes.get(index - 1) instanceof XmlElement) ? nodes.get(index - 1) : element;
        SourceText source = document.source();
        String indent = source.indent(first.start());
        return source.text()
                .substring(source.lineStart(first.start()), source.nextLine(element.end()))
                .lines()
                .map(line -> (line.startsWith(indent) ? line.substring(indent.length()) : line) + "\n")
                .collect(Collectors.joining());
    }
}
