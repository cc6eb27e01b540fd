/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.rempart.audit.net.Service;
import org.rempart.audit.peer.Authority;
import org.rempart.audit.peer.Run;

/** A server of this JDK, with everything old that it has. */
class OldTlsTest {
    @Test
    void everythingOldIsFound() throws Exception {
        Authority.Identity identity = Authority.bad();
        try (SSLServerSocket server = (SSLServerSocket) identity.context()
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            server.setEnabledProtocols(new String[] {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"});
            server.setEnabledCipherSuites(server.getSupportedCipherSuites());
            Thread thread = new Thread(() -> serve(server), "old");
            thread.setDaemon(true);
            thread.start();
            List<Finding> findings =
                    Run.of(Map.of(Service.IMAPS, server.getLocalPort())).findings();
            Map<String, Verdict> problems = Run.problems(findings);
            assertThat(problems)
                    .containsEntry("tls.old-version", Verdict.FAIL)
                    .containsEntry("tls.weak-suite", Verdict.FAIL)
                    .containsEntry("certificate.trust", Verdict.FAIL)
                    .containsEntry("certificate.name", Verdict.FAIL)
                    .containsEntry("certificate.dates", Verdict.FAIL)
                    .containsEntry("certificate.key", Verdict.FAIL)
                    .containsEntry("certificate.signature", Verdict.FAIL)
                    .containsEntry("tls.fading-suite", Verdict.WARN)
                    .containsEntry("tls.signature-hash", Verdict.WARN);
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().equals("tls.old-version"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.summary())
                            .contains("SSLv3", "TLSv1", "TLSv1.1")
                            .doesNotContain("SSLv2"));
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().equals("tls.weak-suite"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.summary())
                            .contains("RC4", "DES", "export", "no encryption", "no certificate"));
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().equals("tls.early-data"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.verdict()).isEqualTo(Verdict.PASS));
        }
    }

    private static void serve(SSLServerSocket server) {
        while (!server.isClosed()) {
            try {
                SSLSocket socket = (SSLSocket) server.accept();
                Thread thread = new Thread(() -> greet(socket), "old-session");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void greet(SSLSocket socket) {
        try (socket) {
            socket.setSoTimeout(5000);
            OutputStream out = socket.getOutputStream();
            out.write("* OK ready\r\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            while (socket.getInputStream().read() >= 0) {
                // Says no more.
            }
        } catch (IOException e) {
            // The client went.
        }
    }
}
