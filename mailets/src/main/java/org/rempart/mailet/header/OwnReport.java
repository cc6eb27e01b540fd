/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.mail.MessagingException;
import javax.mail.internet.MimeUtility;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * Takes the inside out of a delivery status notification (RFC 3464) that this server has written itself: our names and
 * addresses in the text and in the status, the words of the program that wrote it, and what must not leave of the header of
 * the mail that it quotes. The quoted body stays as it is. Of a disposition notification (RFC 8098) of ours only its fields and
 * the quoted header are changed.
 */
final class OwnReport {
    private static final Pattern REPORT = Pattern.compile("^multipart/report\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern BOUNDARY = Pattern.compile(
            ";\\s*boundary\\s*=\\s*(?:\"([^\"]{1,200})\"|([^\\s;\"]{1,200}))", Pattern.CASE_INSENSITIVE);
    private static final Pattern REPORTING = Pattern.compile("(?im)^(Reporting-MTA:)[^\r\n]*");
    private static final Pattern RECEIVED_FROM = Pattern.compile("(?im)^Received-From-MTA:[^\r\n]*(?:\r?\n|\\z)");
    private static final Pattern DIAGNOSTIC = Pattern.compile("(?im)^(Diagnostic-Code:\\s*)X-James\\b");

    /** The classes in the messages of Java's exceptions, with the colon behind them. */
    private static final Pattern JAVA =
            Pattern.compile("(?<![\\w.])(?:[a-z][a-z0-9_]*+\\.)++[A-Z][\\w$]*+(?::[ \t]*+)?+");

    private static final SecureRandom RANDOM = new SecureRandom();

    private final InnerNames names;
    private final ValueRewriter values;
    private final UnaryOperator<byte[]> header;
    private final String publicName;

    /**
     * @param names what is inside
     * @param values makes of the fields of a notification what may leave
     * @param header makes of a quoted header what may leave
     * @param publicName the host name that the outside may know
     */
    OwnReport(InnerNames names, ValueRewriter values, UnaryOperator<byte[]> header, String publicName) {
        this.names = names;
        this.values = values;
        this.header = header;
        this.publicName = publicName;
    }

    /** Whether the header is that of a report of ours: no server has received it yet. */
    static boolean isOne(HeaderBlock header) {
        return isReport(header) && header.fields().stream().noneMatch(field -> field.isNamed("Received"));
    }

    /** Whether the header is that of a report, of whomever and about whatever (RFC 6522). */
    static boolean isReport(HeaderBlock header) {
        return header.fields().stream()
                .anyMatch(field -> field.isNamed("Content-Type")
                        && REPORT.matcher(field.value()).find());
    }

    /**
     * The message as it may leave, its own header excepted, which only gets another boundary.
     *
     * @throws IOException when a part of it can't be read
     */
    byte[] rewrite(byte[] message) throws IOException {
        // A boundary that tells of no program, and that the quoted mail can't hold.
        return rewrite(message, "=_" + new BigInteger(128, RANDOM).toString(36), this::statusPart);
    }

    /**
     * A disposition notification as it may leave, its own header excepted.
     *
     * @throws IOException when a part of it can't be read
     */
    byte[] rewriteNotification(byte[] message) throws IOException {
        return rewrite(message, "", this::notificationPart);
    }

    /** What becomes of one part. */
    @FunctionalInterface
    private interface PartChange {
        byte[] apply(byte[] part) throws IOException;
    }

    /** @param newBoundary empty to leave it as it is */
    private byte[] rewrite(byte[] message, String newBoundary, PartChange change) throws IOException {
        HeaderBlock block = HeaderBlock.read(new ByteArrayInputStream(message));
        String boundary = boundary(block);
        if (boundary.isEmpty()) {
            return message;
        }
        String body = new String(message, block.length(), message.length - block.length(), ISO_8859_1);
        String neutral = newBoundary.isEmpty() ? boundary : newBoundary;
        ByteArrayOutputStream out = new ByteArrayOutputStream(message.length + 1024);
        out.writeBytes(newBoundary.isEmpty() ? block.bytes() : withBoundary(block, boundary, neutral));
        String delimiter = "--" + boundary;
        int position = 0;
        while (position < body.length()) {
            int next = delimiter(body, delimiter, position);
            out.writeBytes(change.apply(body.substring(position, next).getBytes(ISO_8859_1)));
            if (next < body.length()) {
                out.writeBytes(("--" + neutral).getBytes(ISO_8859_1));
                int lineEnd = body.indexOf('\n', next);
                position = lineEnd < 0 ? body.length() : lineEnd + 1;
                out.writeBytes(
                        body.substring(next + delimiter.length(), position).getBytes(ISO_8859_1));
            } else {
                position = next;
            }
        }
        return out.toByteArray();
    }

    private static String boundary(HeaderBlock block) {
        for (HeaderField field : block.fields()) {
            Matcher boundary = BOUNDARY.matcher(field.value());
            if (field.isNamed("Content-Type") && boundary.find()) {
                return boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
            }
        }
        return "";
    }

