/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** Reads James's configuration files, before James does. */
public final class ConfigurationXml {
    private ConfigurationXml() {}

    /**
     * Reads a file. It may not declare a document type, so nothing outside of it is fetched.
     *
     * @throws FaultException when it can't be read, or is no well-formed XML: then with its line and column
     */
    public static Document read(Home home, Path file) throws FaultException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(file.toFile());
        } catch (SAXParseException fault) {
            throw new FaultException(home.name(file) + ":" + fault.getLineNumber() + ":" + fault.getColumnNumber()
                    + ": the file is not well-formed XML (" + fault.getMessage() + ")");
        } catch (InterruptedIOException interrupted) {
            throw new FaultException(home.name(file) + ": reading was interrupted");
        } catch (IOException | SAXException | ParserConfigurationException unread) {
            throw new FaultException(home.name(file) + ": can't be read (" + unread.getMessage() + ")");
        }
    }

    /** The text of the first element of this name anywhere inside; empty when there is none. */
    public static String text(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().trim();
    }
}
