/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import static org.rempart.audit.conf.ConfigurationAudit.truth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.Verdict;

/** What is administered from where, and JMAP: the files that are properties. */
final class AdministrationAudit {
    private final Path folder;
    private final Findings findings;

    AdministrationAudit(Path folder, Findings findings) {
        this.folder = folder;
        this.findings = findings;
    }

    /** Looks at WebAdmin and JMX. */
    void administration() throws IOException {
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

    /** Looks at JMAP. */
    void jmap() throws IOException {
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
}
