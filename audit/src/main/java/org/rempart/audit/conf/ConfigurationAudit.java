/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Check;
import org.rempart.audit.Finding;
import org.rempart.audit.Findings;
import org.rempart.audit.Verdict;

/**
 * A configuration folder of James 3.8 or 3.9, read for what it opens, loses, or only seems to do. What Rempart's hooks and
 * mailets take care of is seen; that they are really loaded is for the server's start to say.
 */
public final class ConfigurationAudit {
    private static final Set<String> TEXTS_TRUE = Set.of("true", "yes", "on", "1");

    private final Path folder;
    private final Findings findings;

    private ConfigurationAudit(Path folder, Findings findings) {
        this.folder = folder;
        this.findings = findings;
    }

    /**
     * Reads a folder.
     *
     * @throws IOException if it is no configuration folder of James
     */
    public static List<Finding> of(Path folder, Catalogue catalogue) throws IOException {
        Path given = folder.toAbsolutePath().normalize();
        Path conf = Files.isDirectory(given.resolve("conf")) && !Files.exists(given.resolve("smtpserver.xml"))
                ? given.resolve("conf")
                : given;
        if (!Files.isRegularFile(conf.resolve("smtpserver.xml"))
                && !Files.isRegularFile(conf.resolve("mailetcontainer.xml"))) {
            throw new IOException(
                    folder + " has neither smtpserver.xml nor mailetcontainer.xml: no configuration of James");
        }
        Findings findings = new Findings(catalogue, finding -> {});
        ConfigurationAudit audit = new ConfigurationAudit(conf, findings);
        audit.run();
        for (Check check : catalogue.all()) {
            if (check.id().startsWith("conf.") && !findings.has(check.id())) {
                findings.add(
                        check.id(), conf.toString(), Verdict.NOT_ASKED, "nothing here that it applies to", List.of());
            }
        }
        return findings.sorted();
    }

    private void run() throws IOException {
        boolean readable = true;
        for (String file : List.of(
                "smtpserver.xml",
                "lmtpserver.xml",
                "imapserver.xml",
                "pop3server.xml",
                "managesieveserver.xml",
                "mailetcontainer.xml",
                "usersrepository.xml",
                "domainlist.xml",
                "rempart.xml")) {
            Path path = folder.resolve(file);
            if (!Files.exists(path)) {
                continue;
            }
            try {
                XmlNode root = XmlNode.read(path);
                switch (file) {
                    case "smtpserver.xml" -> smtp(root);
                    case "lmtpserver.xml" -> {
                        // From the machine itself; nothing that strangers reach.
                    }
                    case "imapserver.xml" -> mailbox("imapserver.xml", root, "imapserver");
                    case "pop3server.xml" -> mailbox("pop3server.xml", root, "pop3server");
                    case "managesieveserver.xml" -> mailbox("managesieveserver.xml", root, "managesieveserver");
                    case "mailetcontainer.xml" -> new Pipeline(root, findings).run();
                    case "usersrepository.xml" -> users(root);
                    case "domainlist.xml" -> domains(root);
                    default -> policy(root);
                }
            } catch (IOException e) {
                readable = false;
                findings.fail("conf.readable", file, e.getMessage(), List.of());
                for (String check : checksOf(file)) {
                    findings.notTestable(check, file, "the file can't be read");
                }
            }
        }
        if (readable) {
            findings.pass(
                    "conf.readable", folder.getFileName().toString(), "all files that James reads are well-formed");
        }
        administration();
        jmap();
    }

    private static List<String> checksOf(String file) {
        return switch (file) {
            case "smtpserver.xml" ->
                List.of(
                        "conf.clear-text-auth",
                        "conf.relay-networks",
                        "conf.auth-required",
                        "conf.identity",
                        "conf.listener-tls");
            case "mailetcontainer.xml" ->
                List.of("conf.relay-pipeline", "conf.dropped", "conf.outbound-tls", "conf.headers");
            case "usersrepository.xml" -> List.of("conf.directory", "conf.password-hash");
            case "imapserver.xml", "pop3server.xml", "managesieveserver.xml" -> List.of("conf.clear-text-auth");
            default -> List.of();
        };
    }

