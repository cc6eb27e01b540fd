/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.hubspot.smtp.client.SmtpSessionFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;

/**
 * Whether a client takes words for the server's that somebody on the way has put, in clear text, between the answer to
 * STARTTLS and the handshake. Everything after the handshake is answered honestly.
 */
final class Injection {
    private static final String KEYWORD = "X-INJECTED";

    private final ServerCertificate certificate;

    Injection(ServerCertificate certificate) {
        this.certificate = certificate;
    }

    /** What a client does, in a line for each. */
    String verdicts() throws Exception {
        return "- NioSmtpClient " + nio() + "\n- SMTPTransport " + javaMail() + "\n- Rempart " + ours() + "\n";
    }

    private SmtpPeer peer() throws Exception {
        return SmtpPeer.named("sink")
                .offering(certificate)
                .at(Phase.STARTTLS)
                .injects("250-evil.example\r\n250 " + KEYWORD + "\r\n")
                .start(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
    }

    private String nio() throws Exception {
        try (SmtpPeer peer = peer();
                SmtpSessionFactory factory = NioConnection.factory(peer.address());
                NioConnection connection = NioConnection.open(factory, peer.address())) {
            return believed(connection.offers().contains(KEYWORD));
        } catch (Exception refused) {
            return "does not go on: " + refused;
        }
    }

    private String javaMail() throws Exception {
        try (SmtpPeer peer = peer();
                JavaMailConnection connection = JavaMailConnection.open(peer.address())) {
            return believed(connection.offers(KEYWORD));
        } catch (Exception refused) {
            return "does not go on: " + refused;
        }
    }

    private static String believed(boolean taken) {
        return taken ? "takes what was injected for the server's answer" : "does not see what was injected";
    }

    /** What our mailet makes of it is in the audit trail; here it counts what the server got. */
    private String ours() throws Exception {
        try (SmtpPeer peer = peer();
                Sender sender = QueueSender.ours(peer.address())) {
            sender.send(List.of(Mail.relayed("injection", Mail.Shape.USUAL)));
            long end = System.nanoTime() + 60_000_000_000L;
            while (peer.connections() == 0 && System.nanoTime() < end) {
                Thread.sleep(100);
            }
            Thread.sleep(2_000);
            return peer.mails().isEmpty()
                    ? "does not go on, and keeps the mail: " + peer.connections() + " connections, " + peer.handshakes()
                            + " handshakes"
                    : "has sent the mail";
        }
    }
}
