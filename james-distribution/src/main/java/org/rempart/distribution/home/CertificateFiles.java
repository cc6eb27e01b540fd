/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * A certificate and its key, both PEM files, as a listener's configuration names them. A listener may have several, of keys of
 * different kinds (RSA and ECDSA): it shows the one that fits what the client knows.
 *
 * @param certificate the host's own certificate, then those that certify it
 */
public record CertificateFiles(Path certificate, Path key) {
    private static final String CERTIFICATES = "certificates";
    private static final String KEY = "privateKey";

    /**
     * Those that the listeners of a home name, without repetitions; where none is named, those of {@code conf/tls}.
     *
     * @throws FaultException when a file can't be understood, or a certificate has no key beside it
     */
    public static List<CertificateFiles> of(Home home) throws FaultException {
        Set<CertificateFiles> files = new LinkedHashSet<>();
        for (String kind : List.of("smtpserver", "imapserver")) {
            Path path = home.conf(kind + ".xml");
            NodeList listeners = ConfigurationXml.read(home, path).getElementsByTagName(kind);
            for (int i = 0; i < listeners.getLength(); i++) {
                Element listener = (Element) listeners.item(i);
                if (!listener.getAttribute("enabled").equals("false")) {
                    files.addAll(of(home, home.name(path), listener));
                }
            }
        }
        return files.isEmpty()
                ? List.of(new CertificateFiles(home.conf("tls/certificate.pem"), home.conf("tls/private-key.pem")))
                : List.copyOf(files);
    }

    private static List<CertificateFiles> of(Home home, String file, Element listener) throws FaultException {
        List<Path> certificates = paths(home, listener.getElementsByTagName(CERTIFICATES));
        List<Path> keys = paths(home, listener.getElementsByTagName(KEY));
        if (certificates.size() != keys.size()) {
            throw new FaultException(file + ": a listener has " + certificates.size() + " <" + CERTIFICATES + "> and "
                    + keys.size() + " <" + KEY + ">; write one <" + KEY + "> for each <" + CERTIFICATES
                    + ">, in the same order");
        }
        List<CertificateFiles> pairs = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            pairs.add(new CertificateFiles(certificates.get(i), keys.get(i)));
        }
        return pairs;
    }

    private static List<Path> paths(Home home, NodeList named) {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < named.getLength(); i++) {
            String url = named.item(i).getTextContent().trim();
            paths.add(
                    url.startsWith("file:///")
                            ? Path.of(URI.create(url))
                            : home.folder().resolve(url.replaceFirst("^file:(//)?", "")));
        }
        return paths;
    }
}
