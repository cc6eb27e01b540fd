/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.dom.field.ContentTypeField;
import org.apache.james.mime4j.field.ContentTypeFieldLenientImpl;
import org.apache.james.mime4j.stream.RawField;
import org.apache.james.server.core.MimeMessageInputStream;
import org.apache.mailet.Mail;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.message.OriginatorField;
import org.rempart.message.Originators;
import org.rempart.message.ShownAddress;

/** Reads who a message says it is from, for gates that take nothing that two readers could understand in two ways. */
final class OriginatorCheck {
    /** Each costs questions to the directory, and nobody writes as so many. */
    private static final int MOST_ADDRESSES = 50;

    /** No type that a mail program writes is longer, and the library that reads it goes deeper with each parenthesis. */
    private static final int LONGEST_TYPE = 1000;

    private OriginatorCheck() {}

    /** Reads the header of a mail that just arrived, up to {@link Originators#LONGEST_HEADER}. */
    static HeaderBlock headerOf(Mail mail) throws IOException, MessagingException {
        try (InputStream raw = new MimeMessageInputStream(mail.getMessage())) {
            return HeaderBlock.read(raw, Originators.LONGEST_HEADER);
        }
    }

    /**
     * The addresses in every From, Sender, Resent-From and Resent-Sender field that are not allowed.
     *
     * @throws UnreadableHeaderException when there is no From (RFC 5322, section 3.6), or one of them can't be read
     */
    static List<String> notAllowed(HeaderBlock header, Predicate<MailAddress> allowed)
            throws UnreadableHeaderException {
        Originators originators = Originators.of(header);
        if (originators.fault().isPresent()) {
            throw new UnreadableHeaderException(originators.fault().get());
        }
        if (originators.from().isEmpty()) {
            throw new UnreadableHeaderException("no From field");
        }
        Set<ShownAddress> shown = new LinkedHashSet<>();
        for (OriginatorField field : originators.all()) {
            if (field.isUnqualified()) {
                throw new UnreadableHeaderException("an address without a domain");
            }
            shown.addAll(field.mailboxes());
            shown.addAll(field.names());
        }
        if (shown.size() > MOST_ADDRESSES) {
            throw new UnreadableHeaderException("more than " + MOST_ADDRESSES + " addresses that it is from");
        }
        List<String> refused = new ArrayList<>();
        for (ShownAddress address : shown) {
            Optional<MailAddress> asked = address.asMailAddress();
            if (asked.isEmpty() || !allowed.test(asked.get())) {
                refused.add(address.toString());
            }
        }
        return refused;
    }

    /** Whether the message is a disposition notification, a read receipt (RFC 8098, section 3). */
    static boolean isDispositionNotification(HeaderBlock header) {
        List<HeaderField> types = new ArrayList<>();
        header.fields().stream().filter(field -> field.isNamed("Content-Type")).forEach(types::add);
        if (types.size() != 1 || types.get(0).value().length() > LONGEST_TYPE) {
            return false;
        }
        ContentTypeField type = ContentTypeFieldLenientImpl.PARSER.parse(
                new RawField("Content-Type", types.get(0).value()), DecodeMonitor.SILENT);
        String report = type.getParameter("report-type");
        return type.isMimeType("multipart/report")
                && report != null
                && report.toLowerCase(Locale.ROOT).equals("disposition-notification");
    }
}
