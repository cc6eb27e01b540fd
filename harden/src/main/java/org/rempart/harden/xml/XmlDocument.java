/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.xml;

import java.io.ByteArrayInputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;

/** An XML file with the places of its elements, attributes and comments. */
public final class XmlDocument {
    private final SourceText source;
    private final XmlElement root;

    private XmlDocument(SourceText source, XmlElement root) {
        this.source = source;
        this.root = root;
    }

    /**
     * Reads a file.
     *
     * @throws UnreadableException when it is not well-formed, or in an encoding whose characters below 128 are not ASCII;
     *     the message says the line
     */
    public static XmlDocument parse(SourceText source) throws UnreadableException {
        String text = source.text();
        int start = text.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0;
        if (!text.substring(start).stripLeading().startsWith("<") || text.indexOf('\0') >= 0) {
            throw new UnreadableException(source.name()
                    + ":1: this is no XML in UTF-8 or another encoding that has ASCII in it; save it as UTF-8");
        }
        requireWellFormed(source);
        return new XmlDocument(source, new Scanner(text).scan());
    }

    private static void requireWellFormed(SourceText source) throws UnreadableException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        try {
            XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(source.bytes()));
            try {
                while (reader.hasNext()) {
                    int event = reader.next();
                    if (event == XMLStreamConstants.DTD || event == XMLStreamConstants.ENTITY_REFERENCE) {
                        throw new UnreadableException(source.name() + ":"
                                + reader.getLocation().getLineNumber()
                                + ": a DOCTYPE and its entities can't be followed here; write what they stand for");
                    }
                }
            } finally {
                reader.close();
            }
        } catch (XMLStreamException fault) {
            int line = fault.getLocation() == null ? 1 : fault.getLocation().getLineNumber();
            String message = String.valueOf(fault.getMessage()).lines().reduce("", (first, last) -> last);
            throw new UnreadableException(
                    source.name() + ":" + line + ": not well-formed XML: " + message.replaceFirst("^Message: ", ""));
        }
    }

    public SourceText source() {
        return source;
    }

    public XmlElement root() {
        return root;
    }

    /** Goes through a text that is known to be well-formed. */
    private static final class Scanner {
        private final String text;
        private XmlElement root;
        private XmlElement open;
        private int at;

        private Scanner(String text) {
            this.text = text;
        }

        private XmlElement scan() {
            while (at < text.length()) {
                int tag = text.indexOf('<', at);
                write(text.substring(at, tag < 0 ? text.length() : tag), true);
                if (tag < 0) {
                    break;
                }
                at = tag;
                if (text.startsWith("<!--", at)) {
                    int end = behind("-->", at + 4);
                    if (open != null) {
                        open.add(new XmlNode(at, end));
                    }
                    at = end;
                } else if (text.startsWith("<![CDATA[", at)) {
                    int end = behind("]]>", at);
                    write(text.substring(at + "<![CDATA[".length(), end - "]]>".length()), false);
                    at = end;
                } else if (text.startsWith("<?", at)) {
                    at = behind("?>", at);
                } else if (text.startsWith("</", at)) {
                    int end = behind(">", at);
                    open.closesFrom(at);
                    open.endsAt(end);
                    open = open.parent();
                    at = end;
                } else {
                    element();
                }
            }
            return root;
        }

        private int behind(String mark, int from) {
            return text.indexOf(mark, from) + mark.length();
        }

        private void write(String characters, boolean escaped) {
            if (open != null) {
                open.write(escaped ? unescaped(characters) : characters);
            }
        }

        private void element() {
            int start = at++;
            XmlElement element = new XmlElement(name(), open, start);
            if (open == null) {
                root = element;
            } else {
                open.add(element);
            }
            blanks();
            while (text.charAt(at) != '>' && text.charAt(at) != '/') {
                String attribute = name();
                blanks();
                at++;
                blanks();
                int value = at + 1;
                int end = text.indexOf(text.charAt(at), value);
                element.attribute(attribute, unescaped(text.substring(value, end)), value, end);
                at = end + 1;
                blanks();
            }
            boolean empty = text.charAt(at) == '/';
            at += empty ? 2 : 1;
            element.opensUntil(at);
            if (empty) {
                element.closesFrom(at);
                element.endsAt(at);
            } else {
                open = element;
            }
        }

        private String name() {
            int start = at;
            while (!Character.isWhitespace(text.charAt(at)) && "=/>".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at);
        }

        private void blanks() {
            while (Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private static String unescaped(String characters) {
            return characters
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&apos;", "'")
                    .replace("&amp;", "&");
        }
    }
}
