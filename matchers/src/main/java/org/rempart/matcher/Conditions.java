/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;

/** The part behind the {@code =} of a matcher in mailetcontainer.xml. */
final class Conditions {
    private Conditions() {}

    static boolean isAbsent(String condition) {
        return condition == null || condition.isBlank();
    }

    /**
     * Refuses a condition.
     *
     * @throws MessagingException when there is one
     */
    static void refuse(String matcher, String condition) throws MessagingException {
        if (!isAbsent(condition)) {
            throw new MessagingException(
                    matcher + "=" + condition + ": the matcher takes no condition; write match=\"" + matcher + "\"");
        }
    }

    /** The parts of a list separated by commas; empty ones count too, so that they can be refused. */
    static List<String> list(String condition) {
        return Stream.of(condition.split(",", -1)).map(String::trim).collect(Collectors.toList());
    }
}
