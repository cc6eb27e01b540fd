/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.james.mime4j.MimeException;
import org.apache.james.mime4j.stream.EntityState;
import org.apache.james.mime4j.stream.MimeConfig;
import org.apache.james.mime4j.stream.MimeTokenStream;
import org.apache.james.mime4j.stream.RecursionMode;

/**
 * Tells whether a message is a disposition notification, a read receipt (RFC 8098, section 3): a report of that type with a
 * text for people of modest size, the notification with the fields that it must have, and at most the message that it is
 * about. Anything else that calls itself one is a message like others.
 */
public final class DispositionNotification {
    private static final String REPORT = "disposition-notification";
    /** Bytes of the text for people, in all its forms; and of the notification. */
    private static final int LONGEST_TEXT = 32 * 1024;

    private static final Set<String> ORIGINAL = Set.of("message/rfc822", "text/rfc822-headers", "message/global");
    private static final List<String> REQUIRED = List.of("final-recipient:", "disposition:");

    private final MimeTokenStream tokens = new MimeTokenStream(new MimeConfig.Builder()
            .setMaxLineLen(-1)
            .setMaxHeaderLen(-1)
            .setMaxHeaderCount(-1)
            .setMaxContentLen(-1)
            .build());

    private int depth;
    private int parts;
    private int text;
    private boolean notified;

    private DispositionNotification() {}

    /**
     * Looks at a message.
     *
     * @param message its bytes, from the header on
     * @throws IOException when they can't be read
     */
    public static boolean isOne(InputStream message) throws IOException {
        try {
            return new DispositionNotification().read(message);
        } catch (MimeException unreadable) {
            return false;
        }
    }

    private boolean read(InputStream message) throws IOException, MimeException {
        tokens.setRecursionMode(RecursionMode.M_NO_RECURSE);
        tokens.parse(message);
        for (EntityState state = tokens.getState(); state != EntityState.T_END_OF_STREAM; state = tokens.next()) {
            if (!isFine(state)) {
                return false;
            }
        }
        return notified;
    }

    private boolean isFine(EntityState state) throws IOException {
        switch (state) {
            case T_START_MULTIPART:
                depth++;
                // The text for people may have several forms; no other part has parts.
                return depth == 1 ? isReport() : depth == 2 && parts == 1;
            case T_END_MULTIPART:
                depth--;
                return true;
            case T_START_BODYPART:
                parts += depth == 1 ? 1 : 0;
                return parts <= 3;
            case T_BODY:
                return depth > 0
                        && isFineBody(tokens.getBodyDescriptor().getMimeType().toLowerCase(Locale.ROOT));
            default:
                return true;
        }
    }

    /** Its type; that it is a report of the right kind, the caller has read in the header. */
    private boolean isReport() {
        return tokens.getBodyDescriptor().getMimeType().equalsIgnoreCase("multipart/report");
    }

    private boolean isFineBody(String type) throws IOException {
        if (parts == 1) {
            text += size(LONGEST_TEXT + 1 - text);
            return type.startsWith("text/") && text <= LONGEST_TEXT;
        }
        if (parts == 2) {
            notified = type.equals("message/" + REPORT) && hasFields();
            return notified;
        }
        return ORIGINAL.contains(type);
    }

    private int size(int most) throws IOException {
        return tokens.getInputStream().readNBytes(Math.max(0, most)).length;
    }

    private boolean hasFields() throws IOException {
        byte[] fields = tokens.getInputStream().readNBytes(LONGEST_TEXT + 1);
        Set<String> missing = new HashSet<>(REQUIRED);
        Arrays.stream(new String(fields, StandardCharsets.ISO_8859_1).split("\r?\n", -1))
                .map(line -> line.toLowerCase(Locale.ROOT))
                .forEach(line -> missing.removeIf(line::startsWith));
        return fields.length <= LONGEST_TEXT && missing.isEmpty();
    }
}
