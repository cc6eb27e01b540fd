/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.mail.Flags;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.core.quota.QuotaCountLimit;
import org.apache.james.core.quota.QuotaCountUsage;
import org.apache.james.core.quota.QuotaSizeUsage;
import org.apache.james.mailbox.MessageManager;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.MailboxExistsException;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.jpa.quota.JPAPerUserMaxQuotaDAO;
import org.apache.james.mailbox.model.ByteContent;
import org.apache.james.mailbox.model.CurrentQuotas;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.MessageRange;
import org.apache.james.mailbox.model.Quota;
import org.apache.james.mailbox.model.QuotaRoot;
import org.apache.james.mailbox.model.ThreadId;
import org.apache.james.mailbox.model.UidValidity;
import org.apache.james.mailbox.model.UpdatedFlags;
import org.apache.james.mailbox.store.FlagsUpdateCalculator;
import org.apache.james.mailbox.store.mail.MessageMapper;
import org.apache.james.mailbox.store.mail.MessageMapper.FetchType;
import org.apache.james.mailbox.store.mail.model.DefaultMessageId;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.apache.james.mailbox.store.mail.model.impl.PropertyBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.DatabaseSettings;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.PostgresServer;
import reactor.core.publisher.Mono;

/** Messages are read as they were written, and each change is counted with it. */
class StoredMessagesTest {
    private static final Username ALICE = Username.of("alice@example.com");
    private static final QuotaRoot ROOT = QuotaRoot.quotaRoot("#private&alice@example.com", ALICE.getDomainPart());
    private static final String HEADER = "Subject: hello\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";

    @Nested
    class OnDerby extends Contract {
        @TempDir
        private Path folder;

        @Override
        Home home() {
            return new Home(folder);
        }
    }

    @Nested
    class OnPostgresql extends Contract {
        @TempDir
        private Path folder;

        private static PostgresServer server;

        @BeforeAll
        static void start() throws Exception {
            server = PostgresServer.start();
        }

        @AfterAll
        static void stop() throws Exception {
            if (server != null) {
                server.close();
            }
        }

        @Override
        Home home() throws Exception {
            Home home = new Home(folder);
            Files.createDirectories(home.conf(DatabaseSettings.FILE).getParent());
            Files.writeString(home.conf(DatabaseSettings.FILE), "database.url=" + server.newDatabase() + "\n");
            return home;
        }
    }

    abstract static class Contract {
        private Database database;
        private MessageTable table;
        private MessageMapper messages;
        private StoredMailboxes mailboxes;

        abstract Home home() throws Exception;

        @BeforeEach
        void open() throws Exception {
            open(home());
        }

        private void open(Home home) throws FaultException {
            database = Database.open(DatabaseSettings.of(home));
            Transactions transactions = new Transactions(database.connections());
            table = new MessageTable(transactions);
            messages = new StoredMessages(table);
            mailboxes = new StoredMailboxes(transactions, table);
        }

        @AfterEach
        void close() {
            database.close();
        }

        private Mailbox mailbox(String name) throws MailboxException {
            return mailboxes
                    .create(MailboxPath.forUser(ALICE, name), UidValidity.of(42))
                    .block();
        }

        private static MailboxMessage message(Mailbox mailbox, String body, Flags flags) throws MailboxException {
            PropertyBuilder properties = new PropertyBuilder();
            properties.setMediaType("text");
            properties.setSubType("plain");
            properties.setTextualLineCount(3L);
            properties.setContentTypeParameters(Map.of("charset", "utf-8", "x-long", "v".repeat(3000)));
            properties.setContentDescription("a message");
            byte[] bytes = (HEADER + body).getBytes(US_ASCII);
            DefaultMessageId id = new DefaultMessageId();
            return Mailboxes.STREAMED.createMessage(
                    id,
                    ThreadId.fromBaseMessageId(id),
                    mailbox,
                    Date.from(Instant.ofEpochMilli(1_700_000_000_123L)),
                    Date.from(Instant.EPOCH),
                    bytes.length,
                    HEADER.length(),
                    new ByteContent(bytes),
                    flags,
                    properties,
                    List.of());
        }

        private void add(Mailbox mailbox, String body, Flags flags) throws MailboxException {
            messages.add(mailbox, message(mailbox, body, flags));
        }

        private List<MailboxMessage> all(Mailbox mailbox) throws MailboxException {
            List<MailboxMessage> found = new ArrayList<>();
            messages.findInMailbox(mailbox, MessageRange.all(), FetchType.FULL, -1)
                    .forEachRemaining(found::add);
            return found;
        }

