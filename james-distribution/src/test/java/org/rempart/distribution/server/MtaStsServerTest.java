/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.distribution.checks.Identity;
import org.rempart.distribution.cli.TlsCommandRun;
import org.rempart.distribution.home.Home;
import org.rempart.policy.tls.MtaStsPublication;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.JvmTrust;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.RawClient;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.Tools;

/** The MTA-STS policy of our domains over HTTPS. */
@Timeout(120)
class MtaStsServerTest {
    private static final String POLICY = "version: STSv1\nmode: enforce\nmx: mail.ours.test\nmax_age: 604800\n";
    private static final String GET = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.ours.test\r\n\r\n";
    private static final Duration DEADLINE = Duration.ofSeconds(3);

    @TempDir
    private Path folder;

    private CertificateAuthority authority;
    private MtaStsServer server;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(folder.resolve("conf/tls"));
        authority = CertificateAuthority.create("Authority");
        authority.writePem(folder.resolve("ca.pem"));
        write(authority.issue(List.of("mta-sts.ours.test")));
        server = server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private void write(ServerCertificate certificate) throws IOException, GeneralSecurityException {
        certificate.writePem(folder.resolve("conf/tls/certificate.pem"), folder.resolve("conf/tls/private-key.pem"));
    }

    private MtaStsServer server(InetSocketAddress address) {
        MtaStsPublication publication =
                MtaStsPublication.of("127.0.0.1", 443, MtaStsPublication.Mode.ENFORCE, List.of(), Duration.ofDays(7));
        return new MtaStsServer(
                address,
                Identity.of(new Home(folder), publication, Clock.systemUTC()),
                List.of("TLSv1.3", "TLSv1.2"),
                POLICY,
                domain -> {
                    if (domain.equals("down.test")) {
                        throw new IOException("the database is away");
                    }
                    return Set.of("ours.test").contains(domain);
                },
                DEADLINE);
    }

