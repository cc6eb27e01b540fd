/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.lang.reflect.Field;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The source behind James's message, which is a protected field: its bytes can be had unchanged from nowhere else. */
final class WrapperSource {
    private static final Logger LOGGER = LoggerFactory.getLogger(WrapperSource.class);
    private static final Field SOURCE = field();

    private WrapperSource() {}

    private static Field field() {
        try {
            Field source = MimeMessageWrapper.class.getDeclaredField("source");
            source.setAccessible(true);
            return source;
        } catch (ReflectiveOperationException | RuntimeException unavailable) {
            LOGGER.warn("8-bit characters of headers may be changed when mail is queued: {}", unavailable.toString());
            return null;
        }
    }

    /** The message's source; null when it has none, or when it can't be had. */
    static MimeMessageSource of(MimeMessageWrapper message) {
        try {
            return SOURCE == null ? null : (MimeMessageSource) SOURCE.get(message);
        } catch (IllegalAccessException unavailable) {
            return null;
        }
    }
}
