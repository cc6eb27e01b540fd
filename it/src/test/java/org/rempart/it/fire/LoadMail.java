/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mail of the load. Its id stands in the subject; the first line of its body holds the id again, and the SHA-256 of all
 * that follows.
 *
 * @param id what no other mail has
 * @param from the envelope sender, which is that of the header, too
 * @param recipients those of the envelope
 * @param bytes the message
 */
// Mails are told apart by their ids, and never compared.
@SuppressWarnings("ArrayRecordComponent")
record LoadMail(String id, String from, Set<String> recipients, byte[] bytes) {
    private static final Pattern SUBJECT = Pattern.compile("(?m)^Subject: load ([0-9a-z-]+)\r?$");
    private static final Pattern FIRST_LINE = Pattern.compile("load ([0-9a-z-]+) ([0-9a-f]{64})");
    private static final String END = "\r\n";
    private static final int LINE = 76;
    private static final byte[] TEXT = text();

    /**
     * What a message that was found somewhere is.
     *
     * @param id the mail of the load that it is
     * @param whole whether its body is what was sent
     */
    record Found(String id, boolean whole) {}

    /**
     * Makes a mail.
     *
     * @param size how many bytes its body has, about
     */
    static LoadMail make(String id, String from, Set<String> recipients, int size, Random random) {
        int lines = Math.max(1, Math.min(size, TEXT.length) / (LINE + END.length()));
        int first = random.nextInt(TEXT.length / (LINE + END.length()) - lines + 1);
        byte[] body = Arrays.copyOfRange(TEXT, first * (LINE + END.length()), (first + lines) * (LINE + END.length()));
        byte[] head = ("From: <" + from + ">\r\nTo: <" + String.join(">, <", recipients) + ">\r\nSubject: load " + id
                        + "\r\nDate: Tue, 24 Nov 2026 20:50:07 +0000\r\nMessage-ID: <" + id + "@client.example>\r\n\r\n"
                        + "load " + id + " " + sha256(body, 0) + END)
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] message = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, message, head.length, body.length);
        return new LoadMail(id, from, Set.copyOf(recipients), message);
    }

    /** What a message is; nothing when it is none of the load, such as a bounce. */
    static Optional<Found> recognise(byte[] message) {
        String text = new String(message, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        Matcher subject = SUBJECT.matcher(end < 0 ? text : text.substring(0, end));
        if (!subject.find()) {
            return Optional.empty();
        }
        String id = subject.group(1);
        int body = end + 4;
        int lineEnd = end < 0 ? -1 : text.indexOf(END, body);
        if (lineEnd < 0) {
            return Optional.of(new Found(id, false));
        }
        Matcher line = FIRST_LINE.matcher(text.substring(body, lineEnd));
        boolean whole = line.matches()
                && line.group(1).equals(id)
                && line.group(2).equals(sha256(message, lineEnd + END.length()));
        return Optional.of(new Found(id, whole));
    }

    private static String sha256(byte[] bytes, int from) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, from, bytes.length - from);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lines of Base64; none begins with a dot. */
    private static byte[] text() {
        byte[] noise = new byte[24 << 20];
        new Random(7).nextBytes(noise);
        byte[] text = Base64.getMimeEncoder(LINE, END.getBytes(StandardCharsets.ISO_8859_1))
                .encode(noise);
        return Arrays.copyOf(text, text.length / (LINE + END.length()) * (LINE + END.length()));
    }
}
