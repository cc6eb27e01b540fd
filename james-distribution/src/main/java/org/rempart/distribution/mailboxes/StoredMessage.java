/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

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

/** A message that has been read from its table. */
final class StoredMessage extends SimpleMailboxMessage {
    private final Row row;
    private final StoredContent content;

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

    @Override
    public String getMediaType() {
        return getProperties().getMediaType();
    }

    @Override
    public String getSubType() {
        return getProperties().getSubType();
    }

    @Override
    public Long getTextualLineCount() {
        return getProperties().getTextualLineCount();
    }
}
