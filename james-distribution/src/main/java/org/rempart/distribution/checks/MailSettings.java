/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * What the listeners' files say of the host.
 *
 * @param publicNames what it calls itself to the outside, in lower case
 * @param mxNames what it calls itself where other servers deliver, at port 25; all names where nothing has that port
 * @param heloNames what it calls itself where it delivers, in lower case
 * @param largestMessage the largest message that it takes, in bytes; 0 when there is no limit
 * @param tlsPorts the ports where TLS is spoken from the first byte
 */
record MailSettings(
        Set<String> publicNames,
        Set<String> mxNames,
        Set<String> heloNames,
        long largestMessage,
        Set<Integer> tlsPorts) {
    private static final String MX_PORT = "25";

    private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*([kKmMgG]?)");

    static MailSettings of(Home home) throws FaultException {
        Set<String> names = new TreeSet<>();
        Set<String> mxNames = new TreeSet<>();
        long largest = 0;
        Set<Integer> tlsPorts = new TreeSet<>();
        for (String[] kind : new String[][] {{"smtpserver.xml", "smtpserver"}, {"imapserver.xml", "imapserver"}}) {
            NodeList listeners = ConfigurationXml.read(home, home.conf(kind[0])).getElementsByTagName(kind[1]);
            for (int i = 0; i < listeners.getLength(); i++) {
                Element listener = (Element) listeners.item(i);
                if (listener.getAttribute("enabled").equals("false")) {
                    continue;
                }
                String name = ConfigurationXml.text(listener, "helloName").toLowerCase(Locale.ROOT);
                String bind = ConfigurationXml.text(listener, "bind");
                String port = bind.substring(bind.lastIndexOf(':') + 1);
                if (kind[1].equals("smtpserver") && !name.isEmpty()) {
                    names.add(name);
                    if (port.equals(MX_PORT)) {
                        mxNames.add(name);
                    }
                }
                largest = Math.max(largest, size(ConfigurationXml.text(listener, "maxmessagesize")));
                Element tls = (Element) listener.getElementsByTagName("tls").item(0);
                if (tls != null && tls.getAttribute("socketTLS").equals("true") && port.matches("\\d{1,5}")) {
                    tlsPorts.add(Integer.parseInt(port));
                }
            }
        }
        return new MailSettings(names, mxNames.isEmpty() ? names : mxNames, heloNames(home), largest, tlsPorts);
    }

    private static Set<String> heloNames(Home home) throws FaultException {
        Set<String> names = new TreeSet<>();
        NodeList helos =
                ConfigurationXml.read(home, home.conf("mailetcontainer.xml")).getElementsByTagName("heloName");
        for (int i = 0; i < helos.getLength(); i++) {
            String name = helos.item(i).getTextContent().trim().toLowerCase(Locale.ROOT);
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        return names;
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
}
