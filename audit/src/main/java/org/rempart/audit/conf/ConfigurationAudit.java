/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
        ListenerAudit listeners = new ListenerAudit(findings);
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
                    case "smtpserver.xml" -> listeners.smtp(root);
                    case "lmtpserver.xml" -> {
                        // From the machine itself; nothing that strangers reach.
                    }
                    case "imapserver.xml" -> listeners.mailbox("imapserver.xml", root, "imapserver");
                    case "pop3server.xml" -> listeners.mailbox("pop3server.xml", root, "pop3server");
                    case "managesieveserver.xml" ->
                        listeners.mailbox("managesieveserver.xml", root, "managesieveserver");
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
        AdministrationAudit administration = new AdministrationAudit(folder, findings);
        administration.administration();
        administration.jmap();
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

    static String at(String file, XmlNode node) {
        return file + ":" + node.line();
    }
}
