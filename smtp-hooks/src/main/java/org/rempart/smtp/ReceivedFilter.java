/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.apache.james.core.MailAddress;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.DataLineFilter;

/**
 * Writes the trace field (RFC 5321, section 4.4) of each mail that comes in:
 *
 * <pre>{@code
 * Received: from client.example ([192.0.2.25])
 *  (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)
 *  by mail.example.com with ESMTPSA id 1f3a9c;
 *  Tue, 24 Nov 2026 20:50:07 +0000
 * }</pre>
 *
 * It names the host by the listener's {@code <helloName>}, no product and no machine; the client by what it said in its
 * greeting, cut to what a domain may hold, and by its address, without a look-up in DNS. The protocol types are those of
 * RFC 3848. A sole recipient is named with {@code for}; several are not, since that would tell each of the others.
 *
 * <p>It is one of {@link CoreHandlers}; there is nothing to configure.
 */
public final class ReceivedFilter implements DataLineFilter {
    private static final int LONGEST_NAME = 255;

    /** RFC 5322, section 3.3; the JDK's own RFC 1123 form writes GMT, which is obsolete there. */
    static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ROOT);

    private final Clock clock;

    public ReceivedFilter() {
        this(Clock.systemUTC());
    }

    ReceivedFilter(Clock clock) {
        this.clock = clock;
    }

    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        if (!Transaction.of(session).writeTrace()) {
            for (String fieldLine : field(session)) {
                Response failure = next.onLine(session, (fieldLine + "\r\n").getBytes(StandardCharsets.US_ASCII));
                if (failure != null) {
                    return failure;
                }
            }
        }
        return next.onLine(session, line);
    }

    /** The field's lines, without their ends. */
    List<String> field(SMTPSession session) {
        List<String> lines = new ArrayList<>();
        Transaction transaction = Transaction.of(session);
        InetAddress client = transaction.client();
        String helo = session.getAttachment(SMTPSession.CURRENT_HELO_NAME, State.Connection)
                .map(ReceivedFilter::domainCharacters)
                .orElse("");
        lines.add("Received: from " + (helo.isEmpty() ? "unknown" : helo) + " ([" + literal(client) + "])");
        Optional<SSLSession> tls = transaction.tls();
        tls.ifPresent(ssl -> lines.add(" (using " + ssl.getProtocol() + " with cipher " + ssl.getCipherSuite() + ")"));
        List<MailAddress> recipients =
                session.getAttachment(SMTPSession.RCPT_LIST, State.Transaction).orElse(List.of());
        String by = " by " + session.getConfiguration().getHelloName() + " with " + protocol(session, tls.isPresent())
                + " id " + session.getSessionID();
        if (recipients.size() == 1 && isPlain(recipients.get(0).asString())) {
            lines.add(by);
            lines.add(" for <" + recipients.get(0).asString() + ">;");
        } else {
            lines.add(by + ";");
        }
        lines.add(" " + DATE.format(ZonedDateTime.now(clock)));
        return lines;
    }

    /** The transmission type, RFC 3848. */
    private static String protocol(SMTPSession session, boolean tls) {
        String greeting = session.getAttachment(SMTPSession.CURRENT_HELO_MODE, State.Connection)
                .orElse("")
                .toUpperCase(Locale.ROOT);
        if (!greeting.equals("EHLO")) {
            return "SMTP";
        }
        return "ESMTP" + (tls ? "S" : "") + (Transaction.of(session).account().isPresent() ? "A" : "");
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        String bare = zone < 0 ? text : text.substring(0, zone);
        return address instanceof Inet6Address ? "IPv6:" + bare : bare;
    }

    /** What of the client's greeting a domain or an address literal may hold; all else could forge a clause. */
    private static String domainCharacters(String helo) {
        String kept = helo.replaceAll("[^A-Za-z0-9.:\\[\\]_-]", "");
        return kept.length() <= LONGEST_NAME ? kept : kept.substring(0, LONGEST_NAME);
    }

    private static boolean isPlain(String address) {
        return address.length() <= 320 && address.chars().allMatch(c -> c > 32 && c < 127 && c != '<' && c != '>');
    }
}
