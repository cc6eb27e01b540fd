/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The domains that a file names, for commands that may run without the server. */
final class ListedDomains {
    private ListedDomains() {}

    /** The domains of domainlist.xml, the default one first. */
    static List<String> of(Home home) throws IOException {
        Path file = home.conf("domainlist.xml");
        List<String> found = new ArrayList<>();
        if (!Files.exists(file)) {
            return found;
        }
        try {
            Document document = ConfigurationXml.read(home, file);
            for (String element : new String[] {"defaultDomain", "domainname"}) {
                NodeList nodes = document.getElementsByTagName(element);
                for (int i = 0; i < nodes.getLength(); i++) {
                    String domain = nodes.item(i).getTextContent().trim();
                    if (!domain.isEmpty()) {
                        found.add(domain);
                    }
                }
            }
            return found;
        } catch (FaultException unreadable) {
            throw new IOException(unreadable.getMessage(), unreadable);
        }
    }
}
