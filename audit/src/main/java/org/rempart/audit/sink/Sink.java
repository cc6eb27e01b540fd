/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.sink;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** A place where mail that left the audited server arrives, and that the audit can look into. */
public interface Sink extends Closeable {
    /**
     * Waits for the test message with this token.
     *
     * @param token letters and digits, made for this one message
     * @return the message as it arrived; empty if it did not in time
     */
    Optional<byte[]> await(String token, Duration limit) throws IOException;

    /** What it is, for reports; no secrets. */
    String describe();

    /**
     * Whether a message is the test message with this token, as it was sent: what quotes it, like a bounce, has the token,
     * too, and proves nothing.
     */
    static boolean isTestMessage(byte[] message, String token) {
        String text = new String(message, StandardCharsets.ISO_8859_1);
        String header = text.split("\r?\n\r?\n", 2)[0].replaceAll("\r?\n[ \t]+", " ");
        boolean ours = false;
        for (String line : header.split("\r?\n", -1)) {
            String field = line.toLowerCase(Locale.ROOT);
            if (field.matches("content-type *: *multipart/report.*") || field.matches("auto-submitted *: *auto-.*")) {
                return false;
            }
            ours |= (field.startsWith("subject") || field.startsWith("message-id")) && line.contains(token);
        }
        return ours;
    }
}
