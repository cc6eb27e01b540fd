/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.MtaStsPublication;
import org.rempart.policy.tls.TlsPolicy;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * A listener as its configuration file states it.
 *
 * @param file the configuration file, for messages
 * @param name the listener's name
 * @param address where it listens
 * @param tls whether it speaks TLS at all, by STARTTLS or from the first byte
 * @param protocols the TLS versions that it offers; empty when the file leaves them to the JVM
 * @param connections how many clients it lets in at a time; 0 for any number
 */
public record Listener(
        String file, String name, InetSocketAddress address, boolean tls, List<String> protocols, int connections) {
    /** The name of the administration interface. */
    public static final String WEBADMIN = "webadmin";

    /** The name of the HTTPS listener with the MTA-STS policy of our domains. */
    public static final String MTA_STS = "mta-sts";

    private static final int MTA_STS_CONNECTIONS = 100;

    private static final int WEBADMIN_PORT = 8000;

    /**
     * The listeners of a home that are switched on.
     *
     * @throws FaultException when a file can't be understood
     */
    public static List<Listener> of(Home home) throws FaultException {
        List<Listener> listeners = new ArrayList<>();
        listeners.addAll(ofXml(home, "smtpserver.xml", "smtpserver"));
        listeners.addAll(ofXml(home, "imapserver.xml", "imapserver"));
        listeners.addAll(ofWebAdmin(home));
        listeners.addAll(ofMtaSts(home));
        return List.copyOf(listeners);
    }

    private static List<Listener> ofXml(Home home, String file, String element) throws FaultException {
        Path path = home.conf(file);
        List<Listener> listeners = new ArrayList<>();
        NodeList elements = ConfigurationXml.read(home, path).getElementsByTagName(element);
        for (int i = 0; i < elements.getLength(); i++) {
            Element listener = (Element) elements.item(i);
            if (!listener.getAttribute("enabled").equals("false")) {
                listeners.add(ofElement(home, path, listener, element + " number " + (i + 1)));
            }
        }
        return listeners;
    }

    private static Listener ofElement(Home home, Path path, Element listener, String place) throws FaultException {
        String file = home.name(path);
        String bind = ConfigurationXml.text(listener, "bind");
        int colon = bind.lastIndexOf(':');
        if (colon <= 0 || !bind.substring(colon + 1).matches("\\d{1,5}") || bind.contains(",")) {
            throw new FaultException(file + ": <bind>" + bind + "</bind> of " + place
                    + " is not an address and a port; write 0.0.0.0:25");
        }
        int port = Integer.parseInt(bind.substring(colon + 1));
        String name = ConfigurationXml.text(listener, "jmxName");
        String limit = ConfigurationXml.text(listener, "connectionLimit");
        if (!limit.matches("\\d{0,9}")) {
            throw new FaultException(file + ": <connectionLimit>" + limit + "</connectionLimit> of " + place
                    + " is not a number; write 500");
        }
        Element tls = (Element) listener.getElementsByTagName("tls").item(0);
        List<String> protocols = new ArrayList<>();
        boolean speaksTls = false;
        if (tls != null) {
            speaksTls = tls.getAttribute("socketTLS").equals("true")
                    || tls.getAttribute("startTLS").equals("true");
            NodeList named = tls.getElementsByTagName("protocol");
            for (int i = 0; i < named.getLength(); i++) {
                protocols.add(named.item(i).getTextContent().trim());
            }
        }
        return new Listener(
                file,
                name.isEmpty() ? place : name,
                address(file, bind.substring(0, colon).trim(), port),
                speaksTls,
                List.copyOf(protocols),
                limit.isEmpty() ? 0 : Integer.parseInt(limit));
    }

    private static List<Listener> ofWebAdmin(Home home) throws FaultException {
        Path path = home.conf("webadmin.properties");
        Properties properties = new Properties();
        if (Files.exists(path)) {
            try (InputStream in = Files.newInputStream(path)) {
                properties.load(in);
            } catch (IOException | IllegalArgumentException unread) {
                throw new FaultException(home.name(path) + ": can't be read (" + unread.getMessage() + ")");
            }
        }
        if (!properties.getProperty("enabled", "false").trim().equals("true")) {
            return List.of();
        }
        String file = home.name(path);
        String port =
                properties.getProperty("port", String.valueOf(WEBADMIN_PORT)).trim();
        if (!port.matches("\\d{1,5}")) {
            throw new FaultException(file + ": port=" + port + " is not a port; write port=8000");
        }
        InetSocketAddress address =
                address(file, properties.getProperty("host", "127.0.0.1").trim(), Integer.parseInt(port));
        return List.of(new Listener(file, WEBADMIN, address, false, List.of(), 0));
    }

    private static List<Listener> ofMtaSts(Home home) throws FaultException {
        Path path = home.conf("rempart.xml");
        try {
            TlsPolicy tls = PolicyFile.read(path).tls();
            Optional<MtaStsPublication> publication = tls.publication();
            return publication.isEmpty()
                    ? List.of()
                    : List.of(new Listener(
                            home.name(path),
                            MTA_STS,
                            address(
                                    home.name(path),
                                    publication.get().address(),
                                    publication.get().port()),
                            true,
                            tls.protocols(),
                            MTA_STS_CONNECTIONS));
        } catch (PolicyException | IOException fault) {
            // Told by who reads the policy for its own sake.
            return List.of();
        }
    }

    private static InetSocketAddress address(String file, String host, int port) throws FaultException {
        if (port > 65535) {
            throw new FaultException(file + ": " + port + " is not a port; ports end at 65535");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (IOException unknown) {
            throw new FaultException(file + ": \"" + host + "\" is no address of this machine");
        }
    }
}
