/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.net.Service;

/**
 * What a configuration folder of James says of the server itself.
 *
 * @param hosts the names that it gives itself where mail arrives, the first of them first
 * @param certificates those that it shows there, without the authorities'
 * @param services what it offers to clients, at the usual ports
 * @param mtaSts the MTA-STS policy that it serves for its domains, if it does
 */
public record OwnServer(
        List<String> hosts,
        List<X509Certificate> certificates,
        Set<Service> services,
        Optional<MtaStsPublication> mtaSts) {
    private static final Pattern PORT = Pattern.compile(":(\\d+)\\s*(?:,|$)");

    /** The files of listeners, and the elements that each holds. */
    private static final Map<String, String> FILES = Map.of(
            "smtpserver.xml", "smtpserver",
            "imapserver.xml", "imapserver",
            "pop3server.xml", "pop3server",
            "managesieveserver.xml", "managesieveserver");

    public OwnServer {
        hosts = List.copyOf(hosts);
        certificates = List.copyOf(certificates);
        services = Collections.unmodifiableSet(EnumSet.copyOf(withSmtp(services)));
    }

    private static Set<Service> withSmtp(Set<Service> services) {
        Set<Service> all = EnumSet.of(Service.SMTP);
        all.addAll(services);
        return all;
    }

    /**
     * Reads it.
     *
     * @throws IOException if a file can't be read, or a certificate that it names
     */
    public static OwnServer read(Path conf) throws IOException {
        Set<String> hosts = new LinkedHashSet<>();
        Set<X509Certificate> certificates = new LinkedHashSet<>();
        Set<Service> services = EnumSet.noneOf(Service.class);
        for (Map.Entry<String, String> file : FILES.entrySet()) {
            Path path = conf.resolve(file.getKey());
            if (!Files.exists(path)) {
                continue;
            }
            for (XmlNode server : ListenerAudit.servers(XmlNode.read(path), file.getValue())) {
                if (!ListenerAudit.enabled(server)) {
                    continue;
                }
                Set<Service> offered = services(server);
                services.addAll(offered);
                if (offered.contains(Service.SMTP)) {
                    String name = server.text("helloName");
                    if (!name.isEmpty()) {
                        hosts.add(name.toLowerCase(java.util.Locale.ROOT));
                    }
                    certificates.addAll(certificates(conf, server));
                }
            }
        }
        return new OwnServer(List.copyOf(hosts), List.copyOf(certificates), services, MtaStsPublication.read(conf));
    }

    private static Set<Service> services(XmlNode server) {
        Set<Service> services = EnumSet.noneOf(Service.class);
        Matcher ports = PORT.matcher(server.text("bind"));
        while (ports.find()) {
            for (Service service : Service.values()) {
                if (Integer.toString(service.port()).equals(ports.group(1))) {
                    services.add(service);
                }
            }
        }
        return services;
    }

    private static Collection<X509Certificate> certificates(Path conf, XmlNode server) throws IOException {
        // Rempart's own listeners may have several, of keys of different kinds.
        List<String> pems = server.at("tls").map(tls -> tls.children("certificates")).orElse(List.of()).stream()
                .map(XmlNode::text)
                .filter(text -> !text.isEmpty())
                .toList();
        String pem = String.join(", ", pems);
        String store = server.text("tls/keystore");
        try {
            if (!pems.isEmpty()) {
                List<X509Certificate> own = new ArrayList<>();
                for (String each : pems) {
                    if (!Files.isReadable(file(conf, each))) {
                        throw new IOException(
                                "the certificates " + each + ", which smtpserver.xml names, can't be read");
                    }
                    own.addAll(first(Files.readAllBytes(file(conf, each)), each));
                }
                return own;
            }
            if (!store.isEmpty() && Files.exists(file(conf, store))) {
                return ofStore(file(conf, store), server.text("tls/keystoreType"), server.text("tls/secret"));
            }
        } catch (GeneralSecurityException fault) {
            throw new IOException((pem.isEmpty() ? store : pem) + ": " + fault.getMessage(), fault);
        }
        return List.of();
    }

    private static Path file(Path conf, String url) {
        String path = url.replaceFirst("^file:(//)?", "");
        if (url.startsWith("file:///")) {
            return Path.of(URI.create(url));
        }
        return conf.toAbsolutePath().getParent().resolve(path);
    }

    /** The first certificate of a PEM file: the server's own. */
    public static List<X509Certificate> first(byte[] pem, String file) throws IOException {
        try {
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                return List.of((X509Certificate) certificate);
            }
            throw new IOException(file + " holds no certificate");
        } catch (GeneralSecurityException fault) {
            throw new IOException(file + ": " + fault.getMessage(), fault);
        }
    }

    private static List<X509Certificate> ofStore(Path file, String type, String secret)
            throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(type.isEmpty() ? "JKS" : type);
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, secret.toCharArray());
        }
        List<X509Certificate> certificates = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias) && store.getCertificate(alias) instanceof X509Certificate own) {
                certificates.add(own);
            }
        }
        return certificates;
    }
}
