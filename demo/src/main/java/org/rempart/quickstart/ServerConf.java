/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.rempart.quickstart.Ports.Listener;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * A copy of the packaged configuration, changed in place for a trial on loopback: other ports, and a gateway for
 * everything that leaves. All else, comments too, stays as it is packaged. What can't be found where it is expected is an
 * error: a server that listens on all addresses, or that sends real mail to the world, is not what was asked for.
 */
public final class ServerConf {
    private static final Map<Listener, Integer> SMTP_PORTS =
            Map.of(Listener.SMTP, 25, Listener.SUBMISSION, 587, Listener.SUBMISSIONS, 465);
    private static final Map<Listener, Integer> IMAP_PORTS = Map.of(Listener.IMAP, 143, Listener.IMAPS, 993);
    private static final Pattern REMOTE_DELIVERY = Pattern.compile(
            "<mailet\\b[^>]*\\bclass\\s*=\\s*[\"'](?:[\\w.]*\\.)?(?:Secure)?RemoteDelivery[\"'][^>]*(?<!/)>");

    private final Path directory;

    /** The configuration in a folder: that of an unpacked archive, named {@code conf}. */
    public ServerConf(Path directory) {
        this.directory = directory;
    }

    /** The host name that the server says of itself. */
    public String mailHost() throws IOException {
        return elementText("smtpserver.xml", "helloName");
    }

    /** The domain of an address that has none. */
    String defaultDomain() throws IOException {
        return elementText("domainlist.xml", "defaultDomain");
    }

    /** Moves every listener from all addresses and its well-known port to loopback and the given one. */
    void listenOn(Ports ports) throws IOException {
        rebind("smtpserver.xml", SMTP_PORTS, ports);
        rebind("imapserver.xml", IMAP_PORTS, ports);
        Path webadmin = directory.resolve("webadmin.properties");
        String text = read(webadmin);
        if (!Pattern.compile("(?m)^host\\s*=\\s*127\\.0\\.0\\.1\\s*$")
                .matcher(text)
                .find()) {
            throw new IOException(webadmin + " has no line host=127.0.0.1: the quickstart keeps webadmin on loopback.");
        }
        Matcher port = Pattern.compile("(?m)^port\\s*=.*$").matcher(text);
        if (!port.find()) {
            throw new IOException(webadmin + " has no line port=…: the quickstart can't give it one.");
        }
        Files.writeString(webadmin, port.replaceFirst("port=" + ports.of(Listener.WEBADMIN)), StandardCharsets.UTF_8);
    }

    /** Makes every SecureRemoteDelivery, and RemoteDelivery, hand its mail to one host, whatever the recipient's domain. */
    public void routeRemoteMailTo(InetSocketAddress gateway) throws IOException {
        Path file = directory.resolve("mailetcontainer.xml");
        String lines = "\n        <!-- The quickstart's sink stands for the whole world. -->"
                + "\n        <gateway>" + gateway.getAddress().getHostAddress() + "</gateway>"
                + "\n        <gatewayPort>" + gateway.getPort() + "</gatewayPort>";
        String routed = REMOTE_DELIVERY
                .matcher(read(file))
                .replaceAll(found -> Matcher.quoteReplacement(found.group() + lines));
        Files.writeString(file, routed, StandardCharsets.UTF_8);

        NodeList mailets = parse(file).getElementsByTagName("mailet");
        int deliveries = 0;
        for (int i = 0; i < mailets.getLength(); i++) {
            Element mailet = (Element) mailets.item(i);
            if (mailet.getAttribute("class").endsWith("RemoteDelivery")) {
                deliveries++;
                if (mailet.getElementsByTagName("gateway").getLength() != 1
                        || mailet.getElementsByTagName("gatewayPort").getLength() != 1) {
                    throw new IOException("A " + mailet.getAttribute("class") + " of " + file
                            + " could not be given the sink as its only gateway; mail would leave this machine.");
                }
            }
        }
        if (deliveries == 0) {
            throw new IOException(file + " has no RemoteDelivery: nothing could reach the sink.");
        }
    }

    private void rebind(String name, Map<Listener, Integer> wellKnown, Ports ports) throws IOException {
        Path file = directory.resolve(name);
        String text = read(file);
        for (Map.Entry<Listener, Integer> entry : wellKnown.entrySet()) {
            String packaged = "<bind>0.0.0.0:" + entry.getValue() + "</bind>";
            int at = text.indexOf(packaged);
            if (at < 0 || text.indexOf(packaged, at + 1) >= 0) {
                throw new IOException(file + " should have " + packaged + " exactly once; the quickstart can't move "
                        + entry.getKey().label() + " to another port.");
            }
            text = text.replace(packaged, "<bind>127.0.0.1:" + ports.of(entry.getKey()) + "</bind>");
        }
        Matcher other =
                Pattern.compile("<bind>(?!127\\.0\\.0\\.1:)[^<]*</bind>").matcher(text);
        if (other.find()) {
            throw new IOException(file + " has a listener that the quickstart does not know, " + other.group()
                    + ": it would not be on loopback.");
        }
        Files.writeString(file, text, StandardCharsets.UTF_8);
    }

    private String elementText(String name, String element) throws IOException {
        Path file = directory.resolve(name);
        NodeList found = parse(file).getElementsByTagName(element);
        String text =
                found.getLength() == 0 ? "" : found.item(0).getTextContent().trim();
        if (text.isEmpty()) {
            throw new IOException(file + " has no <" + element + ">.");
        }
        return text;
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    private static Document parse(Path file) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newDocumentBuilder().parse(file.toFile());
        } catch (SAXException e) {
            throw new IOException(file + " is not well-formed: " + e.getMessage(), e);
        } catch (ParserConfigurationException e) {
            throw new IOException("This Java runtime has no safe XML parser.", e);
        }
    }
}
