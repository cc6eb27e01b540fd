/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

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
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.apache.james.core.MailAddress;

/** A report about one day to one domain (RFC 7489, section 7.2 and appendix C). */
final class AggregateReport {
    private static final DateTimeFormatter DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT);

    private final String domain;
    private final LocalDate day;
    private final Map<ReportRow, Long> rows;
    private final MailAddress contact;
    private final String id;

    /**
     * @param domain whom it is for, the domain that has the record
     * @param day UTC
     * @param rows one at least
     * @param contact who sends it
     * @param id unique, in letters, digits and dashes
     */
    AggregateReport(String domain, LocalDate day, Map<ReportRow, Long> rows, MailAddress contact, String id) {
        this.domain = domain;
        this.day = day;
        this.rows = Map.copyOf(rows);
        this.contact = contact;
        this.id = id;
    }

    private String submitter() {
        return contact.getDomain().asString();
    }

    private long begin() {
        return day.atStartOfDay(ZoneOffset.UTC).toEpochSecond();
    }

    private long end() {
        return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toEpochSecond() - 1;
    }

    byte[] gzip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(gzip, "UTF-8");
            write(xml);
            xml.close();
        } catch (IOException | XMLStreamException impossible) {
            throw new IllegalStateException("memory can always be written to", impossible);
        }
        return bytes.toByteArray();
    }

    private void write(XMLStreamWriter xml) throws XMLStreamException {
        xml.writeStartDocument("UTF-8", "1.0");
        xml.writeStartElement("feedback");
        element(xml, "version", "1.0");
        xml.writeStartElement("report_metadata");
        element(xml, "org_name", submitter());
        element(xml, "email", contact.asString());
        element(xml, "report_id", id);
        xml.writeStartElement("date_range");
        element(xml, "begin", String.valueOf(begin()));
        element(xml, "end", String.valueOf(end()));
        xml.writeEndElement();
        xml.writeEndElement();
        published(xml, rows.keySet().iterator().next().published());
        for (Map.Entry<ReportRow, Long> row : rows.entrySet()) {
            record(xml, row.getKey(), row.getValue());
        }
        xml.writeEndElement();
        xml.writeEndDocument();
    }

    private void published(XMLStreamWriter xml, List<String> tags) throws XMLStreamException {
        xml.writeStartElement("policy_published");
        element(xml, "domain", domain);
        element(xml, "adkim", tags.get(0));
        element(xml, "aspf", tags.get(1));
        element(xml, "p", tags.get(2));
        element(xml, "sp", tags.get(3));
        element(xml, "pct", tags.get(4));
        element(xml, "fo", "0");
        xml.writeEndElement();
    }

    private static void record(XMLStreamWriter xml, ReportRow row, long count) throws XMLStreamException {
        xml.writeStartElement("record");
        xml.writeStartElement("row");
        element(xml, "source_ip", row.client());
        element(xml, "count", String.valueOf(count));
        xml.writeStartElement("policy_evaluated");
        element(xml, "disposition", row.disposition());
        element(xml, "dkim", row.dkim() ? "pass" : "fail");
        element(xml, "spf", row.spf() ? "pass" : "fail");
        if (!row.override().isEmpty()) {
            xml.writeStartElement("reason");
            element(xml, "type", row.override());
            element(xml, "comment", "");
            xml.writeEndElement();
        }
        xml.writeEndElement();
        xml.writeEndElement();
        xml.writeStartElement("identifiers");
        element(xml, "envelope_from", row.sender());
        element(xml, "header_from", row.from());
        xml.writeEndElement();
        xml.writeStartElement("auth_results");
        List<String> signatures = row.signatures();
        for (int i = 0; i < signatures.size(); i += 3) {
            xml.writeStartElement("dkim");
            element(xml, "domain", signatures.get(i));
            element(xml, "selector", signatures.get(i + 1));
            element(xml, "result", signatures.get(i + 2));
            xml.writeEndElement();
        }
        List<String> spf = row.spfCheck();
        xml.writeStartElement("spf");
        element(xml, "domain", spf.get(1).isEmpty() ? row.from() : spf.get(1));
        element(xml, "scope", spf.get(0).isEmpty() ? "mfrom" : spf.get(0));
        element(xml, "result", spf.get(2).isEmpty() ? "none" : spf.get(2));
        xml.writeEndElement();
        xml.writeEndElement();
        xml.writeEndElement();
    }

    private static void element(XMLStreamWriter xml, String name, String text) throws XMLStreamException {
        xml.writeStartElement(name);
        xml.writeCharacters(text);
        xml.writeEndElement();
    }

    /** The name of its file (section 7.2.1.1). */
    String fileName() {
        return submitter() + '!' + domain + '!' + begin() + '!' + end() + '!' + id + ".xml.gz";
    }

    /** The message that brings it. */
    byte[] message(MailAddress to, byte[] gzip, Instant now) {
        String boundary = "=_" + id;
        String text = "From: " + contact.asString() + "\r\n"
                + "To: " + to.asString() + "\r\n"
                + "Date: " + DATE.format(now.atOffset(ZoneOffset.UTC)) + "\r\n"
                + "Subject: Report Domain: " + domain + "\r\n Submitter: " + submitter() + "\r\n Report-ID: <" + id
                + ">\r\n"
                + "Message-ID: <" + id + '@' + submitter() + ">\r\n"
                + "Auto-Submitted: auto-generated\r\n"
                + "MIME-Version: 1.0\r\n"
                + "Content-Type: multipart/mixed;\r\n boundary=\"" + boundary + "\"\r\n"
                + "\r\n"
                + "--" + boundary + "\r\n"
                + "Content-Type: text/plain; charset=us-ascii\r\n"
                + "\r\n"
                + "This is an aggregate report about mail in the name of\r\n" + domain + " that came to " + submitter()
                + "\r\non " + day + " (UTC).\r\n"
                + "\r\n"
                + "--" + boundary + "\r\n"
                + "Content-Type: application/gzip\r\n"
                + "Content-Transfer-Encoding: base64\r\n"
                + "Content-Disposition: attachment;\r\n filename=\"" + fileName() + "\"\r\n"
                + "\r\n"
                + Base64.getMimeEncoder().encodeToString(gzip) + "\r\n"
                + "--" + boundary + "--\r\n";
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
