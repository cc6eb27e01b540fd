/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.SmtpPeer;
import picocli.CommandLine;

/** What a listener offers of TLS. */
class ListenersCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();

    private int run(String... more) {
        List<String> arguments = new ArrayList<>(List.of("--conf", folder.toString(), "--timeout", "20"));
        arguments.addAll(List.of(more));
        return new CommandLine(new ListenersCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(out))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage());
                    return 2;
                })
                .execute(arguments.toArray(String[]::new));
    }

    private void listener(int port, String more) throws Exception {
        Files.writeString(
                folder.resolve("smtpserver.xml"),
                "<smtpservers><smtpserver><jmxName>mx</jmxName><bind>0.0.0.0:" + port
                        + "</bind><helloName>mail.ours.test</helloName><tls startTLS='true'/></smtpserver>"
                        + "<smtpserver enabled='false'><bind>0.0.0.0:1</bind><tls socketTLS='true'/></smtpserver>"
                        + "<smtpserver><bind>0.0.0.0:2</bind></smtpserver>" + more + "</smtpservers>");
    }

    @Test
    void whatAListenerOffers() throws Exception {
        try (SmtpPeer peer = SmtpPeer.named("mail.ours.test")
                .offering(CertificateRequest.of("mail.ours.test", "mx.ours.test")
                        .keys(KeyKind.RSA)
                        .selfSigned())
                .start()) {
            listener(peer.address().getPort(), "");
            assertThat(run("--json")).as(out.toString()).isZero();
        }
        JsonNode found = new ObjectMapper().readTree(out.toString());
        assertThat(found).hasSize(1);
        JsonNode mx = found.get(0);
        assertThat(mx.get("listener").asText()).startsWith("mx at 127.0.0.1:");
        assertThat(mx.get("tls").asText()).isEqualTo("STARTTLS");
        assertThat(mx.get("TLSv1.3").toString()).contains("TLS_AES_256_GCM_SHA384");
        assertThat(mx.get("TLSv1.2").toString()).contains("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
        assertThat(mx.has("TLSv1.1")).isFalse();
        assertThat(mx.get("groups of TLSv1.3").toString()).contains("x25519", "secp256r1");
        // The JDK has it from 27 on.
        assertThat(mx.get("post-quantum key exchange").asText())
                .isEqualTo(Runtime.version().feature() >= 27 ? "yes" : "no");
        assertThat(mx.get("certificates"))
                .singleElement()
                .satisfies(certificate -> assertThat(certificate.asText())
                        .startsWith("RSA 2048, for mail.ours.test, mx.ours.test, by CN=mail.ours.test, until ")
                        .endsWith("(29 days)"));
        assertThat(mx.get("OCSP stapling").asText()).isEqualTo("no");
        assertThat(mx.get("resumption with TLSv1.3").asText()).isEqualTo("yes");
        assertThat(mx.get("resumption with TLSv1.2").asText()).isEqualTo("yes");
        assertThat(mx.get("renegotiation by the client").asText()).isNotBlank();
    }

    @Test
    void aListenerThatDoesNotAnswerIsTold() throws Exception {
        int port = FreePort.next();
        listener(port, "");
        assertThat(run()).isEqualTo(1);
        assertThat(out.toString()).contains("mx at 127.0.0.1:" + port + " (STARTTLS)", "problem: ");
    }

    @Test
    void aFolderWithoutListenersIsTold() {
        assertThat(run()).isEqualTo(2);
        assertThat(out.toString()).contains("no listener with TLS is switched on");
    }
}