    static boolean truth(String text) {
        return TEXTS_TRUE.contains(text.strip().toLowerCase(Locale.ROOT));
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

    private void smtp(XmlNode root) {
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

    private void mailbox(String file, XmlNode root, String element) {
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

    private void users(XmlNode root) {
        String host = root.attribute("ldapHost");
        if (host.isEmpty()) {
            host = root.text("directory/url");
        }
        if (!host.isEmpty() || root.at("directory").isPresent()) {
            boolean secure = host.toLowerCase(Locale.ROOT).startsWith("ldaps:")
                    || truth(root.text("directory/startTls"))
                    || root.text().contains("startTls")
                    || (root.at("directory").isPresent()
                            && !host.toLowerCase(Locale.ROOT).startsWith("ldap:"));
            findings.decide(
                    "conf.directory",
                    at("usersrepository.xml", root),
                    secure,
                    secure ? "the directory is asked under TLS" : host + " is asked in clear text, with every password",
                    List.of());
        }
        Optional<XmlNode> algorithm = root.at("algorithm");
        if (algorithm.isPresent()) {
            String name = algorithm.get().text().toUpperCase(Locale.ROOT);
            boolean derived = name.startsWith("PBKDF2");
            boolean iterated = derived
                    ? iterations(name) >= (name.contains("SHA512") ? 210_000 : 600_000)
                    : name.contains("BCRYPT") || name.contains("ARGON");
            boolean weak = !derived && !iterated;
            findings.add(
                    "conf.password-hash",
                    at("usersrepository.xml", algorithm.get()),
                    weak ? Verdict.FAIL : iterated ? Verdict.PASS : Verdict.WARN,
                    weak
                            ? algorithm.get().text() + " is quick to guess"
                            : iterated
                                    ? "passwords are kept by " + algorithm.get().text()
                                    : algorithm.get().text() + " is " + iterations(name)
                                            + " iterations; OWASP asks for 210000 of SHA-512, 600000 of SHA-256",
                    List.of());
        }
    }

    /** James's form is PBKDF2-SHA512-ITERATIONS-BITS, each after the first left out from the end; 1000 is its default. */
    private static int iterations(String algorithm) {
        Matcher matcher =
                Pattern.compile("PBKDF2-SHA\\d+-(\\d{1,9})(?:-\\d+)?").matcher(algorithm.replaceFirst("/.*", ""));
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 1000;
    }

    private void domains(XmlNode root) {
        List<String> guessed = new ArrayList<>();
        for (String setting : List.of("autodetect", "autodetectIP")) {
            Optional<XmlNode> node = root.at(setting);
            // James's default is false for both in 3.8 and 3.9.
            if (node.isPresent() && truth(node.get().text())) {
                guessed.add(at("domainlist.xml", node.get()) + ": <" + setting + ">true");
            }
        }
        findings.add(
                "conf.domains",
                at("domainlist.xml", root),
                guessed.isEmpty() ? Verdict.PASS : Verdict.WARN,
                guessed.isEmpty()
                        ? "domains are named"
                        : "the machine's own names and addresses become domains of ours",
                guessed);
    }

    private void policy(XmlNode root) {
        List<String> without = new ArrayList<>();
        List<String> with = new ArrayList<>();
        root.walk(node -> {
            boolean exception = node.name().equals("except")
                    || (node.name().equals("to") && node.attribute("level").equals("none"));
            if (exception) {
                String text = at("rempart.xml", node) + ": <" + node.name() + " "
                        + (node.attribute("network").isEmpty() ? node.attribute("domain") : node.attribute("network"))
                        + "> "
                        + node.attribute("reason");
                (node.attribute("reason").isBlank() ? without : with).add(text);
            }
        });
        findings.add(
                "conf.exceptions",
                at("rempart.xml", root),
                !without.isEmpty() ? Verdict.FAIL : with.isEmpty() ? Verdict.PASS : Verdict.WARN,
                !without.isEmpty()
                        ? without.size() + " exceptions have no reason"
                        : with.isEmpty()
                                ? "the policy has no exceptions"
                                : with.size() + " exceptions, each with its reason: do they still hold?",
                without.isEmpty() ? with : without);
    }

    private void administration() throws IOException {
        Optional<Properties> web = properties("webadmin.properties");
        if (web.isPresent() && truth(web.get().getProperty("enabled", "false"))) {
            String host = web.get().getProperty("host", "").strip();
            boolean local = Set.of("localhost", "127.0.0.1", "::1").contains(host);
            boolean token = isOfThePackagedServer();
            boolean key = token
                    || truth(web.get().getProperty("jwt.enabled", "false"))
                    || !web.get().getProperty("password", "").isBlank();
            findings.add(
                    "conf.administration",
                    lineOf("webadmin.properties", "host"),
                    key ? Verdict.PASS : local ? Verdict.WARN : Verdict.FAIL,
                    key
                            ? token ? "WebAdmin asks for the token in var/webadmin.token" : "WebAdmin asks for a key"
                            : local
                                    ? "WebAdmin listens on loopback, and asks for no key: every program on this machine administers"
                                    : "WebAdmin listens on " + (host.isEmpty() ? "all addresses" : host)
                                            + " and asks for no key",
                    List.of());
        }
        Optional<Properties> jmx = properties("jmx.properties");
        if (jmx.isPresent() && truth(jmx.get().getProperty("jmx.enabled", "true"))) {
            String address = jmx.get().getProperty("jmx.address", "127.0.0.1").strip();
            boolean local = Set.of("localhost", "127.0.0.1", "::1").contains(address);
            findings.add(
                    "conf.administration",
                    lineOf("jmx.properties", "jmx.address"),
                    local ? Verdict.PASS : Verdict.FAIL,
                    "JMX listens on " + address,
                    List.of());
        }
    }

    /** The packaged server asks for its token whatever webadmin.properties says, and writes it at its first start. */
    private boolean isOfThePackagedServer() throws IOException {
        Path lib = folder.resolveSibling("lib");
        if (!Files.isDirectory(lib)) {
            return false;
        }
        try (var jars = Files.newDirectoryStream(lib, "rempart-james-distribution-*.jar")) {
            return jars.iterator().hasNext();
        }
    }

    private void jmap() throws IOException {
        Optional<Properties> jmap = properties("jmap.properties");
        if (jmap.isPresent() && truth(jmap.get().getProperty("enabled", "true"))) {
            findings.warn(
                    "conf.jmap",
                    lineOf("jmap.properties", "enabled"),
                    "JMAP listens on port " + jmap.get().getProperty("jmap.port", "80")
                            + " of all addresses, without TLS",
                    List.of());
        } else if (jmap.isPresent()) {
            findings.pass("conf.jmap", "jmap.properties", "JMAP is off");
        }
    }

    private Optional<Properties> properties(String file) throws IOException {
        Path path = folder.resolve(file);
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IllegalArgumentException | java.nio.charset.CharacterCodingException e) {
            findings.fail("conf.readable", file, "can't be read: " + e.getMessage(), List.of());
            return Optional.empty();
        }
        return Optional.of(properties);
    }

    private String lineOf(String file, String key) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve(file), StandardCharsets.UTF_8);
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().startsWith(key)) {
                return file + ":" + (i + 1);
            }
        }
        return file;
    }

    private static List<String> lines(XmlNode server, String... paths) {
        List<String> lines = new ArrayList<>();
        for (String path : paths) {
            server.at(path)
                    .ifPresent(node -> lines.add("line " + node.line() + ": <" + node.name() + ">" + node.text()));
        }
        return lines;
    }

    static String at(String file, XmlNode node) {
        return file + ":" + node.line();
    }
}
