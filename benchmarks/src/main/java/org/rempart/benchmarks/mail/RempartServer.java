/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.testsupport.FreePort;

/**
 * Our packaged server, from its archive, with the packaged configuration. Changed is what the benchmark needs: other
 * addresses, a certificate, the sink as gateway, the policy's leave to relay for loopback, a rate that no load reaches, the
 * heap, and no limit on the connections of one address, since all clients come from 127.0.0.1.
 */
final class RempartServer extends JamesServer {
    private static final String HOST = Submission.HOST;

    private final Path archive;
    private final Setup setup;
    private final Headers headers;
    private final InetSocketAddress imaps;

    /** What happens to the header of a mail that leaves. */
    enum Headers {
        /** What the packaged policy says. */
        POLICY("Rempart", ""),
        /** The load's fields are removed. */
        STRIP_HEADERS(
                "StripHeaders",
                mailet(
                        "org.rempart.mailet.StripHeaders",
                        "<strip>" + Mail.STRIPPED_PREFIX + "*</strip><received>keep</received><signed>strip</signed>"
                                + "<values>keep</values>")),
        /** James removes them. */
        REMOVE_MIME_HEADER(
                "James's two",
                mailet("RemoveMimeHeader", "<name>X-Mailer</name>")
                        + mailet("RemoveMimeHeaderByPrefix", "<prefix>" + Mail.STRIPPED_PREFIX + "</prefix>")),
        /** Nothing. */
        KEEP("no mailet", "");

        private final String server;
        private final String mailets;

        Headers(String server, String mailets) {
            this.server = server;
            this.mailets = mailets;
        }

        private static String mailet(String name, String parameters) {
            return "<mailet match=\"All\" class=\"" + name + "\">" + parameters + "</mailet>";
        }
    }

    private RempartServer(Path archive, Path home, Setup setup, Headers headers, InetSocketAddress imaps)
            throws IOException {
        super(
                headers.server,
                home,
                () -> ImapClient.connectTls(imaps, TlsClient.trusting(home.resolve("ca.pem"), HOST)));
        this.archive = archive;
        this.setup = setup;
        this.headers = headers;
        this.imaps = imaps;
    }

    static RempartServer of(Path archive, Path home, Setup setup, Headers headers) throws IOException {
        return new RempartServer(archive, home, setup, headers, FreePort.address());
    }

    @Override
    List<String> prepare() throws IOException, InterruptedException {
        Files.createDirectories(home());
        ServerProcess.run(
                List.of("tar", "-xzf", archive.toString(), "-C", home().toString(), "--strip-components=1"), home());
        configure();
        return List.of(home().resolve("bin/rempart").toString(), "run");
    }

    @Override
    Optional<String> token() throws IOException {
        return Optional.of(
                Files.readString(home().resolve("var/webadmin.token")).trim());
    }

    private void configure() throws IOException {
        Submission.writeCertificate(
                home().resolve("ca.pem"),
                home().resolve("conf/tls/certificate.pem"),
                home().resolve("conf/tls/private-key.pem"));
        InetSocketAddress sink = setup.sink();
        edit("smtpserver.xml", "<bind>0\\.0\\.0\\.0:25</bind>", bind(smtp()));
        edit("smtpserver.xml", "<bind>0\\.0\\.0\\.0:587</bind>", bind(FreePort.address()));
        edit("smtpserver.xml", "<bind>0\\.0\\.0\\.0:465</bind>", bind(submissions()));
        edit("smtpserver.xml", "<connectionLimitPerIP>\\d+<", "<connectionLimitPerIP>500<");
        edit("imapserver.xml", "<bind>0\\.0\\.0\\.0:143</bind>", bind(FreePort.address()));
        edit("imapserver.xml", "<bind>0\\.0\\.0\\.0:993</bind>", bind(imaps));
        edit("webadmin.properties", "(?m)^port=.*$", "port=" + webadmin().getPort());
        edit(
                "mailetcontainer.xml",
                "(?<open><mailet [^>]*class=\"[\\w.]*RemoteDelivery\">)",
                "${open}<gateway>" + sink.getAddress().getHostAddress() + "</gateway><gatewayPort>" + sink.getPort()
                        + "</gatewayPort>");
        if (headers != Headers.POLICY) {
            edit(
                    "mailetcontainer.xml",
                    "<mailet match=\"All\" class=\"org.rempart.mailet.StripHeaders\">\\s*<onMailetException>"
                            + "propagate</onMailetException>\\s*</mailet>",
                    Matcher.quoteReplacement(headers.mailets));
        }
        edit(
                "rempart.xml",
                "<relay>",
                "<networks><network name=\"load\">127.0.0.0/8</network></networks>\n"
                        + "<relay><allow network=\"load\" senderDomains=\"" + Mail.DOMAIN + "\"/>");
        // The windows are kept, and never full.
        edit(
                "rempart.xml",
                "messages=\"500/1h\" recipients=\"2000/1d\"",
                "messages=\"10000000/1h\" recipients=\"10000000/1d\"");
        edit("jvm.options", "(?m)^-Xmx.*$", "-Xmx" + setup.heap());
        if (!setup.jvmOptions().isEmpty()) {
            Files.writeString(
                    home().resolve("conf/jvm.options"),
                    Files.readString(home().resolve("conf/jvm.options")) + "\n" + String.join("\n", setup.jvmOptions())
                            + "\n");
        }
    }

    private static String bind(InetSocketAddress address) {
        return "<bind>" + address.getAddress().getHostAddress() + ":" + address.getPort() + "</bind>";
    }

    private void edit(String name, String pattern, String replacement) throws IOException {
        Path file = home().resolve("conf").resolve(name);
        Matcher found = Pattern.compile(pattern).matcher(Files.readString(file));
        if (!found.find()) {
            throw new IOException(file + " has nothing like " + pattern + ": the benchmark can't change it");
        }
        Files.writeString(file, found.replaceAll(replacement));
    }
}
