/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.util.List;
import org.xbill.DNS.Record;

/** Where names are looked up. */
public interface Dns {
    /** What a look-up came to. */
    enum Status {
        FOUND,
        /** The name has nothing of this type, or does not exist. */
        NONE,
        /** No answer, or none that can be trusted. */
        FAILED
    }

    /**
     * An answer.
     *
     * @param records of the type asked for, and the aliases that lead to them
     * @param secure whether DNSSEC proves it
     * @param reason why it failed; empty if it did not
     */
    record Answer(Status status, List<Record> records, boolean secure, String reason) {
        public Answer {
            records = List.copyOf(records);
        }
    }

    /**
     * Looks a name up.
     *
     * @param name without a dot at its end
     * @param type of {@link org.xbill.DNS.Type}
     */
    Answer look(String name, int type);
}
