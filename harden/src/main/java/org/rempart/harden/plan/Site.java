/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;

/** What our lines have to name of this server: its host, and where it keeps mail. */
public final class Site {
    /** What our configuration has in the place of the host's name. */
    public static final String PLACEHOLDER = "mail.example.com";

    private static final String STORE = "stored://";
    private static final Pattern HOST = Pattern.compile(
            "(?=.{4,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+");
    private static final Pattern SCHEME = Pattern.compile("^(.+?://).*");

    private final String host;
    private final String store;
    private final boolean rabbit;

    private Site(String host, String store, boolean rabbit) {
        this.host = host;
        this.store = store;
        this.rabbit = rabbit;
    }

    /**
     * Reads them from a configuration.
     *
     * @param given the host's name, when it was said
     * @throws UnreadableException when a file that says it is not well-formed
     */
    static Site of(Configuration configuration, Optional<String> given) throws UnreadableException {
        return new Site(
                given.isPresent() ? given.get() : host(configuration),
                store(configuration),
                configuration.file("rabbitmq.properties").isPresent());
    }

    /** Whether a text is a name that a host can have in public. */
    public static boolean isHost(String text) {
        return HOST.matcher(text).matches();
    }

    private static String host(Configuration configuration) throws UnreadableException {
        Optional<XmlDocument> listeners = configuration.xml("smtpserver.xml");
        if (listeners.isPresent()) {
            for (XmlElement name : listeners.get().root().all("helloName")) {
                if (name.attribute("autodetect").equals("false")
                        && isHost(name.text())
                        && !name.text().equals(PLACEHOLDER)) {
                    return name.text();
                }
            }
        }
        Optional<XmlDocument> container = configuration.xml("mailetcontainer.xml");
        if (container.isPresent()) {
            for (String parameter : List.of("heloName", "mail.smtp.localhost")) {
                for (XmlElement name : container.get().root().all(parameter)) {
                    if (isHost(name.text()) && !name.text().equals(PLACEHOLDER)) {
                        return name.text();
                    }
                }
            }
        }
        return PLACEHOLDER;
    }

    private static String store(Configuration configuration) throws UnreadableException {
        Map<String, Integer> counts = new HashMap<>();
        Optional<XmlDocument> container = configuration.xml("mailetcontainer.xml");
        if (container.isPresent()) {
            for (XmlElement path : container.get().root().all("repositoryPath")) {
                Matcher scheme = SCHEME.matcher(path.text());
                if (scheme.matches()) {
                    counts.merge(scheme.group(1), 1, Integer::sum);
                }
            }
        }
        Optional<String> most = counts.entrySet().stream()
                .max(Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey);
        if (most.isPresent()) {
            return most.get();
        }
        Optional<XmlDocument> stores = configuration.xml("mailrepositorystore.xml");
        return stores.map(document -> document.root().text("defaultProtocol"))
                        .filter(protocol -> !protocol.isEmpty())
                        .orElse("file")
                + "://";
    }

    String host() {
        return host;
    }

    /** Whether its queues are RabbitMQ's, which ignore delays. */
    boolean hasRabbit() {
        return rabbit;
    }

    /** Whether a text has the placeholder, where the name of this host is known. */
    boolean isPlaceholder(String text) {
        return text.contains(PLACEHOLDER) && !host.equals(PLACEHOLDER);
    }

    /** Lines of ours, with the names of this server. */
    String fill(String lines) {
        return lines.replace(STORE, store).replace(PLACEHOLDER, host);
    }
}
