/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.sun.mail.smtp.SMTPTransport;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.util.Properties;
import javax.mail.Address;
import javax.mail.MessagingException;
import javax.mail.Session;
import javax.mail.internet.InternetAddress;
import javax.mail.internet.MimeMessage;

/** JavaMail's SMTPTransport, kept open. */
final class JavaMailConnection implements ConnectionsSender.Connection {
    private final Session session;
    private final SMTPTransport transport;

    private JavaMailConnection(Session session, SMTPTransport transport) {
        this.session = session;
        this.transport = transport;
    }

    static JavaMailConnection open(InetSocketAddress server) throws MessagingException {
        Properties properties = new Properties();
        properties.setProperty("mail.smtp.host", server.getAddress().getHostAddress());
        properties.setProperty("mail.smtp.port", Integer.toString(server.getPort()));
        properties.setProperty("mail.smtp.localhost", "mail." + Mail.DOMAIN);
        properties.setProperty("mail.smtp.starttls.enable", "true");
        properties.setProperty("mail.smtp.starttls.required", "true");
        // It trusts the certificate's authority; an address in a certificate it can't check.
        properties.setProperty("mail.smtp.ssl.checkserveridentity", "false");
        Session session = Session.getInstance(properties);
        SMTPTransport transport = (SMTPTransport) session.getTransport("smtp");
        transport.connect();
        return new JavaMailConnection(session, transport);
    }

    @Override
    public void send(Mail mail) throws MessagingException {
        MimeMessage message = new EnvelopedMessage(session, mail);
        transport.sendMessage(message, new Address[] {new InternetAddress(mail.recipient())});
    }

    /** Whether the server has offered an extension. */
    boolean offers(String extension) {
        return transport.supportsExtension(extension);
    }

    @Override
    public void close() throws MessagingException {
        transport.close();
    }

    /** A message that tells JavaMail its envelope's sender, and of which nothing is to be made again. */
    private static final class EnvelopedMessage extends com.sun.mail.smtp.SMTPMessage {
        EnvelopedMessage(Session session, Mail mail) throws MessagingException {
            super(session, new ByteArrayInputStream(mail.content()));
            setEnvelopeFrom(mail.sender());
        }
    }
}
