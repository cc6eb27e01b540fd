/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/** The ports of a listener, and its TLS: on offer or from the first byte, in the versions and suites of our own listeners. */
final class ListenerTls {
    private static final Pattern PORT = Pattern.compile(":(?:(\\d{1,5})|\\$\\{[^}]*?:-(\\d{1,5})\\})\\s*(?=,|$)");
    private static final Set<String> GOOD = Set.of("TLSv1.3", "TLSv1.2");

    private ListenerTls() {}

    /** The ports that a listener binds; one that comes from elsewhere counts with its default. */
    static Set<String> ports(XmlElement listener) {
        Set<String> ports = new TreeSet<>();
        Matcher found = PORT.matcher(listener.text("bind"));
        while (found.find()) {
            ports.add(found.group(1) == null ? found.group(2) : found.group(1));
        }
        return ports;
    }

    static void require(XmlEditor editor, XmlElement listener, Settings settings, boolean fromTheFirstByte) {
        Pieces ours = Pieces.of("smtpserver.xml");
        XmlElement pattern = ours.root().all("tls").get(0);
        Optional<XmlElement> present = listener.child("tls");
        if (present.isEmpty()) {
            String tls = ours.lines(pattern);
            settings.add(
                    fromTheFirstByte ? tls.replace("socketTLS=\"false\" startTLS=\"true\"", socket()) : tls,
                    "this listener has no TLS");
            editor.note(
                    listener,
                    "put the chain of the certificate into conf/tls/certificate.pem, its key into conf/tls/private-key.pem");
            return;
        }
        XmlElement tls = present.get();
        settings.attribute(
                tls,
                "socketTLS",
                Boolean.toString(fromTheFirstByte),
                fromTheFirstByte
                        ? "this port has TLS from the first byte (RFC 8314)"
                        : "clients of this port begin in clear text, and issue STARTTLS");
        settings.attribute(
                tls,
                "startTLS",
                Boolean.toString(!fromTheFirstByte),
                fromTheFirstByte ? "with TLS from the first byte there is no STARTTLS" : "STARTTLS is not on offer");
        String lines = "";
        Optional<XmlElement> protocols = tls.child("supportedProtocols");
        if (protocols.isEmpty()) {
            lines += ours.lines(pattern.child("supportedProtocols").orElseThrow());
        } else {
            for (XmlElement protocol : protocols.get().children("protocol")) {
                if (!GOOD.contains(protocol.text())) {
                    editor.delete(protocol, protocol.text() + " is no version of TLS that is still safe");
                }
            }
        }
        if (tls.child("supportedCipherSuites").isEmpty()) {
            lines += ours.lines(pattern.child("supportedCipherSuites").orElseThrow());
        }
        if (!lines.isEmpty()) {
            editor.append(tls, lines, "the versions and suites of TLS are whatever the JVM has");
        }
    }

    private static String socket() {
        return "socketTLS=\"true\" startTLS=\"false\"";
    }
}
