/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.report;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UnsupportedEncodingException;
import java.math.BigInteger;
import java.net.IDN;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.mail.MessagingException;
import javax.mail.internet.MimeUtility;
import org.apache.james.core.MailAddress;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.EnvId;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.DsnParameters.Ret;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.DeliveryReport;
import org.rempart.mailet.delivery.DeliveryReport.Action;
import org.rempart.mailet.delivery.Outcome;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.message.RawMessage;
import org.rempart.message.RequireTls;

/**
 * A delivery status notification (RFC 3464) in a {@code multipart/report} (RFC 6522): words for a person, a group of fields
 * for each recipient, and the header of the message; the whole message only where the sender asked for it (RET=FULL, RFC
 * 3461, section 4.3), and it is small enough. Save for such a message, it is 7-bit, whatever the message was.
 */
public final class StatusReport {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Pattern MESSAGE_ID = Pattern.compile("<[!-;=?-~]{1,200}>");
    /** RFC 5322, section 2.1.1. */
    private static final int LONGEST_LINE = 998;

    private static final int FOLDED = 76;
    private static final int SUBJECT_SHOWN = 200;
    private static final int LARGEST_HEADER = 64 * 1024;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String host;
    private final MailAddress postmaster;
    private final Texts texts;
    private final long largestQuoted;
    private final Instant now;

    /**
     * @param host the name that this server says of itself
     * @param largestQuoted up to which size a message is quoted as a whole, in bytes
     */
    public StatusReport(String host, MailAddress postmaster, Texts texts, long largestQuoted, Instant now) {
        this.host = host;
        this.postmaster = postmaster;
        this.texts = texts;
        this.largestQuoted = largestQuoted;
        this.now = now;
    }

    /**
     * Writes the report.
     *
     * @param mail whose sender is told; it has one
     * @param outcomes of those recipients that it is about
     * @throws MessagingException when the message can't be had
     * @throws IOException when it can't be read
     */
    public byte[] write(Mail mail, Action action, Map<MailAddress, Outcome> outcomes)
            throws MessagingException, IOException {
        try (RawMessage message = RawMessage.of(mail)) {
            return new Writer(mail, message, action, outcomes).write();
        }
    }

    /** One report. */
    private final class Writer {
        private final Mail mail;
        private final RawMessage message;
        private final Action action;
        private final Map<MailAddress, Outcome> outcomes;
        private final Map<String, String> words = new HashMap<>();
        private final String boundary = "=_" + new BigInteger(128, RANDOM).toString(36);
        private final StringBuilder out = new StringBuilder();

        Writer(Mail mail, RawMessage message, Action action, Map<MailAddress, Outcome> outcomes) {
            this.mail = mail;
            this.message = message;
            this.action = action;
            this.outcomes = outcomes;
            words.put("host", host);
            words.put("postmaster", postmaster.asString());
            words.put("subject", subject());
            words.put("date", field("Date").map(String::trim).orElseGet(() -> text("date.unknown")));
            words.put("until", DeliveryReport.until(mail).map(DATE::format).orElse(""));
        }

        private String text(String name) {
            return texts.of(name, words);
        }

        private Optional<String> field(String name) {
            return message.header().fields().stream()
                    .filter(field -> field.isNamed(name))
                    .map(HeaderField::value)
                    .findFirst();
        }

        private String subject() {
            String raw = field("Subject").map(String::trim).orElse("");
            String shown = new String(raw.getBytes(ISO_8859_1), UTF_8);
            try {
                shown = MimeUtility.decodeText(
                        shown.length() > 4 * SUBJECT_SHOWN ? shown.substring(0, 4 * SUBJECT_SHOWN) : shown);
            } catch (UnsupportedEncodingException | RuntimeException unknown) {
                // It is shown as it is.
            }
            shown = shown.replaceAll("\\p{Cntrl}+", " ");
            if (shown.isBlank()) {
                return text("subject.none");
            }
            return shown.length() > SUBJECT_SHOWN ? shown.substring(0, SUBJECT_SHOWN) + "..." : shown;
        }

        byte[] write() throws IOException, MessagingException {
            byte[] full = full();
            boolean eightBit = full.length > 0 && !isAscii(full);
            header(eightBit);
            part("text/plain; charset=utf-8", "quoted-printable");
            out.append(quotedPrintable(words().getBytes(UTF_8)));
            part("message/delivery-status", "7bit");
            status();
            if (full.length > 0) {
                part("message/rfc822", eightBit ? "8bit" : "7bit");
                out.append(new String(full, ISO_8859_1));
            } else {
                byte[] quoted = quotedHeader();
                boolean plain = isAscii(quoted) && isInOrder(quoted);
                part("text/rfc822-headers", plain ? "7bit" : "quoted-printable");
                out.append(plain ? new String(quoted, US_ASCII) : quotedPrintable(quoted));
            }
            out.append("\r\n--").append(boundary).append("--\r\n");
            return out.toString().getBytes(ISO_8859_1);
        }

