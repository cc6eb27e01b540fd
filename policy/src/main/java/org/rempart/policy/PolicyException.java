/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Optional;

/**
 * A fault of the policy. Its message is written for the administrator who has to mend it: where, what is wrong, and what
 * would be right, all in one line, whatever it quotes.
 */
public final class PolicyException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Location location;

    /**
     * @param location where the fault is
     * @param wrong what is wrong, a sentence without its full stop
     * @param right what would be right, a sentence without its full stop
     */
    public PolicyException(Location location, String wrong, String right) {
        super(location + ": " + sentence(wrong, right));
        this.location = location;
    }

    /** A fault that was found without its place, now with it. */
    public PolicyException(Location location, PolicyException withoutPlace) {
        super(location + ": " + withoutPlace.getMessage(), withoutPlace);
        this.location = location;
    }

    /** A fault in a parameter that has no place in a file, such as the inline parameter of a mailet. */
    public PolicyException(String wrong, String right) {
        super(sentence(wrong, right));
        this.location = null;
    }

    private PolicyException(Location location, String message) {
        super(location + ": " + message);
        this.location = location;
    }

    private static String sentence(String wrong, String right) {
        return Wording.inOneLine(wrong) + "; " + Wording.inOneLine(right);
    }

    /** This fault, with its place. */
    PolicyException at(Location place) {
        return new PolicyException(place, getMessage());
    }

    /** Where the fault is, when it is in a file. */
    public Optional<Location> location() {
        return Optional.ofNullable(location);
    }
}
