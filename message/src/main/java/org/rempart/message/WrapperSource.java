/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.lang.reflect.Field;
import javax.mail.internet.MimeMessage;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source behind James's message. James has no way to pass it on from one message to the next: it can only be copied,
 * whole, or disposed of. It is a protected field in James 3.8 and 3.9; where it can't be had, messages are copied.
 */
public final class WrapperSource {
    private static final Logger LOGGER = LoggerFactory.getLogger(WrapperSource.class);
    private static final Field SOURCE = field();

    private WrapperSource() {}

    private static Field field() {
        try {
            Field source = MimeMessageWrapper.class.getDeclaredField("source");
            source.setAccessible(true);
            return source;
        } catch (ReflectiveOperationException | RuntimeException unavailable) {
            LOGGER.warn("Messages have to be copied to change their header, which is slow: {}", unavailable.toString());
            return null;
        }
    }

    /** The message's source; null when it has none, or when it can't be had. */
    public static MimeMessageSource of(MimeMessageWrapper message) {
        try {
            return SOURCE == null ? null : (MimeMessageSource) SOURCE.get(message);
        } catch (IllegalAccessException unavailable) {
            return null;
        }
    }

    /**
     * Takes the source away from a message, so that disposing of the message leaves it alone.
     *
     * @return whether that was possible
     */
    static boolean release(MimeMessage message) {
        return set(message, null);
    }

    /** Gives a message back the source that was taken away from it. */
    static void restore(MimeMessage message, MimeMessageSource source) {
        if (!set(message, source)) {
            throw new IllegalStateException("a field that could be written can't be written any more");
        }
    }

    private static boolean set(MimeMessage message, MimeMessageSource source) {
        if (SOURCE == null || !(message instanceof MimeMessageWrapper)) {
            return false;
        }
        try {
            SOURCE.set(message, source);
            return true;
        } catch (IllegalAccessException unavailable) {
            return false;
        }
    }
}
