/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.trail;

import java.util.Objects;

/** How the audit trail names people: the {@code <audit>} element. */
public final class AuditPolicy {
    /** How something is written. */
    public enum Form {
        /** As it is. */
        PLAIN,
        /** As a keyed hash of it: the same text has the same hash, and who has the key can ask for a text. */
        HASHED,
        /** Not at all. */
        NONE
    }

    private final Form recipients;
    private final Form subjects;

    private AuditPolicy(Form recipients, Form subjects) {
        this.recipients = Objects.requireNonNull(recipients);
        this.subjects = Objects.requireNonNull(subjects);
    }

    /**
     * A form for each.
     *
     * @param recipients {@link Form#PLAIN} or {@link Form#HASHED}: without recipients there is no trail
     */
    public static AuditPolicy of(Form recipients, Form subjects) {
        if (recipients == Form.NONE) {
            throw new IllegalArgumentException("a trail without recipients");
        }
        return new AuditPolicy(recipients, subjects);
    }

    /** How envelope recipients are written. */
    public Form recipients() {
        return recipients;
    }

    /** How subjects are written. */
    public Form subjects() {
        return subjects;
    }
}
