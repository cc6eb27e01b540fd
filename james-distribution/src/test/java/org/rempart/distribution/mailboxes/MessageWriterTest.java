/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Futures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.mail.Flags;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.core.quota.QuotaCountLimit;
import org.apache.james.core.quota.QuotaCountUsage;
import org.apache.james.core.quota.QuotaSizeUsage;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.jpa.mail.JPAMessageMapper;
import org.apache.james.mailbox.jpa.quota.JPAPerUserMaxQuotaDAO;
import org.apache.james.mailbox.model.ByteContent;
import org.apache.james.mailbox.model.CurrentQuotas;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.MessageRange;
import org.apache.james.mailbox.model.Quota;
import org.apache.james.mailbox.model.QuotaOperation;
import org.apache.james.mailbox.model.QuotaRoot;
import org.apache.james.mailbox.model.ThreadId;
import org.apache.james.mailbox.model.UidValidity;
import org.apache.james.mailbox.store.mail.MailboxMapper;
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

/** What is written by hand is what OpenJPA would have written, and is counted once. */
class MessageWriterTest {
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
        private final MailboxSession session = new MailboxSession(
                MailboxSession.SessionId.of(1),
                ALICE,
                Optional.of(ALICE),
                List.of(),
                '.',
                MailboxSession.SessionType.User);
        private Database database;
        private QuotaUsage quotas;
        private MapperFactory factory;
        private BlockUidProvider uids;
        private BlockModSeqProvider modSeqs;

        abstract Home home() throws Exception;

        @BeforeEach
        void open() throws Exception {
            open(home());
        }

        private void open(Home home) throws FaultException {
            database = Database.open(DatabaseSettings.of(home));
            quotas = new QuotaUsage(database.connections());
            uids = new BlockUidProvider(database.entities(), database.connections());
            modSeqs = new BlockModSeqProvider(database.entities(), database.connections());
            factory = new MapperFactory(
                    database.entities(),
                    uids,
                    modSeqs,
                    database.connections(),
                    new MessageWriter(database.connections(), database.entities(), quotas));
        }

        @AfterEach
        void close() {
            factory.endProcessingRequest(session);
            database.close();
        }

