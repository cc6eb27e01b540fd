/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.Objects;
import org.apache.james.mailbox.model.MailboxId;

/** The number of a mailbox in its table. */
record MailboxNumber(long value) implements MailboxId {
    static MailboxNumber of(MailboxId id) {
        return (MailboxNumber) Objects.requireNonNull(id, "a mailbox that is stored");
    }

    @Override
    public String serialize() {
        return String.valueOf(value);
    }

    /** Reads what {@link #serialize()} has written. */
    static final class Factory implements MailboxId.Factory {
        @Override
        public MailboxId fromString(String serialized) {
            return new MailboxNumber(Long.parseLong(serialized));
        }
    }
}
