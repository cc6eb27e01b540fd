/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.rempart.policy.PolicyException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * Which elements a policy has, with which attributes, elements and text in them: as {@code rempart.xsd} says, where alone
 * that is stated. A fault is told in our words and with its place, which the JDK's own validator can't. Order does not
 * matter here, and is not looked at. What the values mean, and what XSD 1.0 can't say, is the readers' business.
 */
final class Grammar {
    private static final String SCHEMA = "rempart.xsd";
    private static final Map<String, Type> POLICY = read();

    private Grammar() {}

    /** What an element may hold. */
    private static final class Type {
        private final List<String> attributes = new ArrayList<>();
        private final Map<String, Type> children = new LinkedHashMap<>();
        private final boolean text;

        Type(boolean text) {
            this.text = text;
        }
    }

    /**
     * Looks at an element and all inside.
     *
     * @throws PolicyException when there is something that the schema does not know, with its place and what is possible
     *     there
     */
    static void check(XmlElement root) throws PolicyException {
        Type type = POLICY.get(root.name());
        if (type == null) {
            throw root.fault("the root element is <" + root.name() + ">", "a policy begins with <policy>");
        }
        check(root, type);
    }

    private static void check(XmlElement element, Type type) throws PolicyException {
        element.onlyAttributes(type.attributes);
        element.onlyChildren(type.children.keySet());
        if (!type.text) {
            element.noText();
        }
        for (XmlElement child : element.children()) {
            check(child, type.children.get(child.name()));
        }
    }

    private static Map<String, Type> read() {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setNamespaceAware(true);
        try (InputStream schema = Grammar.class.getResourceAsStream(SCHEMA)) {
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            return new Reading(factory.newDocumentBuilder().parse(schema).getDocumentElement()).roots();
        } catch (IOException unread) {
            throw new UncheckedIOException(SCHEMA + " can't be read", unread);
        } catch (ParserConfigurationException | SAXException fault) {
            throw new IllegalStateException(SCHEMA + " is no schema", fault);
        }
    }

    /** The schema, as far as it uses XML Schema. */
    private static final class Reading {
        /** By kind and name, such as {@code complexType relay}. */
        private final Map<String, Element> named = new HashMap<>();

        private final Element schema;

        Reading(Element schema) {
            this.schema = schema;
            for (Element declared : inside(schema)) {
                named.put(declared.getLocalName() + ' ' + declared.getAttribute("name"), declared);
            }
        }

        Map<String, Type> roots() {
            Map<String, Type> roots = new LinkedHashMap<>();
            for (Element declared : inside(schema)) {
                if (declared.getLocalName().equals("element")) {
                    roots.put(declared.getAttribute("name"), typeOf(declared));
                }
            }
            return roots;
        }

        private static List<Element> inside(Element element) {
            List<Element> inside = new ArrayList<>();
            for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
                if (node instanceof Element) {
                    inside.add((Element) node);
                }
            }
            return inside;
        }

        private Type typeOf(Element declared) {
            Optional<Element> complex = declared.hasAttribute("type")
                    ? Optional.ofNullable(named.get("complexType " + declared.getAttribute("type")))
                    : inside(declared).stream()
                            .filter(inner -> inner.getLocalName().equals("complexType"))
                            .findFirst();
            // All that has no complex type is text.
            Type type = new Type(complex.isEmpty() || holdsText(complex.get()));
            complex.ifPresent(definition -> fill(type, definition));
            return type;
        }

        private static boolean holdsText(Element complex) {
            return complex.getAttribute("mixed").equals("true")
                    || inside(complex).stream()
                            .anyMatch(part -> part.getLocalName().equals("simpleContent"));
        }

        private void fill(Type type, Element definition) {
            for (Element part : inside(definition)) {
                switch (part.getLocalName()) {
                    case "attribute":
                        type.attributes.add(part.getAttribute("name"));
                        break;
                    case "element":
                        type.children.computeIfAbsent(part.getAttribute("name"), name -> typeOf(part));
                        break;
                    case "group":
                        fill(type, named.get("group " + part.getAttribute("ref")));
                        break;
                    case "simpleContent":
                    case "extension":
                    case "all":
                    case "choice":
                    case "sequence":
                        fill(type, part);
                        break;
                    case "annotation":
                        break;
                    default:
                        throw new IllegalStateException(SCHEMA + " has <" + part.getNodeName() + ">, which "
                                + Grammar.class + " does not know");
                }
            }
        }
    }
}
