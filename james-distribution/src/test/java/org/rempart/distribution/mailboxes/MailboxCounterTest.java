/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import javax.persistence.EntityManager;
import org.apache.james.core.Username;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.mail.model.JPAMailbox;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.UidValidity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.DatabaseSettings;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/** Numbers of a mailbox rise, whatever happens, and come once. */
class MailboxCounterTest {
    @TempDir
    private Path folder;

    private Database database;

    @BeforeEach
    void open() throws FaultException {
        database = Database.open(DatabaseSettings.of(new Home(folder)));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void reopen() throws FaultException {
        close();
        open();
    }

    private JPAId mailbox(String name) {
        JPAMailbox mailbox =
                new JPAMailbox(MailboxPath.forUser(Username.of("alice@example.com"), name), UidValidity.of(1));
        EntityManager entities = database.entities().createEntityManager();
        entities.getTransaction().begin();
        entities.persist(mailbox);
        entities.getTransaction().commit();
        entities.close();
        return mailbox.getMailboxId();
    }

    @Test
    void numbersRiseOverRestarts() throws Exception {
        JPAId inbox = mailbox("INBOX");
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(uids.last(inbox)).isEmpty();
        long last = 0;
        for (int i = 0; i < 2 * MailboxCounter.BLOCK + 3; i++) {
            long next = uids.next(inbox);
            assertThat(next).isEqualTo(last + 1);
            last = next;
            assertThat(uids.last(inbox)).hasValue(next);
        }
        reopen();
        MailboxCounter afterCrash = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(afterCrash.next(inbox)).isEqualTo(3L * MailboxCounter.BLOCK + 1);
    }

    @Test
    void eachMailboxCountsForItself() throws Exception {
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(uids.next(mailbox("INBOX"))).isEqualTo(1);
        assertThat(uids.next(mailbox("Sent"))).isEqualTo(1);
        MailboxCounter sequences = new MailboxCounter(database.connections(), "MAILBOX_HIGHEST_MODSEQ");
        assertThat(sequences.next(mailbox("Drafts"))).isEqualTo(1);
    }

    @Test
    void noNumberForAMailboxThatIsGone() {
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThatThrownBy(() -> uids.next(JPAId.of(4711))).isInstanceOf(MailboxNotFoundException.class);
    }
}
