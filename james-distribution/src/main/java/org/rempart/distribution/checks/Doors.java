/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The other ways in than SMTP, and whether one of them takes passwords in clear text. */
final class Doors {
    /** What this server has no part of, by the file that would configure it in James. */
    private static final Map<String, String> ABSENT = Map.of(
            "pop3server.xml", "POP3",
            "lmtpserver.xml", "LMTP",
            "managesieveserver.xml", "ManageSieve");

    private final Home home;
    private final List<String> warnings = new ArrayList<>();

    private Doors(Home home) {
        this.home = home;
    }

    /**
     * What an administrator should know of them.
     *
     * @throws FaultException when a file can't be read
     */
    static List<String> warnings(Home home) throws FaultException {
        Doors doors = new Doors(home);
        for (String file : ABSENT.keySet().stream().sorted().toList()) {
            doors.absent(file);
        }
        doors.imap();
        return List.copyOf(doors.warnings);
    }

    private void absent(String name) throws FaultException {
        for (Element listener : listeners(name, name.replace(".xml", ""))) {
            Element tls = (Element) listener.getElementsByTagName("tls").item(0);
            boolean encrypted = tls != null && tls.getAttribute("socketTLS").equals("true");
            String warning = "conf/" + name + " is not used: this server has no " + ABSENT.get(name)
                    + "; delete the file, or disable its listeners";
            warnings.add(
                    encrypted
                            ? warning
                            : warning + ". As it stands, it would take passwords in clear text in any James: write "
                                    + "<tls socketTLS=\"true\" …> there before you use it elsewhere");
            return;
        }
    }

    private void imap() throws FaultException {
        for (Element listener : listeners("imapserver.xml", "imapserver")) {
            Element tls = (Element) listener.getElementsByTagName("tls").item(0);
            boolean encrypted = tls != null && tls.getAttribute("socketTLS").equals("true");
            boolean open =
                    ConfigurationXml.text(listener, "plainAuthDisallowed").equals("false")
                            || ConfigurationXml.text(listener, "requireSSL").equals("false");
            if (!encrypted && open) {
                warnings.add("conf/imapserver.xml: the listener " + ConfigurationXml.text(listener, "jmxName")
                        + " takes passwords in clear text; write <requireSSL>true</requireSSL> and "
                        + "<plainAuthDisallowed>true</plainAuthDisallowed>");
            }
        }
    }

    private List<Element> listeners(String file, String element) throws FaultException {
        Path path = home.conf(file);
        List<Element> enabled = new ArrayList<>();
        if (Files.exists(path)) {
            NodeList found = ConfigurationXml.read(home, path).getElementsByTagName(element);
            for (int i = 0; i < found.getLength(); i++) {
                Element listener = (Element) found.item(i);
                if (!listener.getAttribute("enabled").equals("false")) {
                    enabled.add(listener);
                }
            }
        }
        return enabled;
    }
}