        private Mailbox mailbox(String name) throws MailboxException {
            MailboxMapper mapper = factory.getMailboxMapper(session);
            return mapper.executeReactive(mapper.create(MailboxPath.forUser(ALICE, name), UidValidity.of(42)))
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

        private void add(MessageMapper mapper, Mailbox mailbox, MailboxMessage message) throws MailboxException {
            mapper.execute(() -> mapper.add(mailbox, message));
        }

        private List<MailboxMessage> messages(Mailbox mailbox) throws MailboxException {
            MessageMapper mapper = factory.createMessageMapper(session);
            List<MailboxMessage> found = new ArrayList<>();
            mapper.findInMailbox(mailbox, MessageRange.all(), FetchType.FULL, -1)
                    .forEachRemaining(found::add);
            return found;
        }

        private CurrentQuotas usage() {
            return Mono.from(quotas.getCurrentQuotas(ROOT)).block();
        }

        private static QuotaOperation operation(long count, long size) {
            return new QuotaOperation(ROOT, QuotaCountUsage.count(count), QuotaSizeUsage.size(size));
        }

        @Test
        void aMessageIsReadAsOneThatOpenJpaWrote() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            Flags flags = new Flags(Flags.Flag.FLAGGED);
            flags.add(Flags.Flag.RECENT);
            add(
                    new JPAMessageMapper(uids, modSeqs, database.entities()),
                    mailbox,
                    message(mailbox, "one\r\ntwo\r\n", flags));
            add(factory.createMessageMapper(session), mailbox, message(mailbox, "one\r\ntwo\r\n", flags));

            List<MailboxMessage> found = messages(mailbox);
            assertThat(found).hasSize(2);
            MailboxMessage expected = found.get(0);
            MailboxMessage written = found.get(1);
            assertThat(written.getUid()).isEqualTo(MessageUid.of(2));
            assertThat(written.getModSeq().asLong()).isEqualTo(2);
            assertThat(written.createFlags()).isEqualTo(expected.createFlags()).isEqualTo(flags);
            assertThat(written.getInternalDate()).isEqualTo(expected.getInternalDate());
            assertThat(written.getInternalDate()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_123L));
            assertThat(written.getMediaType())
                    .isEqualTo(expected.getMediaType())
                    .isEqualTo("text");
            assertThat(written.getSubType()).isEqualTo(expected.getSubType());
            assertThat(written.getTextualLineCount())
                    .isEqualTo(expected.getTextualLineCount())
                    .isEqualTo(3);
            assertThat(written.getProperties().toProperties())
                    .isEqualTo(expected.getProperties().toProperties())
                    .hasSizeGreaterThan(3);
            assertThat(written.getFullContentOctets()).isEqualTo(expected.getFullContentOctets());
            assertThat(written.getHeaderOctets()).isEqualTo(expected.getHeaderOctets());
            assertThat(written.getHeaderContent()).hasContent(HEADER);
            assertThat(written.getBodyContent()).hasContent("one\r\ntwo\r\n");
            MessageMapper mapper = factory.createMessageMapper(session);
            assertThat(mapper.getMailboxCounters(mailbox).getUnseen()).isEqualTo(2);
            assertThat(mapper.findRecentMessageUidsInMailbox(mailbox)).hasSize(2);
        }

        @Test
        void aLongMessageIsWhole() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            String body = "0123456789abcde\n".repeat(200_000);
            add(factory.createMessageMapper(session), mailbox, message(mailbox, body, new Flags()));
            MailboxMessage found = messages(mailbox).get(0);
            assertThat(new String(found.getBodyContent().readAllBytes(), US_ASCII))
                    .isEqualTo(body);
            assertThat(found.getFullContentOctets()).isEqualTo(HEADER.length() + body.length());
        }

        @Test
        void flagsOfAnAccountsOwnAreKept() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            Flags flags = new Flags("important");
            add(factory.createMessageMapper(session), mailbox, message(mailbox, "body", flags));
            assertThat(messages(mailbox).get(0).createFlags().getUserFlags()).containsExactly("important");
            assertThat(usage().count().asLong()).isZero();
            Mono.from(quotas.increase(operation(1, HEADER.length() + 4))).block();
            assertThat(usage().count().asLong()).isEqualTo(1);
        }

        @Test
        void aMessageIsCountedOnceWithIt() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            long size = HEADER.length() + 4L;
            add(factory.createMessageMapper(session), mailbox, message(mailbox, "body", new Flags()));
            assertThat(usage()).isEqualTo(new CurrentQuotas(QuotaCountUsage.count(1), QuotaSizeUsage.size(size)));
            // So James does when it hears of the message.
            Mono.from(quotas.increase(operation(1, size))).block();
            assertThat(usage().count().asLong()).isEqualTo(1);
            // And so of a copy, which is not written by hand.
            Mono.from(quotas.increase(operation(1, size))).block();
            Mono.from(quotas.increase(operation(3, 10))).block();
            assertThat(usage())
                    .isEqualTo(new CurrentQuotas(QuotaCountUsage.count(5), QuotaSizeUsage.size(2 * size + 10)));
            Mono.from(quotas.decrease(operation(2, size))).block();
            assertThat(usage()).isEqualTo(new CurrentQuotas(QuotaCountUsage.count(3), QuotaSizeUsage.size(size + 10)));
            Mono.from(quotas.setCurrentQuotas(operation(7, 70))).block();
            assertThat(usage()).isEqualTo(new CurrentQuotas(QuotaCountUsage.count(7), QuotaSizeUsage.size(70)));
        }

        @Test
        void whatFailsLeavesNothing() throws Exception {
            Mailbox mailbox = mailbox("INBOX");
            add(factory.createMessageMapper(session), mailbox, message(mailbox, "first", new Flags()));
            try (Connection connection = database.connections().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.executeUpdate("DELETE FROM JAMES_QUOTA_CURRENTQUOTA");
            }
            assertThatThrownBy(() ->
                            add(factory.createMessageMapper(session), mailbox, message(mailbox, "next", new Flags())))
                    .isInstanceOf(MailboxException.class);
            assertThat(messages(mailbox)).hasSize(1);
            // The next try, which a delivery makes, succeeds.
            add(factory.createMessageMapper(session), mailbox, message(mailbox, "next", new Flags()));
            assertThat(messages(mailbox)).hasSize(2);
            assertThat(usage().count().asLong()).isEqualTo(1);
        }

        /** As IMAP does when a mailbox is selected. */
        @Test
        void threadsReadByOneMapperAtOnceWhileItHasATransaction() throws Exception {
            Mailbox mailbox = mailbox("box");
            MessageMapper mapper = factory.createMessageMapper(session);
            add(mapper, mailbox, message(mailbox, "body", new Flags()));
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                for (int round = 0; round < 200; round++) {
                    mapper.execute(() -> {
                        CountDownLatch together = new CountDownLatch(4);
                        List<Future<Optional<MessageUid>>> reading = new ArrayList<>();
                        for (int thread = 0; thread < 4; thread++) {
                            reading.add(threads.submit(() -> {
                                together.countDown();
                                together.await();
                                return mapper.getLastUid(mailbox);
                            }));
                        }
                        for (Future<Optional<MessageUid>> read : reading) {
                            assertThat(Futures.getUnchecked(read)).isPresent();
                        }
                        return null;
                    });
                    mapper.endRequest();
                }
            } finally {
                threads.shutdownNow();
            }
        }

        @Test
        void threadsWriteAtOnce() throws Exception {
            List<Mailbox> mailboxes = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                mailboxes.add(mailbox("box" + number));
            }
            ExecutorService threads = Executors.newFixedThreadPool(8);
            List<Future<?>> writing = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                Mailbox mailbox = mailboxes.get(thread % 4);
                writing.add(threads.submit(() -> {
                    for (int number = 0; number < 25; number++) {
                        add(factory.createMessageMapper(session), mailbox, message(mailbox, "body", new Flags()));
                    }
                    return null;
                }));
            }
            for (Future<?> written : writing) {
                written.get();
            }
            threads.shutdown();
            for (Mailbox mailbox : mailboxes) {
                Set<MessageUid> found = new HashSet<>();
                messages(mailbox).forEach(message -> found.add(message.getUid()));
                assertThat(found).hasSize(50);
            }
            assertThat(usage().count().asLong()).isEqualTo(200);
        }

        @Test
        void aMailboxIsFoundByItsPathWhateverATransactionChanges() throws Exception {
            MailboxMapper mapper = factory.getMailboxMapper(session);
            MailboxPath path = MailboxPath.forUser(ALICE, "work");
            assertThat(mapper.findMailboxByPath(path).blockOptional()).isEmpty();
            Mailbox parent = mailbox("work");
            Mailbox child = mailbox("work.mine");
            assertThat(mapper.findMailboxByPath(path).block()).isEqualTo(parent);
            assertThat(mapper.findMailboxByPath(path).block().getUidValidity()).isEqualTo(UidValidity.of(42));
            parent.setName("play");
            child.setName("play.mine");
            mapper.execute(() -> {
                mapper.rename(parent).block();
                mapper.rename(child).block();
                return null;
            });
            assertThat(mapper.findMailboxByPath(path).blockOptional()).isEmpty();
            assertThat(mapper.findMailboxByPath(MailboxPath.forUser(ALICE, "play.mine"))
                            .block())
                    .isEqualTo(child);
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
