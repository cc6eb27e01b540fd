/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.model.Content;
import org.apache.james.mailbox.store.mail.model.impl.Properties;

/** The bytes of a message, which are read from their table as far as they are asked for. */
final class StoredContent implements Content {
    private final long size;
    private final Part properties;
    private final Part header;
    private final Part body;

    /** Bytes that may have to be read first. */
    @FunctionalInterface
    interface Part {
        byte[] bytes() throws MailboxException;
    }

    StoredContent(long size, Part properties, Part header, Part body) {
        this.size = size;
        this.properties = properties;
        this.header = header;
        this.body = body;
    }

    /** @throws IllegalStateException when they can't be read */
    Properties properties() {
        try {
            return StoredProperties.read(properties.bytes());
        } catch (MailboxException failed) {
            throw new IllegalStateException(failed.getMessage(), failed);
        }
    }

    @Override
    public InputStream getInputStream() {
        return new SequenceInputStream(new OnDemand(header), new OnDemand(body));
    }

    @Override
    public long size() {
        return size;
    }

    private static final class OnDemand extends InputStream {
        private final Part part;
        private InputStream bytes;

        OnDemand(Part part) {
            this.part = part;
        }

        private InputStream bytes() throws IOException {
            if (bytes == null) {
                try {
                    bytes = new ByteArrayInputStream(part.bytes());
                } catch (MailboxException failed) {
                    throw new IOException(failed.getMessage(), failed);
                }
            }
            return bytes;
        }

        @Override
        public int read() throws IOException {
            return bytes().read();
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            return bytes().read(target, from, length);
        }

        @Override
        public int available() throws IOException {
            return bytes().available();
        }
    }
}
