/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;

/** The parameters of a handler in smtpserver.xml, checked when the server starts. */
final class HandlerParameters {
    private HandlerParameters() {}

    /**
     * Refuses parameters that a handler does not take: one that is ignored is a rule that its writer believes in.
     *
     * @param known the parameters that it takes
     * @throws ConfigurationException when there is another one
     */
    static void refuseUnknown(Object handler, Configuration config, Set<String> known) throws ConfigurationException {
        for (Iterator<String> keys = config.getKeys(); keys.hasNext(); ) {
            String key = keys.next();
            boolean attribute = key.startsWith("[@");
            if (!attribute && !known.contains(key)) {
                throw new ConfigurationException(handler.getClass().getSimpleName() + ": unknown parameter <" + key
                        + ">; it takes "
                        + (known.isEmpty() ? "none" : "<" + String.join(">, <", new TreeSet<>(known)) + ">"));
            }
        }
    }
}
