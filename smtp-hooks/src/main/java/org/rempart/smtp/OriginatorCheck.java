/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.dom.field.ContentTypeField;
import org.apache.james.mime4j.field.ContentTypeFieldLenientImpl;
import org.apache.james.mime4j.stream.RawField;
import org.apache.james.server.core.MimeMessageInputStream;
import org.apache.mailet.Mail;

/** Reads who a message says it is from, out of its raw header. */
final class OriginatorCheck {
    /** Bytes; James's own limit for a whole message header is of no use, since it has none. */
    private static final int MAX_HEADER = 1024 * 1024;

    private static final List<String> OTHER_ORIGINATORS = List.of("Sender", "Resent-From", "Resent-Sender");

    private OriginatorCheck() {}

    /**
     * Reads the header of a mail that just arrived.
     *
     * @throws UnreadableHeaderException when it is malformed or longer than 1 MiB
     */
    static RawHeader headerOf(Mail mail) throws IOException, MessagingException, UnreadableHeaderException {
        try (InputStream raw = new MimeMessageInputStream(mail.getMessage())) {
            return RawHeader.read(raw, MAX_HEADER);
        }
    }

    /**
     * The addresses in every From, Sender, Resent-From and Resent-Sender field that are not allowed.
     *
     * @throws UnreadableHeaderException when there is no From (RFC 5322, section 3.6), or one of them can't be read
     */
    static List<String> notAllowed(RawHeader header, Predicate<MailAddress> allowed) throws UnreadableHeaderException {
        List<String> values = new ArrayList<>(header.values("From"));
        if (values.isEmpty()) {
            throw new UnreadableHeaderException("no From field");
        }
        OTHER_ORIGINATORS.forEach(name -> values.addAll(header.values(name)));
        List<String> refused = new ArrayList<>();
        for (String value : values) {
            for (MailAddress address : HeaderAddresses.of(value)) {
                if (!allowed.test(address)) {
                    refused.add(address.asString());
                }
            }
        }
        return refused;
    }

    /** Whether the message is a disposition notification, a read receipt (RFC 8098, section 3). */
    static boolean isDispositionNotification(RawHeader header) {
        List<String> types = header.values("Content-Type");
        if (types.size() != 1) {
            return false;
        }
        ContentTypeField type = ContentTypeFieldLenientImpl.PARSER.parse(
                new RawField("Content-Type", types.get(0).trim()), DecodeMonitor.SILENT);
        String report = type.getParameter("report-type");
        return type.isMimeType("multipart/report")
                && report != null
                && report.toLowerCase(Locale.ROOT).equals("disposition-notification");
    }
}
