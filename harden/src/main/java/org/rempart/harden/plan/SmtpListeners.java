/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/** smtpserver.xml: each listener becomes an MX or one for submission, with the checks of such a one. */
final class SmtpListeners {
    private static final String NAME = "smtpserver.xml";
    private static final String OURS = "org.rempart.smtp.";
    private static final String MX = OURS + "MxHandlers";
    private static final String SUBMISSION = OURS + "SubmissionHandlers";

    /** With it a listener lists our handlers one by one, and the start says which are missing. */
    private static final String SINGLE = OURS + "CoreHandlers";

    private static final String STOCK = "org.apache.james.smtpserver.";

    /** Handlers of James that ours take the place of, or have among them. */
    private static final Set<String> REPLACED = Set.of(
            STOCK + "CoreCmdHandlerLoader",
            STOCK + "NoAuthCmdHandlerLoader",
            STOCK + "fastfail.ValidRcptHandler",
            STOCK + "dsn.DSNEhloHook",
            STOCK + "dsn.DSNMailParameterHook",
            STOCK + "dsn.DSNRcptParameterHook",
            STOCK + "dsn.DSNMessageHook",
            STOCK + "tls.SmtpRequireTlsEhloHook",
            STOCK + "tls.SmtpRequireTlsParameterHook",
            STOCK + "tls.SmtpRequireTlsMessageHook");

    private enum Role {
        MX,
        SUBMISSION,
        SUBMISSIONS,
        UNKNOWN
    }

    private final XmlEditor editor;
    private final Site site;

    private SmtpListeners(XmlEditor editor, Site site) {
        this.editor = editor;
        this.site = site;
    }

    static Draft draft(Configuration configuration, Site site) throws UnreadableException {
        Optional<XmlDocument> document = configuration.xml(NAME);
        if (document.isEmpty()) {
            Draft draft = Draft.of(SourceText.of(NAME, new byte[0]));
            draft.note(
                    0,
                    "this file is not there, and so no listener for SMTP: take the sample of your James, and run harden"
                            + " again");
            return draft;
        }
        Draft draft = Draft.of(document.get().source());
        SmtpListeners listeners = new SmtpListeners(new XmlEditor(document.get(), draft), site);
        XmlElement root = document.get().root();
        List<XmlElement> all = Stream.concat(
                        Stream.of(root).filter(element -> element.name().equals("smtpserver")),
                        root.all("smtpserver").stream())
                .collect(Collectors.toList());
        for (XmlElement listener : all) {
            listeners.harden(listener);
        }
        return draft;
    }

    private static Role role(XmlElement listener) {
        String chain = listener.child("handlerchain")
                .map(element -> element.attribute("coreHandlersPackage"))
                .orElse("");
        Set<String> ports = ListenerTls.ports(listener);
        boolean socket = listener.child("tls")
                .filter(tls -> tls.attribute("socketTLS").equals("true"))
                .isPresent();
        boolean submission = socket || ports.contains("465") || ports.contains("587");
        if (ports.contains("25") || chain.equals(MX)) {
            return submission && !chain.equals(MX) ? Role.UNKNOWN : Role.MX;
        }
        if (ports.contains("465") || (socket && !ports.contains("587"))) {
            return Role.SUBMISSIONS;
        }
        if (submission || chain.equals(SUBMISSION)) {
            return Role.SUBMISSION;
        }
        String announced =
                listener.child("auth").map(auth -> auth.text("announce")).orElse("");
        String required = listener.text("authRequired");
        if (announced.equals("never") || chain.equals(STOCK + "NoAuthCmdHandlerLoader") || required.equals("false")) {
            return Role.MX;
        }
        if (Set.of("always", "true", "forUnauthorizedAddresses").contains(announced)
                || Set.of("true", "announce").contains(required)) {
            return Role.SUBMISSION;
        }
        return Role.UNKNOWN;
    }

    private void harden(XmlElement listener) {
        Role role = role(listener);
        if (role == Role.UNKNOWN) {
            editor.note(
                    listener,
                    "whether this listener is an MX or for submission can't be told from its port and its <auth>, so nothing of"
                            + " it is changed: give an MX <handlerchain coreHandlersPackage=\"" + MX
                            + "\">, one where accounts log in <handlerchain coreHandlersPackage=\"" + SUBMISSION
                            + "\">, and run harden again");
            return;
        }
        boolean mx = role == Role.MX;
        Settings settings = new Settings(editor, listener);
        names(listener, settings);
        ListenerTls.require(editor, listener, settings, role == Role.SUBMISSIONS);
        auth(listener, settings, mx);
        networks(listener);
        size(listener, settings);
        handlers(listener, settings, mx);
        settings.write();
    }

