/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.mail.Flags;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.ModSeq;
import org.apache.james.mailbox.model.ThreadId;
import org.apache.james.mailbox.store.mail.model.DefaultMessageId;
import org.apache.james.mailbox.store.mail.model.impl.Properties;
import org.apache.james.mailbox.store.mail.model.impl.PropertyBuilder;
import org.apache.james.mailbox.store.mail.model.impl.SimpleMailboxMessage;
import org.rempart.message.MimeStructure;

/** A message that has been read from its table. */
final class StoredMessage extends SimpleMailboxMessage {
    private final Row row;
    private final StoredContent content;
    private Boolean beyondBounds;

    /**
     * A row of the table of messages.
     *
     * @param content the number of its bytes
     * @param received in milliseconds since 1970
     * @param octets the length of the header and the body
     */
    record Row(
            MailboxNumber mailbox,
            long uid,
            long content,
            long modSeq,
            long received,
            Flags flags,
            int headerOctets,
            long octets) {
        boolean isUnseen() {
            return !flags.contains(Flags.Flag.SEEN);
        }
    }

    StoredMessage(Row row, StoredContent content) {
        this(row, content, new DefaultMessageId());
    }

    private StoredMessage(Row row, StoredContent content, DefaultMessageId id) {
        super(
                id,
                ThreadId.fromBaseMessageId(id),
                Date.from(Instant.ofEpochMilli(row.received())),
                row.octets(),
                row.headerOctets(),
                content,
                row.flags(),
                new PropertyBuilder().build(),
                row.mailbox(),
                List.of(),
                Optional.empty());
        this.row = row;
        this.content = content;
        setUid(MessageUid.of(row.uid()));
        setModSeq(ModSeq.of(row.modSeq()));
    }

    Row row() {
        return row;
    }

    // These lie with the bytes, and few ask for them.

    @Override
    public Properties getProperties() {
        return content.properties();
    }

    /**
     * Whether its parts are nested too deeply, or too many, for those who read a message of many parts. No such message is
     * taken; one may lie there from elsewhere, or come from a backup.
     *
     * @throws UncheckedIOException when its bytes can't be read
     */
    boolean isBeyondBounds() {
        if (beyondBounds == null) {
            String type = getProperties().getMediaType();
            boolean ofParts = "multipart".equalsIgnoreCase(type) || "message".equalsIgnoreCase(type);
            beyondBounds = ofParts && hasExcess();
        }
        return beyondBounds;
    }

    private boolean hasExcess() {
        try (InputStream bytes = content.getInputStream()) {
            return MimeStructure.excess(bytes) != MimeStructure.Excess.NONE;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    // A body whose parts can't be told is one part, of a type that nothing is known of (RFC 2046, section 4.5.1).

    @Override
    public String getMediaType() {
        return isBeyondBounds() ? "application" : getProperties().getMediaType();
    }

    @Override
    public String getSubType() {
        return isBeyondBounds() ? "octet-stream" : getProperties().getSubType();
    }

    @Override
    public Long getTextualLineCount() {
        return getProperties().getTextualLineCount();
    }
}
