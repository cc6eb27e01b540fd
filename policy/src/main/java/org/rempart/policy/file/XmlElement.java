/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.rempart.policy.Location;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.Wording;

/** An element of the policy file with its place, and the questions that a reader of such a file asks of it. */
final class XmlElement {
    private final String name;
    private final Location location;
    private final Map<String, String> attributes;
    private final List<XmlElement> children = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    XmlElement(String name, Location location, Map<String, String> attributes) {
        this.name = name;
        this.location = location;
        this.attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    void append(XmlElement child) {
        children.add(child);
    }

    void append(String characters) {
        text.append(characters);
    }

    String name() {
        return name;
    }

    Location location() {
        return location;
    }

    /** The text directly in this element, without white space around it. */
    String text() {
        return text.toString().strip();
    }

    /** The value of an attribute without white space around it; empty when it is not given. */
    Optional<String> attribute(String attribute) {
        return Optional.ofNullable(attributes.get(attribute)).map(String::strip);
    }

    boolean hasAttribute(String attribute) {
        return attributes.containsKey(attribute);
    }

    /**
     * @param right what to write, a sentence without its full stop
     * @throws PolicyException when the attribute is missing or empty
     */
    String required(String attribute, String right) throws PolicyException {
        String value = attribute(attribute).orElse("");
        if (value.isEmpty()) {
            throw fault(
                    "<" + name + "> " + (hasAttribute(attribute) ? "has an empty " : "lacks its ") + attribute, right);
        }
        return value;
    }

    /** @throws PolicyException when there are other attributes than these */
    void onlyAttributes(Collection<String> known) throws PolicyException {
        for (String attribute : attributes.keySet()) {
            if (!known.contains(attribute)) {
                throw fault(
                        "<" + name + "> has no attribute \"" + attribute + "\"", Wording.possible(attribute, known));
            }
        }
    }

    /** @throws PolicyException when there are other elements inside than these */
    void onlyChildren(Collection<String> known) throws PolicyException {
        for (XmlElement child : children) {
            if (!known.contains(child.name)) {
                throw child.fault(
                        "<" + name + "> has no element <" + child.name + ">",
                        Wording.possible(
                                child.name,
                                known.stream().map(one -> "<" + one + ">").collect(Collectors.toList())));
            }
        }
    }

    /** @throws PolicyException when there is text directly inside */
    void noText() throws PolicyException {
        if (!text().isEmpty()) {
            throw fault(
                    "<" + name + "> holds the text " + Wording.quoted(text()),
                    "remove it, or put it between <!-- and --> if it is a comment");
        }
    }

    /** The elements inside, in their order. */
    List<XmlElement> children() {
        return List.copyOf(children);
    }

    /** The elements of this name inside, in their order. */
    List<XmlElement> children(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).collect(Collectors.toList());
    }

    /**
     * The one element of this name inside, if there is one.
     *
     * @throws PolicyException when there are several
     */
    Optional<XmlElement> child(String childName) throws PolicyException {
        List<XmlElement> found = children(childName);
        if (found.size() > 1) {
            throw found.get(1)
                    .fault(
                            "a second <" + childName + ">, the first is at " + found.get(0).location,
                            "put all into one <" + childName + ">");
        }
        return found.stream().findFirst();
    }

    /**
     * The parts of a list that commas separate, without white space around them.
     *
     * @param what what the list is of, in the plural
     * @throws PolicyException when the list or one of its parts is empty
     */
    List<String> list(String written, String what) throws PolicyException {
        List<String> parts = new ArrayList<>();
        for (String part : written.split(",", -1)) {
            String stripped = part.strip();
            if (stripped.isEmpty()) {
                throw fault(
                        written.isBlank()
                                ? "the list of " + what + " is empty"
                                : "the list of " + what + " " + Wording.quoted(written) + " has an empty part",
                        "write " + what + " with one comma between two of them");
            }
            parts.add(stripped);
        }
        return parts;
    }

    /**
     * The constant that a keyword means: its name in lower case.
     *
     * @param what what the keyword says, for the message
     * @throws PolicyException when none of the possible ones is meant
     */
    <E extends Enum<E>> E keyword(String what, String written, Collection<E> possible) throws PolicyException {
        List<String> keywords = new ArrayList<>();
        for (E constant : possible) {
            String keyword = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (keyword.equals(written)) {
                return constant;
            }
            keywords.add(keyword);
        }
        throw fault(
                written.isEmpty()
                        ? "<" + name + "> says nothing for " + what
                        : Wording.quoted(written) + " is unknown as " + what + " of <" + name + ">",
                Wording.possible(written, keywords));
    }

    /** A fault of this element. */
    PolicyException fault(String wrong, String right) {
        return new PolicyException(location, wrong, right);
    }

    /** A fault of what this element holds, which the one that found it could not place. */
    PolicyException fault(PolicyException withoutPlace) {
        return new PolicyException(location, withoutPlace);
    }

    /** A remark on this element, with its place. */
    String remark(String oddity) {
        return location + ": " + oddity;
    }

    /** The rule that this element states. */
    Rule rule() {
        return Rule.at(toString(), location);
    }

    /** The element as written, in one line and without what elements it holds. */
    @Override
    public String toString() {
        StringBuilder tag = new StringBuilder("<").append(name);
        attributes.forEach((attribute, value) -> tag.append(' ')
                .append(attribute)
                .append("=\"")
                .append(Wording.inOneLine(value))
                .append('"'));
        String inside = Wording.abbreviated(text());
        if (!inside.isEmpty()) {
            return tag.append('>')
                    .append(inside)
                    .append("</")
                    .append(name)
                    .append('>')
                    .toString();
        }
        return tag.append(children.isEmpty() ? "/>" : ">").toString();
    }
}
