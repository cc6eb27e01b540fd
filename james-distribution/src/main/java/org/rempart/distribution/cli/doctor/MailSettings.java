/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli.doctor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.rempart.distribution.FaultException;
import org.rempart.distribution.Home;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * What the listeners' files say of the host.
 *
 * @param publicNames what it calls itself to the outside, in lower case
 * @param largestMessage the largest message that it takes, in bytes; 0 when there is no limit
 * @param connections how many connections all listeners take together; 0 when one of them has no limit
 * @param tlsPorts the ports where TLS is spoken from the first byte
 */
record MailSettings(Set<String> publicNames, long largestMessage, int connections, Set<Integer> tlsPorts) {
    private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*([kKmMgG]?)");

    static MailSettings of(Home home) throws FaultException {
        Set<String> names = new TreeSet<>();
        long largest = 0;
        int connections = 0;
        boolean unlimited = false;
        Set<Integer> tlsPorts = new TreeSet<>();
        for (String[] kind : new String[][] {{"smtpserver.xml", "smtpserver"}, {"imapserver.xml", "imapserver"}}) {
            NodeList listeners = parse(home, home.conf(kind[0])).getElementsByTagName(kind[1]);
            for (int i = 0; i < listeners.getLength(); i++) {
                Element listener = (Element) listeners.item(i);
                if (listener.getAttribute("enabled").equals("false")) {
                    continue;
                }
                String name = text(listener, "helloName").toLowerCase(Locale.ROOT);
                if (kind[1].equals("smtpserver") && !name.isEmpty()) {
                    names.add(name);
                }
                largest = Math.max(largest, size(text(listener, "maxmessagesize")));
                String limit = text(listener, "connectionLimit");
                int accepted = limit.matches("\\d{1,7}") ? Integer.parseInt(limit) : 0;
                unlimited |= accepted == 0;
                Element tls = (Element) listener.getElementsByTagName("tls").item(0);
                String bind = text(listener, "bind");
                String port = bind.substring(bind.lastIndexOf(':') + 1);
                if (tls != null && tls.getAttribute("socketTLS").equals("true") && port.matches("\\d{1,5}")) {
                    tlsPorts.add(Integer.parseInt(port));
                }
                connections += accepted;
            }
        }
        return new MailSettings(names, largest, unlimited ? 0 : connections, tlsPorts);
    }

    private static long size(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return 0;
        }
        int power =
                matcher.group(2).isEmpty() ? 1 : " kmg".indexOf(matcher.group(2).toLowerCase(Locale.ROOT));
        // Without a unit James counts in KiB.
        return Long.parseLong(matcher.group(1)) << (10 * power);
    }

    private static String text(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().trim();
    }

    /** The root of a configuration file. */
    static Element parse(Home home, Path file) throws FaultException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(file.toFile()).getDocumentElement();
        } catch (IOException | SAXException | ParserConfigurationException unread) {
            throw new FaultException(home.name(file) + " can't be read (" + unread.getMessage() + ")");
        }
    }
}