    private static byte[] withBoundary(HeaderBlock block, String boundary, String neutral) {
        List<byte[]> fields = new ArrayList<>();
        for (HeaderField field : block.fields()) {
            fields.add(
                    field.isNamed("Content-Type")
                            ? field.withRawValue(Pattern.compile("\"?" + Pattern.quote(boundary) + "\"?")
                                    .matcher(field.rawValue())
                                    .replaceFirst(Matcher.quoteReplacement('"' + neutral + '"')))
                            : HeaderBlock.KEEP);
        }
        return block.with(fields);
    }

    /** Where the next line begins that begins so; the text's length when there is none. */
    private static int delimiter(String text, String delimiter, int from) {
        int found = text.indexOf(delimiter, from);
        while (found > 0 && text.charAt(found - 1) != '\n') {
            found = text.indexOf(delimiter, found + 1);
        }
        return found < 0 ? text.length() : found;
    }

    private byte[] statusPart(byte[] bytes) throws IOException {
        HeaderBlock block = HeaderBlock.read(new ByteArrayInputStream(bytes));
        String type = type(block);
        if (type.startsWith("message/delivery-status")) {
            return transcoded(block, bytes, this::status);
        }
        boolean text = type.startsWith("text/") && !type.startsWith("text/rfc822-headers");
        return text ? transcoded(block, bytes, this::told) : quotingPart(block, type, bytes);
    }

    private byte[] notificationPart(byte[] bytes) throws IOException {
        HeaderBlock block = HeaderBlock.read(new ByteArrayInputStream(bytes));
        String type = type(block);
        return type.startsWith("message/disposition-notification")
                ? transcoded(block, bytes, this::notification)
                : quotingPart(block, type, bytes);
    }

    /** A part that quotes a header, or another one, which stays. */
    private byte[] quotingPart(HeaderBlock block, String type, byte[] bytes) throws IOException {
        if (type.startsWith("message/rfc822")) {
            byte[] content = Arrays.copyOfRange(bytes, block.length(), bytes.length);
            byte[] quoted = HeaderBlock.read(new ByteArrayInputStream(content)).bytes();
            byte[] leaves = header.apply(quoted);
            return joined(block.bytes(), leaves, Arrays.copyOfRange(content, quoted.length, content.length));
        }
        return type.startsWith("text/rfc822-headers") ? transcoded(block, bytes, this::quoted) : bytes;
    }

    private static String type(HeaderBlock block) {
        return value(block, "Content-Type").toLowerCase(Locale.ROOT);
    }

    private static String value(HeaderBlock block, String name) {
        return block.fields().stream()
                .filter(field -> field.isNamed(name))
                .map(HeaderField::value)
                .findFirst()
                .orElse("");
    }

    private String quoted(String text) {
        byte[] content = text.getBytes(ISO_8859_1);
        try {
            byte[] quoted = HeaderBlock.read(new ByteArrayInputStream(content)).bytes();
            return new String(header.apply(quoted), ISO_8859_1) + text.substring(quoted.length);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private String notification(String text) {
        HeaderBlock block = HeaderBlock.parse(text.getBytes(ISO_8859_1));
        List<byte[]> fields = new ArrayList<>();
        for (HeaderField field : block.fields()) {
            fields.add(field.isField() ? values.notification(field) : HeaderBlock.KEEP);
        }
        return new String(block.with(fields), ISO_8859_1);
    }

    private String told(String text) {
        return JAVA.matcher(names.neutralise(text)).replaceAll("");
    }

    private String status(String text) {
        String neutral = RECEIVED_FROM.matcher(text).replaceAll("");
        neutral = REPORTING.matcher(neutral).replaceAll("$1 dns; " + Matcher.quoteReplacement(publicName));
        return told(DIAGNOSTIC.matcher(neutral).replaceAll("$1X-Local"));
    }

    /** Changes a part's text under its transfer encoding (RFC 2045, section 6). */
    private static byte[] transcoded(HeaderBlock block, byte[] part, UnaryOperator<String> change) throws IOException {
        byte[] content = Arrays.copyOfRange(part, block.length(), part.length);
        return joined(block.bytes(), transcodedContent(block, content, change));
    }

    private static byte[] transcodedContent(HeaderBlock block, byte[] content, UnaryOperator<String> change)
            throws IOException {
        String encoding = value(block, "Content-Transfer-Encoding").toLowerCase(Locale.ROOT);
        if (!encoding.equals("quoted-printable") && !encoding.equals("base64")) {
            return change.apply(new String(content, ISO_8859_1)).getBytes(ISO_8859_1);
        }
        try (InputStream decoded = MimeUtility.decode(new ByteArrayInputStream(content), encoding)) {
            // The line end before the delimiter is the delimiter's.
            String text = change.apply(new String(decoded.readAllBytes(), ISO_8859_1));
            ByteArrayOutputStream encoded = new ByteArrayOutputStream();
            try (OutputStream out = MimeUtility.encode(encoded, encoding)) {
                out.write(text.getBytes(ISO_8859_1));
            }
            encoded.writeBytes(new byte[] {'\r', '\n'});
            return encoded.toByteArray();
        } catch (MessagingException unknown) {
            throw new IOException(unknown);
        }
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
