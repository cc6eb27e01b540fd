/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;

/** Who brought a mail to this server, by what the server itself has noted, and not by what the message says. */
public final class MailOrigin {
    /** James sets it on what a user submits by JMAP (RFC 8621, section 7), in 3.8 and 3.9 alike. */
    private static final AttributeName JMAP = AttributeName.of("org.apache.james.jmap.send.MailMetaData.username");

    private MailOrigin() {}

    /** The account that submitted the mail by SMTP or JMAP, in lower case; empty for a mail that no account did. */
    public static Optional<String> account(Mail mail) {
        return named(mail, Mail.SMTP_AUTH_USER).or(() -> jmapAccount(mail));
    }

    /** The account that submitted it by JMAP, and so past all hooks of SMTP, in lower case. */
    public static Optional<String> jmapAccount(Mail mail) {
        return named(mail, JMAP);
    }

    private static Optional<String> named(Mail mail, AttributeName name) {
        return AttributeUtils.getValueAndCastFromMail(mail, name, String.class)
                .map(account -> account.toLowerCase(Locale.ROOT));
    }

    /** Whether a part of this server has written the mail: a report or a notice. */
    public static boolean isOwn(Mail mail) {
        return mail.getAttribute(MailAttributes.OWN).isPresent();
    }

    /** Whether a mailet sent it. That is true of an outsider's mail that was sent on, too. */
    public static boolean isSentByMailet(Mail mail) {
        return mail.getAttribute(Mail.SENT_BY_MAILET_ATTRIBUTE.getName()).isPresent();
    }

    /** Whether its envelope or its From is of ours, and nobody has proved it; a display name alone is no claim. */
    public static boolean claimsToBeOurs(Mail mail) {
        Optional<String> where =
                AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class);
        return where.isPresent() && Stream.of(where.get().split(", ", -1)).anyMatch(MailAttributes.CLAIMS::contains);
    }

    /**
     * The address that the mail came from; James records it as a literal, so nothing is looked up.
     *
     * @throws MessagingException when it recorded something else
     */
    public static InetAddress client(Mail mail) throws MessagingException {
        String address = mail.getRemoteAddr();
        boolean literal = address != null && address.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%.*)?");
        if (!literal) {
            throw new MessagingException("the mail's remote address \"" + address + "\" is no IP address");
        }
        try {
            InetAddress client = InetAddress.getByName(address);
            // On what a mailet sends again James writes 127.0.0.1, wherever the mail came from: the client is unknown,
            // and in no network that the policy names.
            return client.isLoopbackAddress() && isSentByMailet(mail)
                    ? InetAddress.getByAddress(new byte[] {0, 0, 0, 0})
                    : client;
        } catch (UnknownHostException notAnAddress) {
            throw new MessagingException(
                    "the mail's remote address \"" + address + "\" is no IP address", notAnAddress);
        }
    }
}
