/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** All checks, as {@code checks.xml} describes them, in its order. */
public final class Catalogue {
    private static final Catalogue PACKAGED = read();

    private final Map<String, Check> checks;

    private Catalogue(Map<String, Check> checks) {
        this.checks = checks;
    }

    /** The checks that this command knows. */
    public static Catalogue packaged() {
        return PACKAGED;
    }

    /**
     * A check by its id.
     *
     * @throws IllegalArgumentException if there is none; a fault of the program
     */
    public Check get(String id) {
        return find(id).orElseThrow(() -> new IllegalArgumentException("checks.xml has no check " + id));
    }

    public Optional<Check> find(String id) {
        return Optional.ofNullable(checks.get(id));
    }

    public Collection<Check> all() {
        return checks.values();
    }

    private static Catalogue read() {
        try (InputStream in = Catalogue.class.getResourceAsStream("checks.xml")) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            Map<String, Check> checks = new LinkedHashMap<>();
            for (Element element :
                    children(factory.newDocumentBuilder().parse(in).getDocumentElement(), "check")) {
                Check check = check(element);
                if (checks.put(check.id(), check) != null) {
                    throw new IllegalStateException("checks.xml has " + check.id() + " twice");
                }
            }
            return new Catalogue(Collections.unmodifiableMap(checks));
        } catch (IOException | SAXException | ParserConfigurationException e) {
            throw new IllegalStateException("checks.xml can't be read", e);
        }
    }

    private static Check check(Element element) {
        String id = element.getAttribute("id");
        Map<String, String> fixes = new LinkedHashMap<>();
        for (Element fix : children(element, "fix")) {
            fixes.put(fix.getAttribute("for"), unindented(fix.getTextContent()));
        }
        return new Check(
                id,
                element.getAttribute("line"),
                Severity.valueOf(element.getAttribute("severity").toUpperCase(Locale.ROOT)),
                text(element, "title"),
                text(element, "why"),
                text(element, "source"),
                children(element, "needs").isEmpty() ? "" : text(element, "needs"),
                fixes);
    }

    private static String text(Element parent, String name) {
        List<Element> found = children(parent, name);
        if (found.size() != 1 || found.get(0).getTextContent().isBlank()) {
            throw new IllegalStateException("checks.xml: " + parent.getAttribute("id") + " needs one <" + name + ">");
        }
        return found.get(0).getTextContent().strip().replaceAll("\\s+", " ");
    }

    /** Without the indentation that the file has for its reader. */
    private static String unindented(String text) {
        return text.stripTrailing().stripIndent().strip();
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }
}
