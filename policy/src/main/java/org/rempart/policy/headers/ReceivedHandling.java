/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import java.util.Locale;
import java.util.Optional;

/** What happens to the trace fields ({@code Received}, RFC 5321, section 4.4) of mail that leaves. */
public enum ReceivedHandling {
    /** They leave as they are. */
    KEEP,
    /** Each hop stays, its inner names and addresses go. */
    REWRITE,
    /** They do not leave. */
    REMOVE;

    /** The handling as the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The handling of this keyword, in lower case; empty when there is none. */
    public static Optional<ReceivedHandling> ofKeyword(String keyword) {
        for (ReceivedHandling handling : values()) {
            if (handling.keyword().equals(keyword)) {
                return Optional.of(handling);
            }
        }
        return Optional.empty();
    }
}
