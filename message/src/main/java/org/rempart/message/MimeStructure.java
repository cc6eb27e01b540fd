/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.IOException;
import java.io.InputStream;
import org.apache.james.mime4j.MimeException;
import org.apache.james.mime4j.stream.EntityState;
import org.apache.james.mime4j.stream.MimeConfig;
import org.apache.james.mime4j.stream.MimeTokenStream;

/**
 * How deep the parts of a message (RFC 2046, section 5) stand in each other, and how many there are. The readers of MIME
 * call themselves for each level, and look for the boundaries of all levels in each line: a message of a megabyte with ten
 * thousand levels ends a thread. This one stops at its bounds.
 */
public final class MimeStructure {
    /** As many levels as other servers bear; people forward a forwarded message a dozen times. */
    public static final int DEEPEST = 100;

    public static final int MOST_PARTS = 10_000;

    private static final MimeConfig ANYTHING = new MimeConfig.Builder()
            .setMaxLineLen(-1)
            .setMaxHeaderLen(-1)
            .setMaxHeaderCount(-1)
            .setMaxContentLen(-1)
            .build();

    private MimeStructure() {}

    /** What a message is over. */
    public enum Excess {
        NONE,
        /** More than {@link #DEEPEST} multiparts and messages in each other. */
        TOO_DEEP,
        /** More than {@link #MOST_PARTS} parts. */
        TOO_MANY_PARTS
    }

    /**
     * Looks at a message, no further than it has to.
     *
     * @param message its bytes, from the header on
     * @throws IOException when they can't be read
     */
    public static Excess excess(InputStream message) throws IOException {
        MimeTokenStream tokens = new MimeTokenStream(ANYTHING);
        tokens.parse(message);
        int depth = 0;
        int parts = 0;
        try {
            for (EntityState state = tokens.getState(); state != EntityState.T_END_OF_STREAM; state = tokens.next()) {
                switch (state) {
                    case T_START_MULTIPART:
                    case T_START_MESSAGE:
                        // The whole message is one, too.
                        if (++depth > DEEPEST + 1) {
                            return Excess.TOO_DEEP;
                        }
                        break;
                    case T_END_MULTIPART:
                    case T_END_MESSAGE:
                        depth--;
                        break;
                    case T_START_BODYPART:
                        if (++parts > MOST_PARTS) {
                            return Excess.TOO_MANY_PARTS;
                        }
                        break;
                    default:
                        break;
                }
            }
        } catch (MimeException unreadable) {
            // Where this reader stops, all others of its kind do.
            return Excess.NONE;
        }
        return Excess.NONE;
    }
}
