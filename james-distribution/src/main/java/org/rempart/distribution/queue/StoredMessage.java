/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.io.InputStream;
import javax.mail.util.SharedByteArrayInputStream;
import javax.mail.util.SharedFileInputStream;
import org.apache.james.server.core.MimeMessageSource;
import org.rempart.message.RawMimeMessage;

/** A message that is read from the file that it is stored in, when it is needed, and never changes that file. */
final class StoredMessage extends RawMimeMessage {
    private final Source stored;

    StoredMessage(Blobs blobs, Blobs.Blob blob) {
        this(new Source(blobs, blob));
    }

    private StoredMessage(Source stored) {
        super(stored);
        this.stored = stored;
    }

    Blobs.Blob blob() {
        return stored.blob;
    }

    /** Whether its file says all, and lies there. */
    boolean isUntouchedIn(Blobs blobs) {
        return stored.blobs == blobs && !isModified();
    }

    private record Source(Blobs blobs, Blobs.Blob blob) implements MimeMessageSource {
        /** Up to here a message is held in memory, above a file stays open while it is used. */
        private static final int SMALL = 64 * 1024;

        @Override
        public String getSourceId() {
            return blob.name();
        }

        @Override
        public InputStream getInputStream() throws IOException {
            if (blob.size() > SMALL) {
                return new SharedFileInputStream(blobs.path(blob.name()).toFile());
            }
            try (InputStream in = blobs.open(blob.name())) {
                return new SharedByteArrayInputStream(in.readAllBytes());
            }
        }

        @Override
        public long getMessageSize() {
            return blob.size();
        }
    }
}
