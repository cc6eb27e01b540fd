/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import static org.rempart.audit.conf.ConfigurationAudit.at;
import static org.rempart.audit.conf.ConfigurationAudit.truth;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.Verdict;

/** What the listeners of a configuration take from whom, and with which TLS. */
final class ListenerAudit {
    private final Findings findings;

    ListenerAudit(Findings findings) {
        this.findings = findings;
    }

    static boolean enabled(XmlNode server) {
        return server.attribute("enabled").isEmpty() || truth(server.attribute("enabled"));
    }

    private static int port(XmlNode server, int usual) {
        String bind = server.text("bind");
        int colon = bind.lastIndexOf(':');
        try {
            return colon < 0
                    ? usual
                    : Integer.parseInt(bind.substring(colon + 1).replaceAll("[^0-9].*", ""));
        } catch (NumberFormatException e) {
            return usual;
        }
    }

    private static boolean has(XmlNode server, String handler) {
        for (XmlNode chain : server.children("handlerchain")) {
            String core = chain.attribute("coreHandlersPackage");
            if (core.endsWith("." + handler) || core.equals(handler)) {
                return true;
            }
            for (XmlNode node : chain.children("handler")) {
                String name = node.attribute("class");
                if (name.equals("org.rempart.smtp." + handler)
                        || name.endsWith("." + handler)
                        || name.equals(handler)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Looks at smtpserver.xml. */
    void smtp(XmlNode root) {
        for (XmlNode server : servers(root, "smtpserver")) {
            if (!enabled(server)) {
                continue;
            }
            int port = port(server, 25);
            boolean mx = port == 25 || has(server, "MxHandlers") || has(server, "RefuseAuthHook");
            boolean direct = truth(
                    server.at("tls").map(tls -> tls.attribute("socketTLS")).orElse(""));
            boolean startTls =
                    truth(server.at("tls").map(tls -> tls.attribute("startTLS")).orElse(""));
            String what = (mx ? "the MX" : "submission") + " on port " + port;
            tls(server, "smtpserver.xml", what, direct, startTls);

            boolean noAuth =
                    has(server, "RefuseAuthHook") || has(server, "MxHandlers") || has(server, "NoAuthCmdHandlerLoader");
            boolean hook = has(server, "RequireTlsHook") || has(server, "SubmissionHandlers") || noAuth;
            XmlNode auth = server.at("auth").orElse(server);
            if (direct || hook) {
                findings.pass(
                        "conf.clear-text-auth",
                        at("smtpserver.xml", auth),
                        what
                                + (direct
                                        ? " begins with TLS"
                                        : noAuth ? " takes no login" : " takes no login before TLS"));
            } else {
                boolean hidden = truth(server.text("auth/requireSSL"))
                        || server.text("auth/announce").equals("never");
                findings.fail(
                        "conf.clear-text-auth",
                        at("smtpserver.xml", auth),
                        what + " takes a login in clear text"
                                + (hidden ? "; the setting only hides the word AUTH" : ""),
                        lines(server, "auth/announce", "auth/requireSSL"));
            }
            networks(server, what);
            if (!mx) {
                boolean required = truth(server.text("auth/required"))
                        || truth(server.text("authRequired"))
                        || has(server, "RequireAuthHook")
                        || has(server, "SubmissionHandlers");
                findings.decide(
                        "conf.auth-required",
                        at("smtpserver.xml", auth),
                        required,
                        what
                                + (required
                                        ? " asks for a login"
                                        : " takes mail for our domains from anyone, as any of ours"),
                        List.of());
                boolean own = has(server, "OwnSenderHook") || has(server, "SubmissionHandlers");
                boolean from = has(server, "OwnFromHook") || has(server, "SubmissionHandlers");
                String setting = server.text("verifyIdentity").toLowerCase(Locale.ROOT);
                boolean strict = setting.equals("true") || setting.equals("strict");
                XmlNode where = server.at("verifyIdentity").orElse(server);
                if (own && from) {
                    findings.pass(
                            "conf.identity",
                            at("smtpserver.xml", where),
                            what + ": envelope and From are the account's own");
                } else if (strict || own) {
                    findings.warn(
                            "conf.identity",
                            at("smtpserver.xml", where),
                            what + ": the envelope is the account's own; nobody looks at the From field",
                            lines(server, "verifyIdentity"));
                } else {
                    findings.fail(
                            "conf.identity",
                            at("smtpserver.xml", where),
                            what + ": any account writes as anyone",
                            lines(server, "verifyIdentity"));
                }
            }
            boolean recipients = has(server, "ValidRcptHandler")
                    || has(server, "KnownRecipientHook")
                    || has(server, "MxHandlers")
                    || has(server, "SubmissionHandlers");
            findings.decide(
                    "conf.known-recipients",
                    at("smtpserver.xml", server.at("handlerchain").orElse(server)),
                    recipients,
                    what
                            + (recipients
                                    ? " refuses unknown recipients"
                                    : " takes mail for recipients that do not exist"),
                    List.of());
            dead(server);
        }
    }

    /** The servers of a file: below the list, or the root itself, as older files have it. */
    static List<XmlNode> servers(XmlNode root, String name) {
        return root.name().equals(name) ? List.of(root) : root.children(name);
    }

    private void networks(XmlNode server, String what) {
        Optional<XmlNode> node = server.at("authorizedAddresses");
        if (node.isEmpty()) {
            return;
        }
        List<String> wide = new ArrayList<>();
        for (String network : node.get().text().split("[,\\s]+", -1)) {
            if (network.isEmpty() || network.startsWith("!")) {
                continue;
            }
            int slash = network.indexOf('/');
            int prefix = slash < 0 ? 128 : number(network.substring(slash + 1));
            boolean six = network.contains(":");
            boolean inner = network.startsWith("127.") || network.startsWith("10.") || network.equals("::1");
            boolean everyone = network.startsWith("0.0.0.0/") || network.equals("*") || prefix == 0;
            if (everyone || (!inner && prefix < (six ? 32 : 16)) || (network.startsWith("10.") && prefix < 9)) {
                wide.add(network);
            }
        }
        boolean all = wide.stream()
                .anyMatch(network -> network.endsWith("/0") || network.startsWith("0.0.0.0") || network.equals("*"));
        findings.add(
                "conf.relay-networks",
                at("smtpserver.xml", node.get()),
                wide.isEmpty() ? Verdict.PASS : all ? Verdict.FAIL : Verdict.WARN,
                wide.isEmpty()
                        ? what + ": only " + node.get().text() + " may relay without a login"
                        : what + ": " + String.join(", ", wide) + " may relay without a login"
                                + (all ? ": an open relay" : ""),
                wide.isEmpty()
                        ? List.of()
                        : List.of(at("smtpserver.xml", node.get()) + ": "
                                + node.get().text()));
    }

    /** A prefix, or what a netmask comes to. */
    private static int number(String text) {
        if (text.matches("\\d{1,3}")) {
            return Integer.parseInt(text);
        }
        int bits = 0;
        for (String part : text.split("\\.", -1)) {
            bits += part.matches("\\d{1,3}") ? Integer.bitCount(Integer.parseInt(part) & 0xff) : 8;
        }
        return bits;
    }

    private void tls(XmlNode server, String file, String what, boolean direct, boolean startTls) {
        XmlNode tls = server.at("tls").orElse(server);
        findings.decide(
                "conf.listener-tls",
                at(file, tls),
                direct || startTls,
                what + (direct ? " begins with TLS" : startTls ? " offers STARTTLS" : " has no TLS"),
                List.of());
        if (!direct && !startTls) {
            return;
        }
        List<String> protocols = new ArrayList<>();
        for (String list : List.of("supportedProtocols", "enabledProtocols")) {
            tls.at(list)
                    .ifPresent(node -> node.walk(child -> {
                        if (!child.text().isEmpty()) {
                            protocols.addAll(List.of(child.text().split("[,\\s]+", -1)));
                        }
                    }));
        }
        List<String> old = protocols.stream()
                .filter(name -> !name.equals("TLSv1.2") && !name.equals("TLSv1.3"))
                .toList();
        findings.add(
                "conf.protocols",
                at(file, tls),
                !old.isEmpty() ? Verdict.FAIL : protocols.isEmpty() ? Verdict.WARN : Verdict.PASS,
                !old.isEmpty()
                        ? what + " speaks " + String.join(", ", old)
                        : protocols.isEmpty()
                                ? what + ": the versions of TLS are not named; what the JDK has enabled is spoken"
                                : what + ": " + String.join(", ", protocols),
                List.of());
        boolean sample = Set.of("james72laBalle", "yoursecret").contains(tls.text("secret"));
        if (sample) {
            findings.fail(
                    "conf.sample-key",
                    at(file, tls.at("secret").orElse(tls)),
                    what + ": the secret is the sample's; so is the key, if it was not replaced",
                    List.of(at(file, tls.at("keystore").orElse(tls)) + ": " + tls.text("keystore")));
        } else {
            findings.pass("conf.sample-key", at(file, tls), what + ": the secret is not the sample's");
        }
    }

    /** Looks at a file of listeners for mailboxes: IMAP, POP3, ManageSieve. */
    void mailbox(String file, XmlNode root, String element) {
        for (XmlNode server : servers(root, element)) {
            if (!enabled(server)) {
                continue;
            }
            boolean direct = truth(
                    server.at("tls").map(tls -> tls.attribute("socketTLS")).orElse(""));
            boolean startTls =
                    truth(server.at("tls").map(tls -> tls.attribute("startTLS")).orElse(""));
            int usual = element.equals("imapserver") ? 143 : element.equals("pop3server") ? 110 : 4190;
            String what =
                    (element.equals("imapserver") ? "IMAP" : element.equals("pop3server") ? "POP3" : "ManageSieve")
                            + " on port " + port(server, usual);
            tls(server, file, what, direct, startTls);
            boolean required = truth(server.text("auth/requireSSL")) || truth(server.text("plainAuthDisallowed"));
            if (direct) {
                findings.pass("conf.clear-text-auth", at(file, server), what + " begins with TLS");
            } else if (element.equals("imapserver") && required) {
                findings.pass("conf.clear-text-auth", at(file, server), what + " takes no login before TLS");
            } else {
                findings.fail(
                        "conf.clear-text-auth",
                        at(file, server),
                        what + " takes a login in clear text"
                                + (element.equals("pop3server") ? "; James's POP3 has no setting against it" : ""),
                        lines(server, "plainAuthDisallowed", "auth/requireSSL"));
            }
        }
    }

    private void dead(XmlNode server) {
        for (String path : List.of("authRequired", "sslTrustAllCerts")) {
            server.at(path)
                    .ifPresent(node -> findings.warn(
                            "conf.dead-settings",
                            at("smtpserver.xml", node),
                            "<" + node.name() + "> is read by nothing in James 3.8 and 3.9",
                            List.of()));
        }
    }

    private static List<String> lines(XmlNode server, String... paths) {
        List<String> lines = new ArrayList<>();
        for (String path : paths) {
            server.at(path)
                    .ifPresent(node -> lines.add("line " + node.line() + ": <" + node.name() + ">" + node.text()));
        }
        return lines;
    }
}
