/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rempart.benchmarks.stock.StockJpaServer;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.testsupport.FreePort;

/** James 3.8.1 as it comes, with a configuration that does what James's samples do and no more. */
final class StockServer extends JamesServer {
    private static final List<String> FILES = List.of(
            "dnsservice.xml",
            "domainlist.xml",
            "imapserver.xml",
            "james-database.properties",
            "jmap.properties",
            "jmx.properties",
            "listeners.xml",
            "lmtpserver.xml",
            "logback.xml",
            "mailetcontainer.xml",
            "mailrepositorystore.xml",
            "managesieveserver.xml",
            "pop3server.xml",
            "recipientrewritetable.xml",
            "smtpserver.xml",
            "usersrepository.xml",
            "webadmin.properties");

    private final String mainClass;
    private final String repository;
    private final Setup setup;
    private final InetSocketAddress imap;

    private StockServer(
            String name, String mainClass, String repository, Path home, Setup setup, InetSocketAddress imap)
            throws IOException {
        super(name, home, () -> ImapClient.connect(imap));
        this.mainClass = mainClass;
        this.repository = repository;
        this.setup = setup;
        this.imap = imap;
    }

    /** James's in-memory server, which loses everything when it stops. */
    static StockServer memory(Path home, Setup setup) throws IOException {
        return new StockServer(
                "James memory app",
                "org.apache.james.MemoryJamesServerMain",
                "memory",
                home,
                setup,
                FreePort.address());
    }

    /** James's server on Derby and ActiveMQ. */
    static StockServer jpa(Path home, Setup setup) throws IOException {
        return new StockServer(
                "James JPA wiring", StockJpaServer.class.getName(), "jpa", home, setup, FreePort.address());
    }

    @Override
    List<String> prepare() throws IOException {
        Path conf = Files.createDirectories(home().resolve("conf"));
        Files.createDirectories(home().resolve("var"));
        Submission.writeCertificate(
                home().resolve("ca.pem"), conf.resolve("tls/certificate.pem"), conf.resolve("tls/private-key.pem"));
        Map<String, String> values = Map.of(
                "smtp.bind", text(smtp()),
                "submissions.bind", text(submissions()),
                "imap.bind", text(imap),
                "webadmin.port", String.valueOf(webadmin().getPort()),
                "sink.host", setup.sink().getAddress().getHostAddress(),
                "sink.port", String.valueOf(setup.sink().getPort()),
                "repository", repository,
                "home", home().toString());
        for (String file : FILES) {
            Files.writeString(conf.resolve(file), filled(file, values));
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms256m",
                "-Xmx" + setup.heap(),
                "-Dworking.directory=" + home(),
                "-Dlogback.configurationFile=" + conf.resolve("logback.xml"),
                "-Dfile.encoding=UTF-8",
                // What James's samples set in jvm.properties.
                "-Dopenjpa.Multithreaded=true",
                "-cp",
                System.getProperty("java.class.path"),
                mainClass);
    }

    @Override
    Optional<String> token() {
        return Optional.empty();
    }

    private static String filled(String file, Map<String, String> values) throws IOException {
        try (InputStream in = StockServer.class.getResourceAsStream("/stock/" + file)) {
            if (in == null) {
                throw new IOException("The benchmark lacks stock/" + file);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            for (Map.Entry<String, String> value : values.entrySet()) {
                text = text.replace("@" + value.getKey() + "@", value.getValue());
            }
            return text;
        }
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