    private InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort());
    }

    private String ask(String request) throws IOException {
        try (RawClient client = new RawClient(address()).tls()) {
            return client.send(request).untilClosed();
        }
    }

    @Test
    void thePolicyIsServed() throws Exception {
        assertThat(ask(GET))
                .isEqualTo("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + POLICY.length()
                        + "\r\nConnection: close\r\n\r\n" + POLICY);
        assertThat(ask(GET.replace("GET", "HEAD")))
                .startsWith("HTTP/1.1 200 OK")
                .endsWith("close\r\n\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /.well-known/mta-sts.txt HTTP/1.0;Host: MTA-STS.Ours.Test.:8443|200",
                "GET https://mta-sts.ours.test/.well-known/mta-sts.txt HTTP/1.1;Host: other.test|200",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.theirs.test|404",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: ours.test|404",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.|404",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.-..-.test|404",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.down.test|503",
                "GET /.well-known/mta-sts.txt HTTP/1.1|400",
                "GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.ours.test;Host: mta-sts.ours.test|400",
                "GET / HTTP/1.1;Host: mta-sts.ours.test|404",
                "GET /.well-known/mta-sts.txt?a HTTP/1.1;Host: mta-sts.ours.test|404",
                "GET /.well-known/../.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.ours.test|404",
                "GET /.well-known/%6dta-sts.txt HTTP/1.1;Host: mta-sts.ours.test|404",
                "POST /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts.ours.test|405",
                "OPTIONS * HTTP/1.1;Host: mta-sts.ours.test|404",
                "GET /.well-known/mta-sts.txt HTTP/2.0;Host: mta-sts.ours.test|400",
                "EHLO client.example|400",
            })
    void nothingElseIs(String request, String code) throws Exception {
        String answer = ask(request.replace(";", "\r\n") + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + code + " ");
        assertThat(answer.contains(POLICY)).isEqualTo(code.equals("200"));
        assertThat(answer).doesNotContainIgnoringCase("server:").doesNotContain("Rempart", "James", "Java");
    }

    @Test
    void aRequestHasABound() throws Exception {
        assertThat(ask("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.ours.test\r\nX: "
                        + "x".repeat(MtaStsServer.LARGEST_REQUEST) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
    }

    /** From the connection on, whatever a client sends, and however slowly. */
    @Test
    void aConnectionHasItsTime() throws Exception {
        long begun = System.nanoTime();
        try (RawClient silent = new RawClient(address());
                RawClient slow = new RawClient(address()).tls()) {
            slow.send("GET /.well-known");
            assertThat(silent.untilClosed()).isEmpty();
            assertThat(slow.untilClosed()).isEmpty();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(DEADLINE.minusSeconds(1), DEADLINE.multipliedBy(4));
    }

    @Test
    void aNetworkHasItsShareOfConnections() throws Exception {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < MtaStsServer.FROM_ONE_NETWORK; i++) {
                open.add(new Socket(address().getAddress(), address().getPort()));
            }
            Awaitility.await().until(() -> {
                try (Socket more = new Socket(address().getAddress(), address().getPort())) {
                    more.setSoTimeout(500);
                    return more.getInputStream().read() < 0;
                } catch (java.net.SocketTimeoutException letIn) {
                    return false;
                } catch (SocketException reset) {
                    return true;
                }
            });
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
        Awaitility.await().ignoreExceptions().until(() -> ask(GET).startsWith("HTTP/1.1 200"));
    }

    @Test
    void aRenewedCertificateIsShownAndAWrongOneIsNot() throws Exception {
        ServerCertificate renewed = authority.issue(List.of("mta-sts.ours.test", "mail.ours.test"));
        write(renewed);
        server.reloadSSLCertificate();
        try (RawClient client = new RawClient(address()).tls()) {
            assertThat(client.certificate()).isEqualTo(renewed.certificate());
        }
        Files.writeString(folder.resolve("conf/tls/private-key.pem"), "no key");
        assertThatThrownBy(server::reloadSSLCertificate).hasMessageContaining("private-key.pem");
        assertThat(ask(GET)).startsWith("HTTP/1.1 200");
    }

    @Test
    void curlTakesIt() throws Exception {
        Tools.requireProgram("curl");
        for (String version : List.of("--tlsv1.2 --tls-max 1.2", "--tlsv1.3")) {
            assertThat(curl(version)).isEqualTo(POLICY);
        }
        assertThat(curl("--tlsv1.0 --tls-max 1.1")).isEmpty();
    }

    private String curl(String version) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("curl", "-s", "--cacert", folder.resolve("ca.pem").toString()));
        command.addAll(List.of(version.split(" ", -1)));
        command.addAll(List.of(
                "--resolve",
                "mta-sts.ours.test:" + server.getPort() + ":127.0.0.1",
                "https://mta-sts.ours.test:" + server.getPort() + "/.well-known/mta-sts.txt"));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return out;
    }

    /** The reader of our own delivery, behind {@code rempart tls}, as it reads policies of others. */
    @Test
    void ourOwnDeliveryTakesIt() throws Exception {
        InetSocketAddress web = new InetSocketAddress(Loopback.of(1).next().getAddress(), 443);
        MtaStsServer atHttps = server(web);
        boolean allowed = true;
        try {
            atHttps.start();
        } catch (SocketException notAllowed) {
            allowed = false;
        }
        Tools.require(allowed, "port 443 is for root alone");
        StringWriter out = new StringWriter();
        JvmTrust trust = JvmTrust.of(folder.resolve("ca.pem"));
        try (DnsServer dns = DnsServer.start(InetAddress.getLoopbackAddress())) {
            dns.mx("ours.test", 10, "mail.ours.test")
                    .address("mail.ours.test", "127.0.0.1")
                    .text("_mta-sts.ours.test", "v=STSv1; id=1")
                    .address("mta-sts.ours.test", web.getAddress().getHostAddress());
            Files.writeString(folder.resolve("conf/rempart.xml"), "<policy/>");
            TlsCommandRun.run(new Home(folder), dns, new PrintWriter(out), "--port", "1", "ours.test");
        } finally {
            trust.close();
            atHttps.stop();
        }
        assertThat(out.toString())
                .contains("decided by: mta-sts")
                .contains("mta-sts: mode: enforce, mx: mail.ours.test");
    }
}
