/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.SmtpPeer;
import picocli.CommandLine;

@Timeout(600)
class TlsCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private SmtpPeer peer;
    private DnsServer dns;

    /** A mail server without TLS, to which the only MX of the domains leads. */
    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(folder.resolve("conf"));
        Files.writeString(
                folder.resolve("conf/rempart.xml"),
                "<policy><tls><outbound><to domain='bank.example' level='encrypt'/></outbound></tls></policy>");
        Files.writeString(
                folder.resolve("conf/mailetcontainer.xml"),
                "<mailetcontainer><mailet class='AddFooter'/><mailet class='org.rempart.mailet.SecureRemoteDelivery'>"
                        + "<heloName>mail.ours.example</heloName></mailet></mailetcontainer>");
        peer = SmtpPeer.named("mx").extensions("\u001b mx").start();
        dns = DnsServer.start(InetAddress.getLoopbackAddress());
        dns.mx("other.example", 10, "mx.hosting.example")
                .mx("bank.example", 10, "mx.hosting.example")
                .address("mx.hosting.example", "127.0.0.1");
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        dns.close();
    }

    private int run(String... arguments) {
        return new CommandLine(new TlsCommand(new Home(folder), () -> List.of(dns.address())))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage());
                    command.getErr().flush();
                    return 1;
                })
                .execute(arguments);
    }

    private String port() {
        return Integer.toString(peer.address().getPort());
    }

    @Test
    void saysWhatAppliesAndWhetherMailWouldGo() {
        assertThat(run("--port", port(), "other.example")).as(err.toString()).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "domain: other.example",
                        "  level: opportunistic",
                        "  decided by: default, since no rule names the domain",
                        "  rule: <outbound default=\"opportunistic\"> (default)",
                        "  mta-sts: none: no TXT record at _mta-sts.other.example",
                        "  host: mx.hosting.example",
                        "    address: 127.0.0.1",
                        "    starttls: not offered",
                        "    -> mail goes in clear text: STARTTLS is not offered");
        assertThat(peer.commands()).startsWith("EHLO mail.ours.example");
    }

    @Test
    void tellsByItsExitCodeWhenMailWouldWait() throws IOException {
        assertThat(run("--port", port(), "--json", "other.example", "bank.example"))
                .as(err.toString())
                .isEqualTo(1);
        JsonNode found = new ObjectMapper().readTree(out.toString());
        assertThat(found.get(0).get("deliverable").asBoolean()).isTrue();
        assertThat(found.get(1).get("deliverable").asBoolean()).isFalse();
        assertThat(found.get(1).get("decided by").asText()).isEqualTo("policy, since a rule names the domain");
        assertThat(found.get(1).get("hosts").get(0).get("outcome").asText())
                .isEqualTo("mail waits: 454 4.7.5 mx.hosting.example does not offer STARTTLS; required is encrypt");
    }

    @Test
    void withoutANameOfItsOwnTheDeliverySaysTheDefaultDomain() throws IOException {
        Files.writeString(folder.resolve("conf/mailetcontainer.xml"), "<mailetcontainer/>");
        Files.writeString(
                folder.resolve("conf/domainlist.xml"),
                "<domainlist><domainnames><domainname>b.example</domainname></domainnames>"
                        + "<defaultDomain>a.example</defaultDomain></domainlist>");
        assertThat(run("--port", port(), "other.example")).as(err.toString()).isZero();
        assertThat(peer.commands()).contains("EHLO a.example");
    }

    @Test
    void whatCannotBeAskedIsToldBeforeAnythingIs() {
        assertThat(run("--port", "0", "bank.example")).isEqualTo(2);
        assertThat(err.toString()).contains("0 is no port; write 1 to 65535");
        assertThat(run("a@bank.example")).isEqualTo(2);
        assertThat(err.toString()).contains("\"a@bank.example\" is no domain");
    }

    @Test
    void aFaultOfThePolicyIsTold() throws IOException {
        Files.writeString(folder.resolve("conf/rempart.xml"), "<policy><tls><outbound mtaSts='no'/></tls></policy>");
        assertThat(run("bank.example")).isEqualTo(1);
        assertThat(err.toString()).contains("conf/rempart.xml:1:14: \"no\" is unknown as mtaSts");
    }
}