        private List<Long> uids(Mailbox mailbox) throws MailboxException {
            return all(mailbox).stream()
                    .map(message -> message.getUid().asLong())
                    .toList();
        }

        private CurrentQuotas usage() {
            return Mono.from(new StoredUsage(table).getCurrentQuotas(ROOT)).block();
        }

        private static CurrentQuotas usage(long count, long size) {
            return new CurrentQuotas(QuotaCountUsage.count(count), QuotaSizeUsage.size(size));
        }

        private List<UpdatedFlags> flag(
                Mailbox mailbox, MessageRange range, MessageManager.FlagsUpdateMode mode, Flags flags)
                throws MailboxException {
            List<UpdatedFlags> updated = new ArrayList<>();
            messages.updateFlags(mailbox, new FlagsUpdateCalculator(flags, mode), range)
                    .forEachRemaining(updated::add);
            return updated;
        }

        @Test
        void aMessageIsReadAsItWasWritten() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            Flags flags = new Flags(Flags.Flag.FLAGGED);
            flags.add("important");
            MailboxMessage written = message(mailbox, "one\r\ntwo\r\n", flags);
            add(mailbox, "the first", new Flags());
            messages.add(mailbox, written);

            for (FetchType type : FetchType.values()) {
                MailboxMessage read = messages.findInMailbox(mailbox, MessageRange.one(MessageUid.of(2)), type, -1)
                        .next();
                assertThat(read.getUid()).isEqualTo(written.getUid()).isEqualTo(MessageUid.of(2));
                assertThat(read.getModSeq()).isEqualTo(written.getModSeq());
                Flags recent = new Flags(flags);
                recent.add(Flags.Flag.RECENT);
                assertThat(read.createFlags()).isEqualTo(recent);
                assertThat(read.getInternalDate()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_123L));
                assertThat(read.getMediaType()).isEqualTo("text");
                assertThat(read.getSubType()).isEqualTo("plain");
                assertThat(read.getTextualLineCount()).isEqualTo(3);
                assertThat(read.getProperties().toProperties())
                        .isEqualTo(written.getProperties().toProperties())
                        .hasSizeGreaterThan(3);
                assertThat(read.getFullContentOctets()).isEqualTo(written.getFullContentOctets());
                assertThat(read.getHeaderOctets()).isEqualTo(written.getHeaderOctets());
                assertThat(read.getHeaderContent()).hasContent(HEADER);
                assertThat(read.getBodyContent()).hasContent("one\r\ntwo\r\n");
                assertThat(read.getFullContent()).hasContent(HEADER + "one\r\ntwo\r\n");
            }
            assertThat(messages.getApplicableFlag(mailbox).getUserFlags()).containsExactly("important");
        }

        @Test
        void aLongMessageIsWhole() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            String body = "0123456789abcde\n".repeat(200_000);
            add(mailbox, body, new Flags());
            MailboxMessage found = all(mailbox).get(0);
            assertThat(new String(found.getBodyContent().readAllBytes(), US_ASCII))
                    .isEqualTo(body);
            assertThat(found.getFullContentOctets()).isEqualTo(HEADER.length() + body.length());
        }

        @Test
        void eachChangeCountsItself() throws Exception {
            Mailbox inbox = mailbox("INBOX");
            Mailbox other = mailbox("other");
            long size = HEADER.length() + 4L;
            for (int i = 0; i < 4; i++) {
                add(inbox, "body", new Flags());
            }
            assertThat(usage()).isEqualTo(usage(4, 4 * size));
            flag(
                    inbox,
                    MessageRange.one(MessageUid.of(1)),
                    MessageManager.FlagsUpdateMode.ADD,
                    new Flags(Flags.Flag.SEEN));
            assertThat(messages.getMailboxCounters(inbox).getUnseen()).isEqualTo(3);
            assertThat(messages.findFirstUnseenMessageUid(inbox)).isEqualTo(MessageUid.of(2));

            messages.copy(other, all(inbox));
            assertThat(messages.getMailboxCounters(other).getCount()).isEqualTo(4);
            assertThat(messages.getMailboxCounters(other).getUnseen()).isEqualTo(3);
            messages.move(other, all(inbox).subList(0, 2));
            assertThat(uids(inbox)).containsExactly(3L, 4L);
            assertThat(uids(other)).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
            assertThat(usage()).isEqualTo(usage(8, 8 * size));

            assertThat(messages.deleteMessages(inbox, List.of(MessageUid.of(3), MessageUid.of(9))))
                    .containsOnlyKeys(MessageUid.of(3));
            assertThat(usage()).isEqualTo(usage(7, 7 * size));
            mailboxes.delete(inbox).block();
            assertThat(usage()).isEqualTo(usage(6, 6 * size));
            assertThat(all(other))
                    .allSatisfy(message -> assertThat(message.getBodyContent()).hasContent("body"));
            mailboxes.delete(other).block();
            assertThat(usage()).isEqualTo(usage(0, 0));
            try (Connection connection = database.connections().getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet left = statement.executeQuery("SELECT COUNT(*) FROM REMPART_CONTENT")) {
                left.next();
                assertThat(left.getInt(1)).as("bytes that no message has").isZero();
            }
        }

        @Test
        void flagsChangeAndSoDoesTheirModSequence() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            for (int i = 0; i < MessageTable.AT_ONCE + 10; i++) {
                add(mailbox, "b", new Flags());
            }
            long before = messages.getHighestModSeq(mailbox).asLong();
            Flags flags = new Flags(Flags.Flag.DELETED);
            flags.add("$Own");
            List<UpdatedFlags> updated =
                    flag(mailbox, MessageRange.all(), MessageManager.FlagsUpdateMode.REPLACE, flags);
            assertThat(updated).hasSize(MessageTable.AT_ONCE + 10);
            assertThat(updated)
                    .allSatisfy(one -> assertThat(one.getModSeq().asLong()).isGreaterThan(before));
            assertThat(messages.retrieveMessagesMarkedForDeletion(mailbox, MessageRange.all()))
                    .hasSize(MessageTable.AT_ONCE + 10);
            long after = messages.getHighestModSeq(mailbox).asLong();
            assertThat(flag(mailbox, MessageRange.one(MessageUid.of(5)), MessageManager.FlagsUpdateMode.ADD, flags)
                            .get(0)
                            .getModSeq()
                            .asLong())
                    .as("nothing has changed")
                    .isLessThanOrEqualTo(after);
            assertThat(messages.deleteMessages(
                            mailbox,
                            messages.listAllMessageUids(mailbox).collectList().block()))
                    .hasSize(MessageTable.AT_ONCE + 10);
            assertThat(messages.countMessagesInMailbox(mailbox)).isZero();
            assertThat(messages.getLastUid(mailbox)).contains(MessageUid.of(MessageTable.AT_ONCE + 10L));
        }

        @Test
        void messagesAreRecentUntilTheyAreShown() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            add(mailbox, "one", new Flags());
            assertThat(messages.findRecentMessageUidsInMailbox(mailbox)).containsExactly(MessageUid.of(1));
            assertThat(messages.resetRecent(mailbox)).hasSize(1);
            add(mailbox, "two", new Flags());
            assertThat(messages.resetRecent(mailbox).get(0).getUid()).isEqualTo(MessageUid.of(2));
            assertThat(messages.resetRecent(mailbox)).isEmpty();
            assertThat(all(mailbox)).noneMatch(MailboxMessage::isRecent);
        }

        @Test
        void whatFailsLeavesNothing() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            add(mailbox, "first", new Flags());
            Flags tooLong = new Flags("k".repeat(9000));
            assertThatThrownBy(() -> add(mailbox, "next", tooLong)).isInstanceOf(MailboxException.class);
            assertThat(uids(mailbox)).containsExactly(1L);
            assertThat(usage().count().asLong()).isEqualTo(1);
            Mailbox gone = mailbox("gone");
            mailboxes.delete(gone).block();
            assertThatThrownBy(() -> add(gone, "late", new Flags())).isInstanceOf(MailboxNotFoundException.class);
        }

        @Test
        void aMailboxGoesWithAllThatComesMeanwhile() throws Exception {
            ExecutorService other = Executors.newSingleThreadExecutor();
            for (int round = 0; round < 20; round++) {
                Mailbox mailbox = mailbox("going");
                Future<?> adding = other.submit(() -> {
                    while (true) {
                        add(mailbox, "late", new Flags());
                    }
                });
                mailboxes.delete(mailbox).block();
                assertThatThrownBy(adding::get).hasCauseInstanceOf(MailboxNotFoundException.class);
            }
            other.shutdown();
            try (Connection connection = database.connections().getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet left = statement.executeQuery("SELECT COUNT(*) FROM REMPART_MESSAGE")) {
                left.next();
                assertThat(left.getLong(1)).isZero();
            }
        }

        /** With as few connections as are allowed: none that has one waits for another. */
        @Test
        void threadsWriteReadCopyAndDeleteAtOnce() throws Exception {
            List<Mailbox> boxes = new ArrayList<>();
            for (int number = 0; number < 3; number++) {
                boxes.add(mailbox("box" + number));
            }
            ExecutorService threads = Executors.newFixedThreadPool(12);
            List<Future<?>> working = new ArrayList<>();
            for (int thread = 0; thread < 12; thread++) {
                Mailbox mailbox = boxes.get(thread % 3);
                Mailbox target = boxes.get((thread + 1 + thread / 6) % 3);
                working.add(threads.submit(() -> {
                    for (int number = 0; number < 15; number++) {
                        add(mailbox, "body", new Flags());
                        List<MailboxMessage> found = all(mailbox);
                        messages.copy(target, found.subList(0, Math.min(2, found.size())));
                        messages.move(target, found.subList(0, Math.min(1, found.size())));
                        flag(
                                mailbox,
                                MessageRange.all(),
                                MessageManager.FlagsUpdateMode.ADD,
                                new Flags(Flags.Flag.SEEN));
                        messages.deleteMessages(
                                mailbox,
                                found.stream()
                                        .skip(5)
                                        .map(MailboxMessage::getUid)
                                        .toList());
                    }
                    return null;
                }));
            }
            for (Future<?> worked : working) {
                worked.get();
            }
            threads.shutdown();
            long sum = 0;
            for (Mailbox mailbox : boxes) {
                List<MailboxMessage> found = all(mailbox);
                assertThat(messages.countMessagesInMailbox(mailbox)).isEqualTo(found.size());
                assertThat(messages.getMailboxCounters(mailbox).getUnseen())
                        .isEqualTo(found.stream()
                                .filter(message -> !message.isSeen())
                                .count());
                sum += found.size();
            }
            assertThat(usage()).isEqualTo(usage(sum, sum * (HEADER.length() + 4)));
        }

        @Test
        void aMailboxIsFoundByItsPath() throws Exception {
            MailboxPath path = MailboxPath.forUser(ALICE, "work");
            assertThat(mailboxes.findMailboxByPath(path).blockOptional()).isEmpty();
            Mailbox parent = mailbox("work");
            Mailbox child = mailbox("work.mine");
            mailbox("work%");
            assertThat(mailboxes.findMailboxByPath(path).block()).isEqualTo(parent);
            assertThat(mailboxes.findMailboxByPath(path).block().getUidValidity())
                    .isEqualTo(UidValidity.of(42));
            assertThat(mailboxes.hasChildren(parent, '.').block()).isTrue();
            assertThat(mailboxes.hasChildren(child, '.').block()).isFalse();
            assertThatThrownBy(() -> mailbox("work")).hasCauseInstanceOf(MailboxExistsException.class);
            parent.setName("work.mine");
            assertThatThrownBy(() -> mailboxes.rename(parent).block()).hasCauseInstanceOf(MailboxExistsException.class);
            parent.setName("play");
            mailboxes.rename(parent).block();
            assertThat(mailboxes.findMailboxByPath(path).blockOptional()).isEmpty();
            assertThat(mailboxes.findMailboxById(parent.getMailboxId()).block().getName())
                    .isEqualTo("play");
        }

        @Test
        void aQuotaThatIsSetCountsAtOnce() {
            RememberedMaxQuotas limits =
                    new RememberedMaxQuotas(database.entities(), new JPAPerUserMaxQuotaDAO(database.entities()));
            assertThat(limits.listMaxMessagesDetails(ROOT)).isEmpty();
            limits.setGlobalMaxMessage(QuotaCountLimit.count(30));
            Mono.from(limits.setDomainMaxMessageReactive(Domain.of("example.com"), QuotaCountLimit.count(20)))
                    .block();
            limits.setMaxMessage(ROOT, QuotaCountLimit.count(10));
            assertThat(limits.listMaxMessagesDetails(ROOT))
                    .containsEntry(Quota.Scope.User, QuotaCountLimit.count(10))
                    .containsEntry(Quota.Scope.Domain, QuotaCountLimit.count(20))
                    .containsEntry(Quota.Scope.Global, QuotaCountLimit.count(30));
            Mono.from(limits.removeMaxMessageReactive(ROOT)).block();
            assertThat(Mono.from(limits.quotaDetailsReactive(ROOT)).block().getMaxMessageDetails())
                    .hasSize(2);
        }
    }
}
