/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.harden.plan.Configuration;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;

/** The ways into James that Rempart does not guard: POP3, ManageSieve, LMTP, JMAP, webadmin, JMX, the directory. */
final class OpenDoors {
    private static final Pattern LOOPBACK = Pattern.compile("(127[.]\\d+[.]\\d+[.]\\d+|localhost|\\[?::1\\]?)(:.*)?");

    private final Configuration configuration;
    private final List<String> findings = new ArrayList<>();

    private OpenDoors(Configuration configuration) {
        this.configuration = configuration;
    }

    static List<String> of(Configuration configuration) throws UnreadableException {
        OpenDoors doors = new OpenDoors(configuration);
        doors.pop3();
        doors.manageSieve();
        doors.lmtp();
        doors.jmap();
        doors.webAdmin();
        doors.jmx();
        doors.directory();
        doors.postmaster();
        return doors.findings;
    }

    private void pop3() throws UnreadableException {
        for (Listener listener : listeners("pop3server.xml", "pop3server")) {
            if (!listener.has("socketTLS") && !listener.isLoopback()) {
                listener.say(
                        "POP3 takes passwords in clear text, and James can't ask for TLS there; bind port 995 with <tls"
                                + " socketTLS=\"true\" startTLS=\"false\">, or write enabled=\"false\"");
            }
        }
    }

    private void manageSieve() throws UnreadableException {
        for (Listener listener : listeners("managesieveserver.xml", "managesieveserver")) {
            if (!listener.has("socketTLS") && !listener.isLoopback()) {
                listener.say(
                        "ManageSieve takes passwords in clear text; write <tls socketTLS=\"true\" startTLS=\"false\">, bind"
                                + " 127.0.0.1, or write enabled=\"false\"");
            }
        }
    }

    private void lmtp() throws UnreadableException {
        for (Listener listener : listeners("lmtpserver.xml", "lmtpserver")) {
            if (!listener.isLoopback()) {
                listener.say("LMTP takes mail of anybody, past all checks of SMTP; bind 127.0.0.1:24, or write"
                        + " enabled=\"false\"");
            }
        }
    }

    private void jmap() {
        Optional<Properties> jmap = properties("jmap.properties");
        if (jmap.isPresent() && jmap.get().is("enabled", "true", "false")) {
            jmap.get()
                    .say(
                            "enabled",
                            "JMAP listens on every address in clear text, and James has neither a bind address nor TLS for"
                                    + " it; let a proxy with TLS alone reach its port (jmap.port, 80), or write enabled=false");
        }
    }

    private void webAdmin() {
        Optional<Properties> webAdmin = properties("webadmin.properties");
        if (webAdmin.isEmpty() || !webAdmin.get().is("enabled", "true", "false")) {
            return;
        }
        Properties is = webAdmin.get();
        boolean open = !LOOPBACK.matcher(is.value("host", "localhost")).matches();
        if (open && !is.is("jwt.enabled", "true", "false")) {
            is.say(
                    "host",
                    "anyone who reaches webadmin administers this server, without a password; write host=localhost, or"
                            + " jwt.enabled=true");
        }
        if (open && !is.is("https.enabled", "true", "false")) {
            is.say("host", "webadmin is open in clear text; write host=localhost, or https.enabled=true");
        }
    }

    private void jmx() {
        Optional<Properties> jmx = properties("jmx.properties");
        if (jmx.isPresent()
                && jmx.get().is("jmx.enabled", "true", "true")
                && !LOOPBACK.matcher(jmx.get().value("jmx.address", "localhost"))
                        .matches()) {
            jmx.get()
                    .say(
                            "jmx.address",
                            "anyone who reaches JMX runs what he likes in this server; write jmx.address=127.0.0.1, or"
                                    + " jmx.enabled=false");
        }
    }

    private void directory() throws UnreadableException {
        Optional<XmlDocument> users = configuration.xml("usersrepository.xml");
        if (users.isEmpty()) {
            return;
        }
        String url = users.get().root().attribute("ldapHost");
        int start = users.get().root().start();
        if (url.startsWith("ldap:")
                && !LOOPBACK.matcher(url.replaceFirst("^ldap://", "")).matches()) {
            say(
                    users.get().source(),
                    start,
                    "passwords go to the directory in clear text; write ldapHost=\"ldaps://HOST\"");
        } else if (url.startsWith("ldaps:")) {
            say(
                    users.get().source(),
                    start,
                    "James does not look whether the directory's certificate is for its host name; let a"
                            + " proxy on this machine that does speak to it");
        }
    }

    private void postmaster() throws UnreadableException {
        Optional<XmlDocument> container = configuration.xml("mailetcontainer.xml");
        Optional<XmlElement> context =
                container.flatMap(document -> document.root().child("context"));
        if (context.isEmpty()) {
            return;
        }
        String address = context.get().text("postmaster");
        String domain = configuration
                .xml("domainlist.xml")
                .map(document -> document.root().text("defaultDomain"))
                .orElse("");
        boolean nowhere = address.isEmpty() || address.endsWith("@example.com");
        if (nowhere || (!address.contains("@") && (domain.isEmpty() || domain.equals("localhost")))) {
            say(
                    container.get().source(),
                    context.get().child("postmaster").orElse(context.get()).start(),
                    "nobody is told when mail is kept; write <postmaster>postmaster@YOUR-DOMAIN</postmaster>, an address that"
                            + " has a mailbox");
        }
    }

    private void say(SourceText source, int position, String text) {
        findings.add(source.name() + ":" + source.line(position) + ": " + text);
    }

    private Optional<Properties> properties(String file) {
        return configuration.file(file).map(Properties::new);
    }

    private List<Listener> listeners(String file, String name) throws UnreadableException {
        List<Listener> found = new ArrayList<>();
        Optional<XmlDocument> document = configuration.xml(file);
        if (document.isPresent()) {
            for (XmlElement element : document.get().root().all(name)) {
                if (!element.attribute("enabled").equals("false")) {
                    found.add(new Listener(document.get().source(), element));
                }
            }
        }
        return found;
    }

    private final class Listener {
        private final SourceText source;
        private final XmlElement element;

        private Listener(SourceText source, XmlElement element) {
            this.source = source;
            this.element = element;
        }

        private boolean has(String tls) {
            return element.child("tls")
                    .filter(child -> child.attribute(tls).equals("true"))
                    .isPresent();
        }

        private boolean isLoopback() {
            String bind = element.text("bind");
            for (String address : bind.split(",", -1)) {
                if (!LOOPBACK.matcher(address.strip()).matches()) {
                    return false;
                }
            }
            return true;
        }

        private void say(String text) {
            OpenDoors.this.say(source, element.child("bind").orElse(element).start(), text);
        }
    }

    /** A file of properties: {@code key=value} lines. */
    private final class Properties {
        private final SourceText source;

        private Properties(SourceText source) {
            this.source = source;
        }

        private Optional<Matcher> line(String key) {
            Matcher line = Pattern.compile("(?m)^[ \\t]*" + Pattern.quote(key) + "[ \\t]*[=: \\t][ \\t]*([^\\r\\n]*)")
                    .matcher(source.text());
            return line.find() ? Optional.of(line) : Optional.empty();
        }

        private String value(String key, String byDefault) {
            return line(key).map(line -> line.group(1).strip()).orElse(byDefault);
        }

        private boolean is(String key, String value, String byDefault) {
            return value(key, byDefault).equals(value);
        }

        private void say(String key, String text) {
            OpenDoors.this.say(source, line(key).map(Matcher::start).orElse(0), text);
        }
    }
}
