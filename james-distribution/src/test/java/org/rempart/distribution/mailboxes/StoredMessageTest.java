/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import javax.mail.Flags;
import org.apache.james.mailbox.model.MimeDescriptor;
import org.apache.james.mailbox.store.MessageResultImpl;
import org.apache.james.mailbox.store.mail.model.impl.PropertyBuilder;
import org.junit.jupiter.api.Test;
import org.rempart.message.MimeStructure;

/** What is told of a message's structure, whatever lies in the mailbox. */
class StoredMessageTest {
    private static StoredMessage message(int levels) {
        StringBuilder body = new StringBuilder();
        // All of one length: none is the beginning of another.
        for (int i = 1; i < levels; i++) {
            body.append(String.format("--b%05d\r\nContent-Type: multipart/mixed; boundary=b%05d\r\n\r\n", i - 1, i));
        }
        body.append(String.format("--b%05d\r\n\r\nhello\r\n", levels - 1));
        for (int i = levels - 1; i >= 0; i--) {
            body.append(String.format("--b%05d--\r\n", i));
        }
        byte[] header = "Content-Type: multipart/mixed; boundary=b00000\r\n\r\n".getBytes(US_ASCII);
        PropertyBuilder properties = new PropertyBuilder();
        properties.setMediaType("multipart");
        properties.setSubType("mixed");
        StoredContent content = new StoredContent(
                header.length + body.length(),
                () -> StoredProperties.write(properties.build()),
                () -> header,
                () -> body.toString().getBytes(US_ASCII));
        return new StoredMessage(
                new StoredMessage.Row(
                        new MailboxNumber(1), 1, 1, 1, 0, new Flags(), header.length, header.length + body.length()),
                content);
    }

    @Test
    void theStructureOfWhatIsNestedTooDeeplyIsThatOfOnePart() throws Exception {
        StoredMessage deep = message(10_000);

        MimeDescriptor structure = new MessageResultImpl(deep).getMimeDescriptor();

        assertThat(structure.getMimeType() + "/" + structure.getMimeSubType()).isEqualTo("application/octet-stream");
        assertThat(structure.parts()).toIterable().isEmpty();
        assertThat(structure.getBodyOctets()).isEqualTo(deep.getBodyOctets());
        assertThat(deep.isBeyondBounds()).isTrue();
    }

    @Test
    void thatOfAllOthersIsTheirOwn() throws Exception {
        StoredMessage message = message(MimeStructure.DEEPEST);
        assertThat(message.isBeyondBounds()).isFalse();

        MimeDescriptor structure = new MessageResultImpl(message).getMimeDescriptor();
        int levels = 0;
        while (structure.getMimeType().equals("multipart")) {
            levels++;
            List<MimeDescriptor> parts = new ArrayList<>();
            structure.parts().forEachRemaining(parts::add);
            structure = parts.get(0);
        }
        assertThat(levels).isEqualTo(MimeStructure.DEEPEST);
    }
}
