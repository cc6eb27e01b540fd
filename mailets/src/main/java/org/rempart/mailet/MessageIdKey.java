/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.ledger.Keys;

/**
 * The secret behind the message ids that the outside sees, one of the {@link Keys}, at {@value #URL}. Servers that send
 * and receive for the same domains need the same one; when it is lost, answers to older mails stand alone in our users' threads.
 */
final class MessageIdKey {
    static final String URL = "file://var/message-ids.key";

    private MessageIdKey() {}

    /**
     * The key; a new one when there is none yet.
     *
     * @param mailet who needs it, for the message
     * @throws MessagingException when the file can't be read or written, or holds no key
     */
    static byte[] of(FileSystem files, String mailet) throws MessagingException {
        try {
            return Keys.read(files, URL, "the key of message ids");
        } catch (IOException unusable) {
            throw new MessagingException(mailet + ": " + unusable.getMessage(), unusable);
        }
    }
}