        private void header(boolean eightBit) throws IOException {
            line("Date: " + DATE.format(now));
            line("From: Mail Delivery System <" + wire(postmaster) + ">");
            line("To: <" + wire(mail.getMaybeSender().get()) + ">");
            line("Subject: " + MimeUtility.fold(9, MimeUtility.encodeText(text(action + ".subject"), "utf-8", "Q")));
            line("Message-ID: <" + UUID.randomUUID() + "@" + host + ">");
            field("Message-ID")
                    .map(String::trim)
                    .filter(id -> MESSAGE_ID.matcher(id).matches())
                    .ifPresent(id -> {
                        line("In-Reply-To: " + id);
                        line("References: " + id);
                    });
            line("Auto-Submitted: auto-replied");
            line("MIME-Version: 1.0");
            line("Content-Type: multipart/report; report-type=delivery-status;");
            line("\tboundary=\"" + boundary + "\"");
            line("Content-Transfer-Encoding: " + (eightBit ? "8bit" : "7bit"));
            line("Content-Language: " + texts.language());
            line("");
        }

        private void line(String text) {
            out.append(text).append("\r\n");
        }

        private void part(String type, String encoding) {
            line("\r\n--" + boundary);
            line("Content-Type: " + type);
            line("Content-Transfer-Encoding: " + encoding);
            line("");
        }

        // The words

        private String words() {
            Map<List<String>, List<String>> groups = new LinkedHashMap<>();
            outcomes.forEach((recipient, outcome) -> groups.computeIfAbsent(
                            List.of(
                                    Cause.of(action, outcome).text(),
                                    outcome.isReply() ? "said" : "found",
                                    outcome.host().orElse(""),
                                    outcome.reason()),
                            none -> new ArrayList<>())
                    .add(recipient.asString()));
            StringBuilder all = new StringBuilder(text(action + ".begin")).append("\r\n");
            groups.forEach((about, recipients) -> {
                words.put("recipients", "    " + String.join("\r\n    ", recipients));
                words.put("peer", about.get(2));
                words.put("reply", about.get(3));
                all.append("\r\n").append(text("group")).append("\r\n");
                String cause = text(about.get(0));
                if (!cause.isEmpty()) {
                    all.append(cause).append("\r\n");
                }
                all.append(text(about.get(1))).append("\r\n");
            });
            return all.append("\r\n")
                    .append(text(action + ".end"))
                    .append("\r\n\r\n-- \r\n")
                    .append(host)
                    .append("\r\n")
                    .toString();
        }

        // The status

        private void status() {
            mail.dsnParameters()
                    .flatMap(DsnParameters::getEnvIdParameter)
                    .map(EnvId::asString)
                    .map(StatusReport::ofXtext)
                    .ifPresent(id -> folded("Original-Envelope-Id: " + id));
            line("Reporting-MTA: dns; " + host);
            line("Arrival-Date: " + DATE.format(DeliveryReport.since(mail)));
            outcomes.forEach((recipient, outcome) -> {
                line("");
                original(recipient)
                        .ifPresent(address -> folded("Original-Recipient: rfc822; " + ofXtext(address.asString())));
                folded("Final-Recipient: " + typed(recipient));
                line("Action: " + action);
                line("Status: "
                        + (action == Action.RELAYED ? "2" + outcome.status().substring(1) : outcome.status()));
                // RFC 3464, section 2.3.5: only when a server has said something.
                if (outcome.isReply()) {
                    outcome.host().ifPresent(peer -> folded("Remote-MTA: dns; " + peer));
                    folded("Diagnostic-Code: smtp; " + ascii(outcome.reason()));
                } else {
                    folded("Diagnostic-Code: X-Local; " + ascii(outcome.reason()));
                }
                line("Last-Attempt-Date: " + DATE.format(now));
                if (action == Action.DELAYED) {
                    DeliveryReport.until(mail).ifPresent(until -> line("Will-Retry-Until: " + DATE.format(until)));
                }
            });
        }

        private Optional<MailAddress> original(MailAddress recipient) {
            return mail.dsnParameters()
                    .map(DsnParameters::getRcptParameters)
                    .map(all -> all.get(recipient))
                    .flatMap(RecipientDsnParameters::getOrcptParameter);
        }

