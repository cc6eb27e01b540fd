/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

import java.util.Objects;
import java.util.Optional;

/** Whether an address with a detail (RFC 5233) is the address without it: the {@code <subaddresses>} element. */
public final class SubaddressPolicy {
    private static final String SEPARATORS = "+-_=#~";

    private static final SubaddressPolicy DEFAULT = new SubaddressPolicy(SubaddressHandling.DELIVER, '+');

    private final SubaddressHandling handling;
    private final char separator;

    private SubaddressPolicy(SubaddressHandling handling, char separator) {
        this.handling = Objects.requireNonNull(handling);
        this.separator = separator;
    }

    /** What applies where nothing is said: {@code alice+detail} is {@code alice}. */
    public static SubaddressPolicy byDefault() {
        return DEFAULT;
    }

    /** What may stand between an address and its detail. */
    public static String separators() {
        return SEPARATORS;
    }

    /**
     * A policy.
     *
     * @param separator one of {@link #separators}
     */
    public static SubaddressPolicy of(SubaddressHandling handling, char separator) {
        if (SEPARATORS.indexOf(separator) < 0) {
            throw new IllegalArgumentException("'" + separator + "' separates no detail");
        }
        return new SubaddressPolicy(handling, separator);
    }

    public SubaddressHandling handling() {
        return handling;
    }

    public char separator() {
        return separator;
    }

    /**
     * What stands before the first separator.
     *
     * @param localPart as in a MailAddress; a quoted one has no detail, nor has one of a {@link SenderRewriting rewritten
     *     sender}
     * @return empty when there is no detail, or details count for nothing
     */
    public Optional<String> withoutDetail(String localPart) {
        int detail = localPart.indexOf(separator);
        return handling == SubaddressHandling.REFUSE
                        || detail < 1
                        || localPart.charAt(0) == '"'
                        || SenderRewriting.isRewritten(localPart)
                ? Optional.empty()
                : Optional.of(localPart.substring(0, detail));
    }
}
