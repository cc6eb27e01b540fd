/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mail of the load. Its subject is its name, by which it is known again at the other end.
 *
 * @param name unique in a run
 * @param sender the envelope's sender
 * @param recipient the one recipient
 * @param shape what its message looks like
 */
record Mail(String name, String sender, String recipient, Shape shape) {
    /** Our own domain: its mail is for mailboxes, and it may be relayed. */
    static final String DOMAIN = "bench.example";

    /** How the names of the fields begin that a message has to be stripped of. */
    static final String STRIPPED_PREFIX = "X-Bench-";

    private static final Pattern NAME = Pattern.compile("(?im)^Subject: *(bench-[\\w-]+)");
    private static final String LINE = "The quick brown fox jumps over the lazy dog, time and time again.\r\n";

    /**
     * @param bytes of a message as it is sent, header and body
     * @param strippedFields how many fields it has whose names begin with {@link #STRIPPED_PREFIX}
     */
    record Shape(int bytes, int strippedFields) {
        /** Four KiB, and nothing to strip. */
        static final Shape USUAL = new Shape(4096, 0);
    }

    /** An account by its number. */
    static String account(int number) {
        return "u" + number + "@" + DOMAIN;
    }

    static Mail local(String name, int account, Shape shape) {
        return new Mail("bench-" + name, "sender@outside.example", account(account), shape);
    }

    /** From account 0, which is the one that submits. */
    static Mail submitted(String name, int account, Shape shape) {
        return new Mail("bench-" + name, account(0), account(account), shape);
    }

    static Mail relayed(String name, Shape shape) {
        return new Mail("bench-" + name, account(0), "reader@elsewhere.example", shape);
    }

    /** The message as it follows DATA, without the dot at its end. No line of it begins with a dot. */
    byte[] content() {
        StringBuilder text = new StringBuilder(shape.bytes())
                .append("From: <" + sender + ">\r\n")
                .append("To: <" + recipient + ">\r\n")
                .append("Subject: " + name + "\r\n")
                .append("Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n")
                .append("Message-ID: <" + name + "@" + DOMAIN + ">\r\n")
                .append("MIME-Version: 1.0\r\n")
                .append("Content-Type: text/plain; charset=us-ascii\r\n");
        for (int i = 0; i < shape.strippedFields(); i++) {
            text.append(STRIPPED_PREFIX).append(i).append(": what a filter inside has found out\r\n");
        }
        text.append("\r\n");
        while (text.length() + LINE.length() + 2 < shape.bytes()) {
            text.append(LINE);
        }
        while (text.length() + 2 < shape.bytes()) {
            text.append('x');
        }
        return text.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** The name of the mail that a header belongs to, if it is one of ours. */
    static Optional<String> nameIn(String header) {
        Matcher subject = NAME.matcher(header);
        return subject.find() ? Optional.of(subject.group(1)) : Optional.empty();
    }
}