        /** A field of the status, with a line end and a space for a space where it is long. */
        private void folded(String field) {
            String rest = field;
            while (rest.length() > FOLDED) {
                int space = rest.lastIndexOf(' ', FOLDED);
                if (space <= rest.indexOf(':') + 1) {
                    space = rest.indexOf(' ', FOLDED);
                }
                if (space < 0) {
                    break;
                }
                line(rest.substring(0, space));
                rest = rest.substring(space);
            }
            line(rest);
        }

        // The message

        /** The whole message, when it is to be quoted and can be; else nothing. */
        private byte[] full() throws IOException, MessagingException {
            // RFC 8689, section 5.
            boolean wanted = action == Action.FAILED
                    && !RequireTls.holds(mail)
                    && mail.dsnParameters()
                            .flatMap(DsnParameters::getRetParameter)
                            .filter(ret -> ret == Ret.FULL)
                            .isPresent();
            if (!wanted
                    || mail.getMessageSize() > largestQuoted
                    || !isAscii(message.header().bytes())) {
                return new byte[0];
            }
            byte[] whole = message.whole();
            return isInOrder(whole) ? whole : new byte[0];
        }

        private byte[] quotedHeader() {
            HeaderBlock header = message.header();
            if (header.length() <= LARGEST_HEADER) {
                return withoutEmptyLine(header.bytes());
            }
            int end = 0;
            for (HeaderField field : header.fields()) {
                end = field.end() <= LARGEST_HEADER ? field.end() : end;
            }
            return Arrays.copyOf(header.bytes(), end);
        }
    }

    private static byte[] withoutEmptyLine(byte[] header) {
        String text = new String(header, ISO_8859_1);
        return text.endsWith("\n\r\n")
                ? text.substring(0, text.length() - 2).getBytes(ISO_8859_1)
                : text.endsWith("\n\n") ? text.substring(0, text.length() - 1).getBytes(ISO_8859_1) : header;
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte octet : bytes) {
            if (octet < 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether all lines end with CRLF, none is too long, and there is no NUL (RFC 2045, section 2.8). */
    private static boolean isInOrder(byte[] bytes) {
        int lineStart = 0;
        for (int i = 0; i < bytes.length; i++) {
            boolean lineEnd = bytes[i] == '\n';
            if (bytes[i] == 0
                    || lineEnd != (i > 0 && bytes[i - 1] == '\r')
                    || i - lineStart > LONGEST_LINE + 1
                    || (bytes[i] == '\r' && i + 1 == bytes.length)) {
                return false;
            }
            if (lineEnd) {
                lineStart = i + 1;
            }
        }
        return true;
    }

    private static String quotedPrintable(byte[] bytes) throws IOException {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        try (OutputStream encoder = MimeUtility.encode(encoded, "quoted-printable")) {
            encoder.write(bytes);
        } catch (MessagingException impossible) {
            throw new IOException(impossible);
        }
        return encoded.toString(US_ASCII);
    }

    private static String ascii(String text) {
        StringBuilder line = new StringBuilder();
        text.chars().forEach(next -> line.append(next < ' ' || next > '~' ? '?' : (char) next));
        return line.toString();
    }

    private static String wire(MailAddress address) {
        return new String(address.asString().getBytes(UTF_8), ISO_8859_1);
    }

    /** An address with its type; one that is not ASCII as RFC 6533, section 3, writes it where all is ASCII. */
    private static String typed(MailAddress address) {
        String text = address.asString();
        if (isAscii(address.getLocalPart().getBytes(UTF_8))) {
            try {
                text = address.getLocalPart() + "@"
                        + IDN.toASCII(address.getDomain().asString(), IDN.ALLOW_UNASSIGNED);
            } catch (IllegalArgumentException noName) {
                // Written below.
            }
        }
        if (isAscii(text.getBytes(UTF_8))) {
            return "rfc822; " + ascii(text);
        }
        StringBuilder encoded = new StringBuilder("utf-8; ");
        text.codePoints().forEach(point -> {
            if (point > ' ' && point < 127 && point != '+' && point != '=' && point != '\\') {
                encoded.append((char) point);
            } else {
                encoded.append(String.format("\\x{%X}", point));
            }
        });
        return encoded.toString();
    }

    /** What the client has put into the form of RFC 3461, section 4. */
    private static String ofXtext(String text) {
        return ascii(Pattern.compile("\\+([0-9A-F]{2})")
                .matcher(text)
                .replaceAll(octet -> java.util.regex.Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(octet.group(1), 16)))));
    }
}
