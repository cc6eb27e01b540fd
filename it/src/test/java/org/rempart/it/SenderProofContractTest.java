/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Tools;

/** Mail from outside, by what the DNS says of its sender. */
@Contract
@DisplayName("SPF, DKIM, DMARC: what proves the sender of mail from outside")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SenderProofContractTest {
    private static final String PASSWORD = "correct horse battery";

    /** Of its own for each process; resolvers are asked at port 53 alone. */
    private static final String RESOLVER =
            "127.53." + (1 + ProcessHandle.current().pid() / 250 % 250) + "."
                    + (1 + ProcessHandle.current().pid() % 250);

    private DnsServer dns;
    private Variant variant;
    private String alice;

    @BeforeAll
    void start() throws Exception {
        try {
            dns = DnsServer.start(new InetSocketAddress(RESOLVER, 53));
        } catch (IOException forbidden) {
            Tools.require(
                    false,
                    "port 53 of " + RESOLVER + " can't be served (" + forbidden.getMessage() + "): it needs root");
        }
        variant = new Variant("sender-proof");
        String ours = variant.domain();
        dns.text(SigningKey.owner(variant), SigningKey.into(variant))
                .text("far.example", "v=spf1 ip4:127.0.0.0/8 -all")
                .text("_dmarc.far.example", "v=DMARC1; p=reject")
                .text("elsewhere.example", "v=spf1 ip4:192.0.2.1 -all")
                .text("_dmarc.elsewhere.example", "v=DMARC1; p=reject")
                .text("soft.example", "v=spf1 -all")
                .text("_dmarc.soft.example", "v=DMARC1; p=quarantine")
                .ignore("_dmarc.silent.example")
                .text("bomb.example", "v=spf1" + " include:bomb.example".repeat(500) + " -all");
        variant.edit("rempart.xml", "<spoofed>mark", "<spoofed>refuse");
        variant.edit(
                "dnsservice.xml",
                "<autodiscover>true</autodiscover>",
                "<servers><server>" + RESOLVER + "</server></servers><autodiscover>false</autodiscover>");
        variant.start();
        alice = "alice@" + ours;
        variant.addUser(alice, PASSWORD);
    }

    @AfterAll
    void stop() throws Exception {
        if (variant != null) {
            variant.close();
        }
        if (dns != null) {
            dns.close();
        }
    }

    private TlsClient tls() throws Exception {
        return TlsClient.trusting(variant.ca(), "localhost");
    }

    /** As another server delivers it. */
    private SmtpReply deliver(String sender, byte[] message) throws Exception {
        try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
            client.command("EHLO mx.lists.example");
            return client.send(sender, List.of(alice), message);
        }
    }

    private SmtpReply deliver(String sender, String from, String marker, String... fields) throws Exception {
        return deliver(sender, Mails.message(from, alice, marker, fields));
    }

    /** The header of what has arrived. */
    private String header(String marker) throws Exception {
        return Mails.header(Mails.awaitLocal(variant.imaps(), tls(), alice, PASSWORD, marker));
    }

    @Test
    void whatWasFoundIsTold() throws Exception {
        String marker = Mails.marker();
        assertThat(deliver(
                                "eve@far.example",
                                "eve@far.example",
                                marker,
                                "Authentication-Results: mail.example.com; dmarc=pass header.from=bank.example",
                                "X-Note: caf\u00e9")
                        .code())
                .isEqualTo(250);
        assertThat(header(marker))
                .contains(
                        "; spf=pass smtp.mailfrom=eve@far.example; spf=none smtp.helo=mx.lists.example; dkim=none;"
                                + " dmarc=pass header.from=far.example",
                        "X-Note: caf\u00e9")
                .doesNotContain("bank.example", "X-Unverified-Sender");
    }

    @Test
    void whatADomainWantsOfMailThatFailsIsDone() throws Exception {
        assertThat(deliver("eve@far.example", "boss@elsewhere.example", Mails.marker())
                        .toString())
                .startsWith("550 5.7.26 ");
        String marker = Mails.marker();
        assertThat(deliver("eve@far.example", "boss@soft.example", marker).code())
                .isEqualTo(250);
        assertThat(Mails.header(Mails.awaitLocal(variant.imaps(), tls(), alice, PASSWORD, "Junk", marker)))
                .contains("X-Unverified-Sender: dmarc", "dmarc=fail header.from=soft.example");
    }

    @Test
    void whatTheDnsDoesNotAnswerTakesNoLongTime() throws Exception {
        String marker = Mails.marker();
        long start = System.nanoTime();
        assertThat(deliver("eve@far.example", "boss@silent.example", marker).code())
                .isEqualTo(250);
        assertThat(deliver("eve@bomb.example", "eve@bomb.example", Mails.marker())
                        .code())
                .isEqualTo(250);
        assertThat(System.nanoTime() - start).isLessThan(15_000_000_000L);
        assertThat(header(marker)).contains("dmarc=temperror header.from=silent.example");
    }

    @Test
    void ourOwnMailComesBackThroughAListAndAForgedOneDoesNot() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = SmtpClient.connect(variant.submission())) {
            client.command("EHLO client.example");
            client.startTls(tls());
            client.command("EHLO client.example");
            client.authPlain(alice, PASSWORD);
            assertThat(client.send(
                                    alice,
                                    List.of("list@lists.example"),
                                    Mails.message(alice, "list@lists.example", marker))
                            .code())
                    .isEqualTo(250);
        }
        String signed = Mails.text(Mails.awaitRemote(Trial.server(), marker).raw());
        assertThat(deliver(
                                "list-bounces@lists.example",
                                Mails.bytes("List-Post: <mailto:list@lists.example>\r\n" + signed))
                        .code())
                .isEqualTo(250);
        assertThat(header(marker))
                .contains("dkim=pass header.d=" + variant.domain())
                .doesNotContain("X-Unverified-Sender");

        assertThat(deliver("list-bounces@lists.example", Mails.bytes(signed.replace("Subject: ", "Subject: Urgent! ")))
                        .toString())
                .startsWith("550 5.7.1 ");
        assertThat(deliver("list-bounces@lists.example", alice, Mails.marker()).toString())
                .startsWith("550 5.7.1 ");
    }
}