    private void names(XmlElement listener, Settings settings) {
        String reason = "strangers are told the name that the machine has inside";
        Optional<XmlElement> hello = listener.child("helloName");
        if (hello.isEmpty()) {
            settings.add("<helloName autodetect=\"false\">" + site.host() + "</helloName>\n", reason);
        } else {
            String text = hello.get().text();
            // James takes the machine's name, whatever the element says, unless it is told not to.
            boolean unread = !hello.get().attribute("autodetect").equals("false") && !Settings.isFromElsewhere(text);
            settings.attribute(hello.get(), "autodetect", "false", reason);
            if (unread || !named(text) || site.isPlaceholder(text)) {
                editor.text(hello.get(), site.host(), reason);
            }
        }
        Optional<XmlElement> greeting = listener.child("smtpGreeting");
        String ours = site.host() + " ESMTP";
        if (greeting.isEmpty()) {
            settings.add("<smtpGreeting>" + ours + "</smtpGreeting>\n", "the greeting names the product");
        } else if (greeting.get().text().toUpperCase(Locale.ROOT).contains("JAMES")
                || site.isPlaceholder(greeting.get().text())) {
            editor.text(greeting.get(), ours, "the greeting names the product, or not this host");
        }
    }

    private static boolean named(String host) {
        return Settings.isFromElsewhere(host) || Site.isHost(host);
    }

    private void auth(XmlElement listener, Settings settings, boolean mx) {
        String announce = mx ? "never" : "always";
        String why = mx ? "other servers deliver here, and nobody logs in" : "every client has to log in here";
        String clear = "passwords are taken in clear text";
        listener.child("authRequired")
                .ifPresent(old -> editor.delete(old, "<auth> says it in this James, <authRequired> is void"));
        Optional<XmlElement> auth = listener.child("auth");
        if (auth.isEmpty()) {
            settings.add(
                    "<auth>\n  <announce>" + announce + "</announce>\n  <requireSSL>true</requireSSL>\n"
                            + (mx ? "" : "  <plainAuthEnabled>true</plainAuthEnabled>\n") + "</auth>\n",
                    why + ": " + clear + " where <auth> does not ask for TLS");
        } else {
            Settings logins = new Settings(editor, auth.get());
            XmlElement announced = auth.get().child("announce").orElse(auth.get());
            if (mx && Set.of("always", "true", "forUnauthorizedAddresses").contains(announced.text())) {
                editor.note(announced, "clients that log in at this port have to use 587 or 465 from now on");
            }
            logins.require("announce", announce, why);
            logins.require("requireSSL", "true", clear);
            if (!mx) {
                logins.require("plainAuthEnabled", "true", "clients have no other way to log in");
            }
            logins.write();
        }
        settings.require(
                "verifyIdentity",
                "false",
                "<identity> of rempart.xml says who may write as whom, and James's own check is void");
    }

    private void networks(XmlElement listener) {
        for (XmlElement networks : listener.children("authorizedAddresses")) {
            String text = networks.text();
            editor.delete(
                    networks,
                    "<authorizedAddresses>" + text
                            + ": anyone who has such an address relays without a login; rempart.xml says who" + " may");
            if (!Set.of("127.0.0.0/8", "127.0.0.1", "127.0.0.1/32", "127.0.0.1, ::1", "")
                    .contains(text)) {
                editor.note(
                        networks,
                        "if these addresses have to relay without a login, write into rempart.xml <networks><network"
                                + " name=\"relaying\">" + text
                                + "</network></networks> and into its <relay> <allow network=\"relaying\"/>, best with"
                                + " senderDomains=\"…\"".replace("…", "your.domain"));
            }
        }
    }

    private void size(XmlElement listener, Settings settings) {
        String reason = "a message may be of any size";
        Optional<XmlElement> size = listener.child("maxmessagesize");
        if (size.isEmpty() || size.get().text().equals("0")) {
            settings.require("maxmessagesize", "25M", reason);
        }
    }

    private void handlers(XmlElement listener, Settings settings, boolean mx) {
        String ours = mx ? MX : SUBMISSION;
        String reason = mx
                ? "the checks of an MX are missing: logins and strangers' relaying are taken"
                : "the checks of submission are missing: TLS before a login, a login before mail, own senders alone";
        Optional<XmlElement> chain = listener.child("handlerchain");
        if (chain.isEmpty()) {
            settings.add("<handlerchain coreHandlersPackage=\"" + ours + "\" enableJmx=\"false\"/>\n", reason);
            return;
        }
        String core = chain.get().attribute("coreHandlersPackage");
        if (core.isEmpty() || REPLACED.contains(core)) {
            editor.attribute(chain.get(), "coreHandlersPackage", ours, reason);
        } else if (!core.equals(ours) && !core.equals(SINGLE)) {
            editor.note(
                    chain.get(),
                    "coreHandlersPackage=\"" + core + "\" is not James's and stays, so " + reason
                            + ": write coreHandlersPackage=\"" + ours + "\", and its handlers as <handler> inside");
            return;
        }
        settings.attribute(
                chain.get(),
                "enableJmx",
                "false",
                "James's counting of answers fails at handlers that let a client go on without one: no client gets in");
        for (XmlElement handler : chain.get().children("handler")) {
            if (REPLACED.contains(handler.attribute("class")) && !core.equals(SINGLE)) {
                editor.delete(
                        handler, handler.attribute("class") + " would answer before our checks, which have its work");
            }
        }
    }
}
