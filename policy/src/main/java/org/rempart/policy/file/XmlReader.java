/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.rempart.policy.Location;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/**
 * Reads a file as XML 1.0 in UTF-8 into elements that know where they begin. A document type declaration is a fault, so
 * there is no entity to expand and nothing outside of the file to fetch.
 */
final class XmlReader {
    /** A policy is four levels deep; what is much deeper was not written by hand. */
    private static final int DEEPEST = 32;

    private static final String MARKUP_ADVICE =
            "close every element, put every attribute's value in quotes, write &amp; for & and &lt; for <";

    private final String file;
    private final String text;
    /** Where the search for the next tag begins. */
    private int next;
    /** The last position that was asked for, its line, and where that line begins. */
    private int counted;

    private int line = 1;
    private int lineStart;

    private XmlReader(String file, String text) {
        this.file = file;
        this.text = text;
    }

    /**
     * @return the root element
     * @throws PolicyException when the bytes are no well-formed XML, are not in UTF-8, or declare a document type
     */
    static XmlElement read(byte[] bytes, String file) throws PolicyException {
        return new XmlReader(file, decode(bytes, file)).read();
    }

    private static String decode(byte[] bytes, String file) throws PolicyException {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer decoded = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), decoded, true);
        decoded.flip();
        String text = decoded.toString();
        if (text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        if (result.isError()) {
            XmlReader upToFault = new XmlReader(file, text);
            throw new PolicyException(
                    upToFault.location(text.length()), "a byte that is not UTF-8", "save the file in UTF-8");
        }
        return text;
    }

    private XmlElement read() throws PolicyException {
        // The JDK's own parser, whatever else lies on the class path: its switches are known to work.
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        try {
            XMLStreamReader xml = factory.createXMLStreamReader(new StringReader(text));
            try {
                refuseOtherEncodings(xml);
                return read(xml);
            } finally {
                xml.close();
            }
        } catch (XMLStreamException malformed) {
            throw malformed(malformed);
        }
    }

    private void refuseOtherEncodings(XMLStreamReader xml) throws PolicyException {
        String declared = xml.getCharacterEncodingScheme();
        if (declared != null && !declared.equalsIgnoreCase("UTF-8") && !declared.equalsIgnoreCase("US-ASCII")) {
            throw new PolicyException(
                    location(0),
                    "the encoding " + Wording.quoted(declared) + " is declared",
                    "save the file in UTF-8 and write <?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        }
    }

    private XmlElement read(XMLStreamReader xml) throws XMLStreamException, PolicyException {
        XmlElement root = null;
        Deque<XmlElement> open = new ArrayDeque<>();
        while (xml.hasNext()) {
            switch (xml.next()) {
                case XMLStreamConstants.START_ELEMENT:
                    XmlElement element = element(xml, locationOfNextTag(), open.isEmpty());
                    if (open.isEmpty()) {
                        root = element;
                    } else {
                        open.peek().append(element);
                    }
                    open.push(element);
                    if (open.size() > DEEPEST) {
                        throw element.fault(
                                "<" + element.name() + "> is too deep inside other elements", MARKUP_ADVICE);
                    }
                    break;
                case XMLStreamConstants.END_ELEMENT:
                    open.pop();
                    break;
                case XMLStreamConstants.CHARACTERS:
                case XMLStreamConstants.CDATA:
                    if (!open.isEmpty()) {
                        open.peek().append(xml.getText());
                    }
                    break;
                case XMLStreamConstants.DTD:
                    throw new PolicyException(
                            locationOfNextTag(), "a document type declaration", "remove <!DOCTYPE …>, none is needed");
                case XMLStreamConstants.ENTITY_REFERENCE:
                    throw open.element()
                            .fault(
                                    "the entity &" + xml.getLocalName() + "; is unknown",
                                    "write the character itself; only &amp; &lt; &gt; &quot; &apos; are known");
                default:
                    // Comments, processing instructions (some editors want them), white space outside of the root.
                    break;
            }
        }
        return Optional.ofNullable(root)
                .orElseThrow(() -> new PolicyException(location(0), "there is no element", "write <policy>…</policy>"));
    }

    private static XmlElement element(XMLStreamReader xml, Location location, boolean isRoot) throws PolicyException {
        String name = xml.getLocalName();
        Map<String, String> attributes = new LinkedHashMap<>();
        Optional<PolicyException> foreign = Optional.empty();
        for (int i = 0; i < xml.getAttributeCount(); i++) {
            String namespace = xml.getAttributeNamespace(i);
            String attribute = xml.getAttributeLocalName(i);
            if (namespace == null || namespace.isEmpty()) {
                attributes.put(attribute, xml.getAttributeValue(i));
            } else if (!isRoot
                    || !namespace.equals(XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI)
                    || !attribute.equals("noNamespaceSchemaLocation")) {
                foreign = Optional.of(new PolicyException(
                        location,
                        "the attribute " + xml.getAttributePrefix(i) + ":" + attribute + " of <" + name
                                + "> is unknown",
                        "remove it; of all attributes with a prefix only xsi:noNamespaceSchemaLocation, on <policy>, "
                                + "is known"));
            }
        }
        if (xml.getNamespaceURI() != null && !xml.getNamespaceURI().isEmpty()) {
            throw new PolicyException(
                    location,
                    "<" + name + "> is in the namespace " + Wording.quoted(xml.getNamespaceURI()),
                    "remove the xmlns attribute or the prefix; the elements of a policy are in no namespace");
        }
        if (foreign.isPresent()) {
            throw foreign.get();
        }
        return new XmlElement(name, location, attributes);
    }

    private PolicyException malformed(XMLStreamException fault) {
        javax.xml.stream.Location place = fault.getLocation();
        int faultLine = place == null ? 1 : Math.max(1, place.getLineNumber());
        int column = place == null ? 1 : Math.max(1, place.getColumnNumber());
        String message = String.valueOf(fault.getMessage());
        // The parser puts the place before what it says, in words of its own.
        int start = message.indexOf("Message: ");
        String said = Wording.inOneLine(start < 0 ? message : message.substring(start + "Message: ".length()));
        return new PolicyException(
                Location.of(file, faultLine, column), "not well-formed XML (" + said + ")", MARKUP_ADVICE);
    }

    /**
     * Where the start tag that the parser just read begins; the parser itself only knows where it ends. Up to there the
     * text is well-formed and without a document type, so counting tags is enough.
     */
    private Location locationOfNextTag() {
        int tag = text.indexOf('<', next);
        while (tag >= 0) {
            if (text.startsWith("<!--", tag)) {
                next = after("-->", tag + 4);
            } else if (text.startsWith("<![CDATA[", tag)) {
                next = after("]]>", tag);
            } else if (text.startsWith("<?", tag)) {
                next = after("?>", tag);
            } else if (text.startsWith("</", tag)) {
                next = tag + 2;
            } else {
                next = tag + 1;
                return location(tag);
            }
            tag = text.indexOf('<', next);
        }
        return location(text.length());
    }

    private int after(String end, int from) {
        int found = text.indexOf(end, from);
        return found < 0 ? text.length() : found + end.length();
    }

    /** The line and column of a position; positions must be asked for in their order. */
    private Location location(int position) {
        for (; counted < position; counted++) {
            char c = text.charAt(counted);
            boolean endsLine = c == '\n' || (c == '\r' && !text.startsWith("\n", counted + 1));
            if (endsLine) {
                line++;
                lineStart = counted + 1;
            }
        }
        return Location.of(file, line, position - lineStart + 1);
    }
}
