/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.xml.XMLConstants;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import org.xml.sax.Attributes;
import org.xml.sax.Locator;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/** An element of a configuration file that knows its line. */
final class XmlNode {
    private static final long LARGEST = 8L << 20;

    private final String name;
    private final int line;
    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final List<XmlNode> children = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    private XmlNode(String name, int line) {
        this.name = name;
        this.line = line;
    }

    /**
     * Reads a file. No entity of it is followed.
     *
     * @throws IOException if it can't be read; the message has file and line
     */
    static XmlNode read(Path file) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException(file.getFileName() + ": larger than " + LARGEST + " bytes");
        }
        Handler handler = new Handler();
        try {
            SAXParserFactory factory = SAXParserFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.newSAXParser().parse(file.toFile(), handler);
        } catch (SAXParseException e) {
            throw new IOException(file.getFileName() + ":" + e.getLineNumber() + ": " + e.getMessage(), e);
        } catch (SAXException | ParserConfigurationException e) {
            throw new IOException(file.getFileName() + ": " + e.getMessage(), e);
        }
        return handler.root;
    }

    String name() {
        return name;
    }

    int line() {
        return line;
    }

    /** An attribute's value; empty if it isn't there. */
    String attribute(String key) {
        return attributes.getOrDefault(key, "");
    }

    List<XmlNode> children() {
        return children;
    }

    List<XmlNode> children(String wanted) {
        return children.stream().filter(child -> child.name.equals(wanted)).toList();
    }

    /** The first element at a path like {@code auth/requireSSL}. */
    Optional<XmlNode> at(String path) {
        XmlNode node = this;
        for (String step : path.split("/", -1)) {
            List<XmlNode> found = node.children(step);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            node = found.get(0);
        }
        return Optional.of(node);
    }

    /** Its text; empty if it has none. */
    String text() {
        return text.toString().strip();
    }

    /** The text at a path; empty if there is no such element. */
    String text(String path) {
        return at(path).map(XmlNode::text).orElse("");
    }

    /** This one and all below. */
    void walk(Consumer<XmlNode> visitor) {
        Deque<XmlNode> left = new ArrayDeque<>(List.of(this));
        while (!left.isEmpty()) {
            XmlNode node = left.pop();
            visitor.accept(node);
            for (int i = node.children.size() - 1; i >= 0; i--) {
                left.push(node.children.get(i));
            }
        }
    }

    private static final class Handler extends DefaultHandler {
        private static final int DEPTH = 200;

        private final Deque<XmlNode> open = new ArrayDeque<>();
        private Locator locator;
        private XmlNode root;

        @Override
        public void setDocumentLocator(Locator given) {
            locator = given;
        }

        @Override
        public void startElement(String uri, String local, String qualified, Attributes given) throws SAXException {
            XmlNode node = new XmlNode(qualified, locator.getLineNumber());
            for (int i = 0; i < given.getLength(); i++) {
                node.attributes.put(given.getQName(i), given.getValue(i));
            }
            if (open.isEmpty()) {
                root = node;
            } else {
                open.peek().children.add(node);
            }
            if (open.size() > DEPTH) {
                throw new SAXException("elements are nested deeper than " + DEPTH);
            }
            open.push(node);
        }

        @Override
        public void endElement(String uri, String local, String qualified) {
            open.pop();
        }

        @Override
        public void characters(char[] characters, int start, int length) {
            if (!open.isEmpty()) {
                open.peek().text.append(characters, start, length);
            }
        }
    }
}
