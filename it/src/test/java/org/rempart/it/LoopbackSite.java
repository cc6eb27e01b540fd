/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.ServerConf;
import org.rempart.quickstart.sink.PemKeyPair;
import org.rempart.quickstart.sink.Sink;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.ServerCertificate;

/** What the quickstart does for the packaged server, for the other ways of deploying. */
final class LoopbackSite {
    /** What James's samples protect their key store with. */
    static final String STOCK_SECRET = "james72laBalle";

    private static final String DOMAIN = "example.com";

    private LoopbackSite() {}

    /**
     * Moves a server's listeners to free ports of loopback, gives it a certificate, and a sink for all other domains.
     *
     * @param home with the configuration in {@code conf}, as an administrator would write it
     */
    static Endpoints prepare(Path home) throws IOException {
        Path conf = home.resolve("conf");
        Endpoints endpoints = new Endpoints(
                move(conf, "smtpserver.xml", 25),
                move(conf, "smtpserver.xml", 587),
                move(conf, "smtpserver.xml", 465),
                move(conf, "imapserver.xml", 143),
                move(conf, "imapserver.xml", 993),
                moveWebAdmin(conf),
                FreePort.address(),
                DOMAIN,
                "alice@" + DOMAIN,
                UUID.randomUUID().toString(),
                "bob@" + DOMAIN,
                UUID.randomUUID().toString(),
                home.resolveSibling("ca.pem"),
                home,
                home.resolveSibling("sink"));
        moveOthers(conf);
        ServerConf server = new ServerConf(conf);
        server.routeRemoteMailTo(endpoints.sink());
        Path sinkCertificate = home.resolveSibling("sink.pem");
        Path sinkKey = home.resolveSibling("sink-key.pem");
        try {
            CertificateAuthority authority = CertificateAuthority.create("Throw-away authority", Clock.systemUTC());
            authority.writePem(endpoints.ca());
            Path tls = Files.createDirectories(conf.resolve("tls"));
            ServerCertificate own = authority.issue(List.of(server.mailHost(), "localhost", "127.0.0.1"));
            own.writePem(tls.resolve("certificate.pem"), tls.resolve("private-key.pem"));
            if (Files.readString(conf.resolve("smtpserver.xml")).contains("<keystore>file://conf/keystore<")) {
                own.writeKeyStore(conf.resolve("keystore"), STOCK_SECRET);
            }
            ServerCertificate sink = authority.issue(List.of("mx.partner.example", "localhost", "127.0.0.1"));
            sink.writePem(sinkCertificate, sinkKey);
        } catch (GeneralSecurityException failure) {
            throw new IOException("no certificate can be made", failure);
        }
        Folders.delete(endpoints.sinkDirectory());
        Sink sink = Sink.start(
                endpoints.sink(),
                endpoints.sinkDirectory(),
                "mx.partner.example",
                Optional.of(PemKeyPair.serverContext(sinkCertificate, sinkKey)));
        atEnd(sink::close);
        return endpoints;
    }

    /** Something that is done when the tests have ended. */
    interface End {
        void run() throws IOException, InterruptedException;
    }

    /** Does it when the tests have ended. */
    static void atEnd(End end) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            try {
                                end.run();
                            } catch (IOException failure) {
                                throw new UncheckedIOException(failure);
                            } catch (InterruptedException interrupted) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "end of the tests"));
    }

    /** Starts the server, and makes the domain and the accounts. */
    static void start(Deployment deployment, Endpoints endpoints) throws IOException, InterruptedException {
        atEnd(() -> deployment.stop(endpoints.home()));
        deployment.start(endpoints.home());
        Administration administration =
                new Administration(endpoints.webadmin(), deployment.webAdminToken(endpoints.home()));
        administration.addDomain(endpoints.domain());
        administration.addUser(endpoints.user(), endpoints.password());
        administration.addUser(endpoints.user2(), endpoints.password2());
    }

    private static InetSocketAddress move(Path conf, String file, int wellKnown) throws IOException {
        InetSocketAddress address = FreePort.address();
        replace(conf.resolve(file), "<bind>0.0.0.0:" + wellKnown + "</bind>", "<bind>" + text(address) + "</bind>");
        return address;
    }

    private static InetSocketAddress moveWebAdmin(Path conf) throws IOException {
        InetSocketAddress address = FreePort.address();
        replace(conf.resolve("webadmin.properties"), "port=8000\n", "port=" + address.getPort() + "\n");
        return address;
    }

    /** JMAP has its port by default, and JMX one that only one server can have. */
    static void moveOthers(Path conf) throws IOException {
        for (String name : List.of("jmap", "jmx")) {
            Path file = conf.resolve(name + ".properties");
            String text = Files.exists(file) ? Files.readString(file) : "";
            if (text.contains("enabled=true")) {
                String port = "(?m)^" + name + "\\.port=.*$";
                Files.writeString(file, text.replaceAll(port, "") + "\n" + name + ".port=" + FreePort.next() + "\n");
            }
        }
    }

    private static void replace(Path file, String text, String by) throws IOException {
        String content = Files.readString(file, StandardCharsets.UTF_8);
        if (!content.contains(text)) {
            throw new IOException(file + " holds no " + text);
        }
        Files.writeString(file, content.replace(text, by), StandardCharsets.UTF_8);
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
