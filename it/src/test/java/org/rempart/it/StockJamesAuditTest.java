/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.ServerProcess;

@DisplayName("The audit finds what is wrong with a stock James")
class StockJamesAuditTest {
    private static final Duration START = Duration.ofMinutes(6);

    /** What James 3.8.1 with its sample does, as docs and sources have it; only whom it trusts is narrowed. */
    @Test
    void everyHoleOfTheSampleIsFound() throws Exception {
        Path home = Folders.servers().resolve("stock-audit/home");
        Folders.delete(home);
        Path conf = home.resolve("conf");
        DropInDeployment.stockConfiguration(conf);
        InetSocketAddress mx = move(conf, "smtpserver.xml", 25);
        InetSocketAddress submission = move(conf, "smtpserver.xml", 587);
        InetSocketAddress submissions = move(conf, "smtpserver.xml", 465);
        InetSocketAddress imap = move(conf, "imapserver.xml", 143);
        InetSocketAddress imaps = move(conf, "imapserver.xml", 993);
        InetSocketAddress webadmin = FreePort.address();
        InetSocketAddress sink = FreePort.address();
        LoopbackSite.moveOthers(conf);
        edit(conf, "webadmin.properties", "port=8000\n", "port=" + webadmin.getPort() + "\n");
        edit(
                conf,
                "mailetcontainer.xml",
                "class=\"RemoteDelivery\">",
                "class=\"RemoteDelivery\"><gateway>127.0.0.1</gateway><gatewayPort>" + sink.getPort()
                        + "</gatewayPort>");
        // As James's own samples have it. What is committed here is what the bundle's document starts from.
        if (Files.readString(conf.resolve("smtpserver.xml")).contains("<verifyIdentity>true<")) {
            edit(conf, "smtpserver.xml", "<verifyIdentity>true<", "<verifyIdentity>false<");
        }
        // The audit comes from another address than the one that may relay.
        edit(conf, "smtpserver.xml", "<authorizedAddresses>127.0.0.0/8<", "<authorizedAddresses>127.0.0.1/32<");
        ServerProcess.run(
                Duration.ofMinutes(1),
                conf,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        "keystore",
                        "-storepass",
                        LoopbackSite.STOCK_SECRET,
                        "-alias",
                        "james",
                        "-keyalg",
                        "RSA",
                        "-dname",
                        "CN=james.example"));
        try (ServerProcess james = DropInDeployment.process(home)) {
            james.awaitListening(START, List.of(mx, submission, submissions, imap, imaps, webadmin));
            Administration administration = new Administration(webadmin, Optional.empty());
            administration.addDomain("example.com");
            administration.addUser("alice@example.com", "secret of alice");
            administration.addUser("bob@example.com", "secret of bob");

            AuditRun audit = AuditRun.of(
                    home,
                    Map.of(
                            "smtp",
                            mx,
                            "submission",
                            submission,
                            "submissions",
                            submissions,
                            "imap",
                            imap,
                            "imaps",
                            imaps),
                    "alice@example.com",
                    "secret of alice",
                    List.of(
                            "--domain=example.com",
                            "--foreign=partner.example",
                            "--other=bob@example.com",
                            "--sink=127.0.0.1:" + sink.getPort(),
                            "--from=127.0.0.2"));

            Map<String, String> expected = new TreeMap<>();
            List.of(
                            "auth.clear-taken",
                            "auth.required",
                            "identity.envelope",
                            "identity.from",
                            "identity.from-disguised",
                            "header.addresses",
                            "header.products",
                            "header.client",
                            "leak.product",
                            "starttls.offered",
                            "certificate.trust",
                            "certificate.name")
                    .forEach(check -> expected.put(check, "fail"));
            List.of("tls.fading-suite", "tls.signature-hash", "smuggling.outbound", "smuggling.command-lines")
                    .forEach(check -> expected.put(check, "warn"));
            expected.put("auth.brake", "not testable");
            // Two of the listeners have no TLS to look at.
            List.of(
                            "tls.old-version",
                            "tls.newest-version",
                            "tls.weak-suite",
                            "certificate.dates",
                            "certificate.key",
                            "certificate.signature")
                    .forEach(check -> expected.put(check, "not testable"));
            Map<String, String> problems = audit.problems();
            // James's own sample announces no login where it has no TLS, and takes it all the same.
            problems.remove("auth.clear-offered");
            // The server calls itself by the machine's name, which is bare on some machines.
            problems.remove("leak.inside");
            assertThat(problems).as(audit.printed()).isEqualTo(expected);
        }
    }

    private static InetSocketAddress move(Path conf, String file, int wellKnown) throws IOException {
        InetSocketAddress address = FreePort.address();
        edit(conf, file, "<bind>0.0.0.0:" + wellKnown + "</bind>", "<bind>127.0.0.1:" + address.getPort() + "</bind>");
        return address;
    }

    private static void edit(Path conf, String file, String text, String by) throws IOException {
        Path path = conf.resolve(file);
        String content = Files.readString(path);
        if (!content.contains(text)) {
            throw new IOException(file + " holds no " + text);
        }
        Files.writeString(path, content.replace(text, by));
    }
}
