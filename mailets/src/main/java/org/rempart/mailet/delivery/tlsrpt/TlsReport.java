/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.james.core.MailAddress;

/** A report about one day to one domain (RFC 8460, sections 4.4, 5.1 and 5.3). */
final class TlsReport {
    /** The media type of a report that is compressed. */
    static final String MEDIA_TYPE = "application/tlsrpt+gzip";

    private static final JsonFactory JSON = new JsonFactory();
    private static final DateTimeFormatter DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT);

    private final String domain;
    private final LocalDate day;
    private final List<PolicyCount> counts;
    private final MailAddress contact;
    private final String id;

    /**
     * @param domain whom it is for
     * @param day UTC
     * @param contact who sends it
     * @param id unique, in letters, digits and dashes
     */
    TlsReport(String domain, LocalDate day, List<PolicyCount> counts, MailAddress contact, String id) {
        this.domain = domain;
        this.day = day;
        this.counts = List.copyOf(counts);
        this.contact = contact;
        this.id = id;
    }

    private String submitter() {
        return contact.getDomain().asString();
    }

    private Instant begin() {
        return day.atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    /** The last second of the day. */
    private Instant end() {
        return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant().minusSeconds(1);
    }

    /** The report itself, compressed. */
    byte[] gzip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes);
                JsonGenerator json = JSON.createGenerator(gzip)) {
            write(json);
        } catch (IOException impossible) {
            throw new IllegalStateException("memory can always be written to", impossible);
        }
        return bytes.toByteArray();
    }

    private void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("organization-name", submitter());
        json.writeObjectFieldStart("date-range");
        json.writeStringField("start-datetime", begin().toString());
        json.writeStringField("end-datetime", end().toString());
        json.writeEndObject();
        json.writeStringField("contact-info", contact.asString());
        json.writeStringField("report-id", id);
        json.writeArrayFieldStart("policies");
        for (PolicyCount count : counts) {
            json.writeStartObject();
            json.writeObjectFieldStart("policy");
            json.writeStringField("policy-type", count.policy().type());
            DayFile.texts(json, "policy-string", count.policy().text());
            json.writeStringField("policy-domain", count.policy().domain());
            DayFile.texts(json, "mx-host", count.policy().hosts());
            json.writeEndObject();
            json.writeObjectFieldStart("summary");
            json.writeNumberField("total-successful-session-count", count.successes());
            json.writeNumberField("total-failure-session-count", count.failures());
            json.writeEndObject();
            json.writeArrayFieldStart("failure-details");
            for (Map.Entry<PolicyCount.Failure, Long> failure : count.kinds().entrySet()) {
                write(json, failure.getKey(), failure.getValue());
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, PolicyCount.Failure failure, long times) throws IOException {
        json.writeStartObject();
        json.writeStringField("result-type", failure.result());
        json.writeStringField("receiving-mx-hostname", failure.host());
        if (!failure.address().isEmpty()) {
            json.writeStringField("receiving-ip", failure.address());
        }
        json.writeNumberField("failed-session-count", times);
        if (!failure.reason().isEmpty()) {
            json.writeStringField("failure-reason-code", failure.reason());
        }
        json.writeEndObject();
    }

    /** The name of its file (section 5.1). */
    String fileName() {
        return submitter() + '!' + domain + '!' + begin().getEpochSecond() + '!' + end().getEpochSecond() + '!' + id
                + ".json.gz";
    }

    /** The message that brings it (section 5.3). */
    byte[] message(MailAddress to, Instant now) {
        String boundary = "=_" + id;
        String text = "From: " + contact.asString() + "\r\n"
                + "To: " + to.asString() + "\r\n"
                + "Date: " + DATE.format(now.atOffset(ZoneOffset.UTC)) + "\r\n"
                + "Subject: Report Domain: " + domain + "\r\n Submitter: " + submitter() + "\r\n Report-ID: <" + id
                + '@'
                + submitter() + ">\r\n"
                + "Message-ID: <" + id + '@' + submitter() + ">\r\n"
                + "TLS-Report-Domain: " + domain + "\r\n"
                + "TLS-Report-Submitter: " + submitter() + "\r\n"
                + "Auto-Submitted: auto-generated\r\n"
                + "MIME-Version: 1.0\r\n"
                + "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"" + boundary + "\"\r\n"
                + "\r\n"
                + "--" + boundary + "\r\n"
                + "Content-Type: text/plain; charset=us-ascii\r\n"
                + "\r\n"
                + "This is an aggregate report about the TLS of mail sessions from\r\n" + submitter() + " to " + domain
                + " on " + day + " (UTC).\r\n"
                + "\r\n"
                + "--" + boundary + "\r\n"
                + "Content-Type: " + MEDIA_TYPE + "\r\n"
                + "Content-Transfer-Encoding: base64\r\n"
                + "Content-Disposition: attachment;\r\n filename=\"" + fileName() + "\"\r\n"
                + "\r\n"
                + Base64.getMimeEncoder().encodeToString(gzip()) + "\r\n"
                + "--" + boundary + "--\r\n";
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
