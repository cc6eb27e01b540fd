/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;

/** The listeners with TLS that a configuration folder of James switches on. */
public final class OwnListeners {
    private static final Pattern BIND = Pattern.compile("\\[?([0-9A-Fa-f:.]+?)]?:(\\d{1,5})");

    /** Of a file: its element, what it is with STARTTLS and with TLS from the first byte. */
    private record Kind(String file, String element, Service startTls, Optional<Service> direct) {}

    private static final List<Kind> KINDS = List.of(
            new Kind("smtpserver.xml", "smtpserver", Service.SMTP, Optional.of(Service.SUBMISSIONS)),
            new Kind("imapserver.xml", "imapserver", Service.IMAP, Optional.of(Service.IMAPS)),
            new Kind("pop3server.xml", "pop3server", Service.POP3, Optional.of(Service.POP3S)),
            new Kind("managesieveserver.xml", "managesieveserver", Service.SIEVE, Optional.empty()));

    private OwnListeners() {}

    /**
     * Reads them.
     *
     * @return by their names; what listens everywhere is to be asked on loopback
     * @throws IOException if a file can't be read
     */
    public static Map<String, Listener> read(Path conf) throws IOException {
        Map<String, Listener> listeners = new LinkedHashMap<>();
        for (Kind kind : KINDS) {
            Path file = conf.resolve(kind.file());
            if (!Files.exists(file)) {
                continue;
            }
            for (XmlNode server : ListenerAudit.servers(XmlNode.read(file), kind.element())) {
                Optional<Service> service = service(server, kind);
                if (ListenerAudit.enabled(server) && service.isPresent()) {
                    add(listeners, server, service.get());
                }
            }
        }
        return listeners;
    }

    private static Optional<Service> service(XmlNode server, Kind kind) {
        Optional<XmlNode> tls = server.at("tls");
        if (tls.isEmpty()) {
            return Optional.empty();
        }
        if (tls.get().attribute("socketTLS").equals("true")) {
            return kind.direct();
        }
        return tls.get().attribute("startTLS").equals("true") ? Optional.of(kind.startTls()) : Optional.empty();
    }

    private static void add(Map<String, Listener> listeners, XmlNode server, Service service) throws IOException {
        for (String bind : server.text("bind").split(",", -1)) {
            Matcher place = BIND.matcher(bind.strip());
            if (!place.matches() || Integer.parseInt(place.group(2)) > 65_535) {
                continue;
            }
            InetAddress address = InetAddress.getByName(place.group(1));
            InetAddress reachable = address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address;
            int port = Integer.parseInt(place.group(2));
            String name = server.text("jmxName").isEmpty() ? service.label() : server.text("jmxName");
            listeners.put(
                    name + " at " + reachable.getHostAddress() + ":" + port,
                    new Listener(service, server.text("helloName"), reachable, port));
        }
    }
}
