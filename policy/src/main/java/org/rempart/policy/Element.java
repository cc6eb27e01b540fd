/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** An element of a policy file, with its place. Read whole before anything is made of it. */
final class Element {
    /** No policy is anywhere near this long; a file that is, is not a policy. */
    private static final int MAX_BYTES = 1 << 20;

    private static final int MAX_DEPTH = 32;

    private final String name;
    private final Location location;
    private final Map<String, String> attributes;
    private final List<Element> children = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    private Element(String name, Location location, Map<String, String> attributes) {
        this.name = name;
        this.location = location;
        this.attributes = attributes;
    }

    /**
     * Reads a document. Document type declarations are refused, so no entity is ever resolved.
     *
     * @param in the document
     * @param file its name, for locations
     * @return the root element
     * @throws PolicyException when the document is not well-formed XML, or far too long or deep
     * @throws IOException when reading fails
     */
    static Element read(InputStream in, String file) throws PolicyException, IOException {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw new PolicyException(
                    Location.of(file, 1, 1), "the file is longer than 1 MiB", "a policy file is some hundred lines");
        }
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
        try {
            return new Reader(factory.createXMLStreamReader(new java.io.ByteArrayInputStream(bytes)), file).read();
        } catch (XMLStreamException notWellFormed) {
            javax.xml.stream.Location at = notWellFormed.getLocation();
            int line = at == null ? 1 : Math.max(1, at.getLineNumber());
            int column = at == null ? 1 : Math.max(1, at.getColumnNumber());
            throw new PolicyException(
                    Location.of(file, line, column),
                    "the file is not well-formed XML (" + reason(notWellFormed) + ")",
                    "every element must be closed in the order it was opened, every attribute quoted");
        }
    }

    /** The parser's own words, without the position that it puts before them. */
    private static String reason(XMLStreamException fault) {
        String message = String.valueOf(fault.getMessage());
        int marker = message.indexOf("Message: ");
        return (marker < 0 ? message : message.substring(marker + "Message: ".length())).replaceAll("\\s+", " ");
    }

    String name() {
        return name;
    }

    Location location() {
        return location;
    }

    List<Element> children() {
        return children;
    }

    List<Element> children(String childName) {
        return children.stream().filter(child -> child.name.equals(childName)).collect(Collectors.toList());
    }

    Map<String, String> attributes() {
        return attributes;
    }

    Optional<String> attribute(String attributeName) {
        return Optional.ofNullable(attributes.get(attributeName));
    }

    /** The text directly inside the element, without white space around it. */
    String text() {
        return text.toString().trim();
    }

    /** The rule that this element states, as its start tag. */
    Rule rule() {
        StringBuilder tag = new StringBuilder("<").append(name);
        attributes.forEach((key, value) ->
                tag.append(' ').append(key).append("=\"").append(value).append('"'));
        return Rule.at(tag.append('>').append(text()).toString(), location);
    }

    PolicyException fault(String wrong, String right) {
        return new PolicyException(location, wrong, right);
    }

    private static final class Reader {
        private final XMLStreamReader xml;
        private final String file;

        Reader(XMLStreamReader xml, String file) {
            this.xml = xml;
            this.file = file;
        }

        Element read() throws XMLStreamException, PolicyException {
            List<Element> open = new ArrayList<>();
            Element root = null;
            // Where an event ends, the next one begins; the parser only tells ends.
            Location begin = here();
            while (xml.hasNext()) {
                int event = xml.next();
                switch (event) {
                    case XMLStreamConstants.DTD:
                        throw new PolicyException(
                                begin, "a document type declaration is not allowed here", "delete the <!DOCTYPE …>");
                    case XMLStreamConstants.START_ELEMENT:
                        Element element = new Element(xml.getLocalName(), begin, attributes());
                        if (open.isEmpty()) {
                            root = element;
                        } else {
                            open.get(open.size() - 1).children.add(element);
                        }
                        open.add(element);
                        if (open.size() > MAX_DEPTH) {
                            throw element.fault("elements are nested too deep", "a policy is three levels deep");
                        }
                        break;
                    case XMLStreamConstants.END_ELEMENT:
                        open.remove(open.size() - 1);
                        break;
                    case XMLStreamConstants.CHARACTERS:
                    case XMLStreamConstants.CDATA:
                        if (!open.isEmpty()) {
                            open.get(open.size() - 1).text.append(xml.getText());
                        }
                        break;
                    case XMLStreamConstants.ENTITY_REFERENCE:
                        throw new PolicyException(
                                begin,
                                "the entity &" + xml.getLocalName() + "; is unknown",
                                "write the text itself; &lt; &gt; &amp; &quot; &apos; are known");
                    default:
                    // Comments and the like say nothing.
                }
                begin = here();
            }
            return root;
        }

        private Map<String, String> attributes() {
            Map<String, String> attributes = new LinkedHashMap<>();
            for (int i = 0; i < xml.getAttributeCount(); i++) {
                String prefix = xml.getAttributePrefix(i);
                String local = xml.getAttributeLocalName(i);
                attributes.put(
                        prefix == null || prefix.isEmpty() ? local : prefix + ":" + local, xml.getAttributeValue(i));
            }
            return attributes;
        }

        private Location here() {
            return Location.of(
                    file,
                    Math.max(1, xml.getLocation().getLineNumber()),
                    Math.max(1, xml.getLocation().getColumnNumber()));
        }
    }
}
