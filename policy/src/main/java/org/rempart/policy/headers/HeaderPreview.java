/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Shows what a policy would make of a header, to administrators who tune it. The header firewall provides it as a {@link
 * java.util.ServiceLoader service}, for commands that do not have it on their class path.
 */
public interface HeaderPreview {
    /**
     * What would leave.
     *
     * @param message a message, or its header alone
     * @param ours whether a domain, in lower case, is one that we receive mail for
     * @param publicName the host name that the outside may know
     * @param key the 32 bytes under which message ids are written
     * @return the fields of the header and what is none, in their order; a field of ours that is added stands where it would
     */
    List<Field> preview(byte[] message, HeaderPolicy policy, Predicate<String> ours, String publicName, byte[] key);

    /** What becomes of a field. */
    final class Field {
        private final String before;
        private final String after;
        private final String reason;

        /**
         * What becomes of a field.
         *
         * @param before the field as it stands, without the end of its last line; each byte is one character
         * @param after as it leaves; null when it does not
         * @param reason the rule, for the administrator
         */
        public Field(String before, String after, String reason) {
            this.before = Objects.requireNonNull(before);
            this.after = after;
            this.reason = Objects.requireNonNull(reason);
        }

        public String before() {
            return before;
        }

        /** As it leaves; empty when it does not. */
        public Optional<String> after() {
            return Optional.ofNullable(after);
        }

        /** What happens to it. */
        public HeaderVerdict verdict() {
            if (after == null) {
                return HeaderVerdict.STRIP;
            }
            return after.equals(before) ? HeaderVerdict.KEEP : HeaderVerdict.REWRITE;
        }

        public String reason() {
            return reason;
        }
    }
}
