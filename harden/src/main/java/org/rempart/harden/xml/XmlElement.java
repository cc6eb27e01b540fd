/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.xml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** An element, its attributes, and what is in it. */
public final class XmlElement extends XmlNode {
    private final String name;
    private final XmlElement parent;
    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final Map<String, int[]> places = new LinkedHashMap<>();
    private final List<XmlNode> nodes = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private int openEnd;
    private int closeStart;

    XmlElement(String name, XmlElement parent, int start) {
        super(start, start);
        this.name = name;
        this.parent = parent;
    }

    public String name() {
        return name;
    }

    /** The one that it is in; null for the outermost. */
    public XmlElement parent() {
        return parent;
    }

    /** What an attribute says, blanks around it left out; empty when it isn't there. */
    public String attribute(String attribute) {
        return attributes.getOrDefault(attribute, "").strip();
    }

    /** Where the value of an attribute stands, between its quotes: start and end. */
    public Optional<int[]> valuePlace(String attribute) {
        return Optional.ofNullable(places.get(attribute));
    }

    /** Elements and comments in it, in their order. */
    public List<XmlNode> nodes() {
        return Collections.unmodifiableList(nodes);
    }

    /** The elements that are directly in it. */
    public List<XmlElement> children() {
        return nodes.stream()
                .filter(XmlElement.class::isInstance)
                .map(XmlElement.class::cast)
                .collect(Collectors.toList());
    }

    public List<XmlElement> children(String childName) {
        return children().stream().filter(child -> child.name.equals(childName)).collect(Collectors.toList());
    }

    public Optional<XmlElement> child(String childName) {
        return children(childName).stream().findFirst();
    }

    /** The text of the first child of this name, or empty. */
    public String text(String childName) {
        return child(childName).map(XmlElement::text).orElse("");
    }

    /** All elements of this name in it, at any depth, in their order. */
    public List<XmlElement> all(String elementName) {
        List<XmlElement> found = new ArrayList<>();
        for (XmlElement child : children()) {
            if (child.name.equals(elementName)) {
                found.add(child);
            }
            found.addAll(child.all(elementName));
        }
        return found;
    }

    /** What is written directly in it, blanks around it left out. */
    public String text() {
        return text.toString().strip();
    }

    /** Whether it is written as {@code <name/>}. */
    public boolean isEmptyTag() {
        return closeStart == end();
    }

    /** Where its first tag ends. */
    public int openEnd() {
        return openEnd;
    }

    /** Where its last tag begins. */
    public int closeStart() {
        return closeStart;
    }

    void attribute(String attribute, String value, int start, int end) {
        attributes.put(attribute, value);
        places.put(attribute, new int[] {start, end});
    }

    void add(XmlNode node) {
        nodes.add(node);
    }

    void write(String characters) {
        text.append(characters);
    }

    void opensUntil(int position) {
        openEnd = position;
    }

    void closesFrom(int position) {
        closeStart = position;
    }
}
