/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.james.core.MailAddress;
import org.apache.james.mailetcontainer.impl.JamesMailSpooler;
import org.apache.james.mailrepository.api.MailKey;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.metrics.api.NoopGaugeRegistry;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.queue.api.RawMailQueueItemDecoratorFactory;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.reactivestreams.Subscription;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Summary;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * What queues, repositories and their administration keep, whatever the database. The tests named loss… are for ways in
 * which James's own queues lose mail or stall. Much of their time they wait, each with a store of its own.
 */
@Execution(ExecutionMode.CONCURRENT)
abstract class StoredMailContract {
    private static final MailQueueName OUTGOING = MailQueueName.of("outgoing");

    @TempDir
    Path folder;

    TestDatabase database;
    MailStore store;
    StoredMailQueue queue;
    MailAdministration administration;
    private final ShiftedClock clock = new ShiftedClock();
    private final Set<String> held = ConcurrentHashMap.newKeySet();

    /** A new, empty database. */
    abstract TestDatabase database() throws Exception;

    /** The database of this test again, after it was closed. */
    TestDatabase sameDatabase() throws Exception {
        return database();
    }

    @BeforeEach
    void open() throws Exception {
        database = database();
        openStore();
    }

    private final AtomicBoolean owner = new AtomicBoolean(true);

    private void openStore() throws Exception {
        store = MailStore.open(database, folder.resolve("blobs"), clock, owner::get);
        administration = new StoredMailAdministration(store);
        queue = factory().createQueue(OUTGOING);
    }

    private StoredMailQueueFactory factory() {
        return new StoredMailQueueFactory(
                store,
                new RawMailQueueItemDecoratorFactory(),
                new NoopGaugeRegistry(),
                new HeldAccounts(held::contains));
    }

    @AfterEach
    void close() throws Exception {
        database.comeBack();
        store.close(Duration.ZERO);
        database.close();
    }

    void reopen() throws Exception {
        close();
        database = sameDatabase();
        openStore();
    }

    static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(50));
    }

    /** The system's clock, set forward or back. */
    private static final class ShiftedClock extends Clock {
        private volatile Duration shift = Duration.ZERO;

        void forward(Duration by) {
            shift = shift.plus(by);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(shift);
        }
    }

    /** A subscriber that keeps what it gets. */
    static final class Collected extends BaseSubscriber<MailQueueItem> {
        private final List<MailQueueItem> items = new CopyOnWriteArrayList<>();
        private final List<Throwable> errors = new CopyOnWriteArrayList<>();
        private final long first;

        Collected(long first) {
            this.first = first;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            if (first > 0) {
                request(first);
            }
        }

        @Override
        protected void hookOnNext(MailQueueItem item) {
            items.add(item);
        }

        @Override
        protected void hookOnError(Throwable error) {
            errors.add(error);
        }

        @Override
        protected void hookOnComplete() {
            errors.add(new IllegalStateException("the queue has ended"));
        }

        List<MailQueueItem> items() {
            return items;
        }

        List<Throwable> errors() {
            return errors;
        }

        List<String> names() {
            return items.stream().map(item -> item.getMail().getName()).toList();
        }
    }

    static Collected collect(MailQueue queue, long demand) {
        Collected collected = new Collected(demand);
        Flux.from(queue.deQueue()).subscribe(collected);
        return collected;
    }

    private MailQueueItem one(Collected collected, int index) {
        await().until(() -> collected.items().size() > index);
        return collected.items().get(index);
    }

    static Mail mail(String name) throws Exception {
        return mail(name, "Subject: " + name + "\r\n\r\nbody of " + name + "\r\n");
    }

    static Mail mail(String name, String message) throws Exception {
        MailImpl mail = MailImpl.builder()
                .name(name)
                .sender("sender@example.com")
                .addRecipient("recipient@example.org")
                .build();
        mail.setMessageNoCopy(new MimeMessageWrapper(source(message.getBytes(ISO_8859_1))));
        return mail;
    }

    private static MimeMessageSource source(byte[] bytes) {
        return new MimeMessageSource() {
            @Override
            public String getSourceId() {
                return "test";
            }

            @Override
            public InputStream getInputStream() {
                return new ByteArrayInputStream(bytes);
            }
        };
    }

    private static Mail submitted(String name, String account) throws Exception {
        Mail mail = mail(name);
        mail.setAttribute(new Attribute(Mail.SMTP_AUTH_USER, AttributeValue.of(account)));
        return mail;
    }

    @Test
    void mailOfAHeldAccountStaysInTheQueueUntilItIsReleased() throws Exception {
        Filter ofAlice = Filter.ALL.withKind(Kind.QUEUE).withAccount("Alice@ours.example");
        queue.enQueue(submitted("before", "alice@ours.example"));
        held.add("alice@ours.example");
        queue.enQueue(submitted("after", "Alice@ours.example"));
        queue.enQueue(submitted("other", "bob@ours.example"));
        queue.enQueue(mail("nobody's"));
        Collected collected = collect(queue, 10);
        await().until(() -> collected.items().size() == 2 && administration.count(ofAlice.withHeld(true)) == 2);
        assertThat(collected.names()).containsExactly("other", "nobody's");
        assertThat(administration.list(ofAlice, 0, 10).mails())
                .extracting(Summary::lastError)
                .containsOnly("the account alice@ours.example is held");
        StoredMailQueue spool = factory().createQueue(MailQueueName.of("spool"));
        spool.enQueue(submitted("inside", "alice@ours.example"));
        assertThat(one(collect(spool, 1), 0).getMail().getName()).isEqualTo("inside");

        held.clear();
        assertThat(administration.release(ofAlice)).isEqualTo(2);
        await().until(() -> collected.items().size() == 4);
        assertThat(collected.names()).contains("before", "after");
    }

    @Test
    void whatARepositoryKeepsOfAnAccountIsProcessedAgain() throws Exception {
        Filter keptOfAlice =
                Filter.ALL.withKind(Kind.REPOSITORY).withName("var/mail/held").withAccount("alice@ours.example");
        StoredMailRepository kept = new StoredMailRepository(store, MailRepositoryUrl.from("stored://var/mail/held/"));
        kept.store(submitted("hers", "Alice@ours.example"));
        kept.store(submitted("his", "bob@ours.example"));
        assertThatThrownBy(() -> administration.process(keptOfAlice)).hasMessageContaining("no spool");
        StoredMailQueue spool = factory().createQueue(MailQueueName.of("spool"));
        Collected collected = collect(spool, 10);
        assertThat(administration.count(keptOfAlice)).isEqualTo(1);
        assertThat(administration.process(keptOfAlice.withKind(Kind.QUEUE))).isZero();
        assertThat(administration.process(keptOfAlice)).isEqualTo(1);

        MailQueueItem item = one(collected, 0);
        assertThat(item.getMail().getName()).isEqualTo("hers");
        assertThat(message(item.getMail())).endsWith("body of hers\r\n");
        item.done(CompletionStatus.SUCCESS);
        assertThat(administration.process(keptOfAlice)).isZero();
        assertThat(only().name()).isEqualTo("his");
        assertThat(kept.size()).isEqualTo(1);
    }

    private static Mail bodiless(String name) throws Exception {
        return MailImpl.builder()
                .name(name)
                .sender("sender@example.com")
                .addRecipient("recipient@example.org")
                .build();
    }

    private static String message(Mail mail) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        mail.getMessage().writeTo(out);
        return out.toString(ISO_8859_1);
    }

    private List<Path> blobs() throws Exception {
        try (Stream<Path> files = Files.walk(folder.resolve("blobs"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private Summary only() throws Exception {
        List<Summary> mails = administration.list(Filter.ALL, 0, 10).mails();
        assertThat(mails).hasSize(1);
        return mails.get(0);
    }

    // Queue

    @Test
    void mailComesOutInItsOrderAndWholeAndIsGoneWhenDone() throws Exception {
        for (int number = 0; number < 10; number++) {
            queue.enQueue(mail("mail" + number));
        }
        Collected collected = collect(queue, 100);
        await().until(() -> collected.items().size() == 10);
        assertThat(collected.names())
                .containsExactly(
                        "mail0", "mail1", "mail2", "mail3", "mail4", "mail5", "mail6", "mail7", "mail8", "mail9");
        assertThat(queue.getSize()).isEqualTo(10);
        for (MailQueueItem item : collected.items()) {
            Mail mail = item.getMail();
            assertThat(message(mail))
                    .isEqualTo("Subject: " + mail.getName() + "\r\n\r\nbody of " + mail.getName() + "\r\n");
            assertThat(mail.getRecipients()).containsExactly(new MailAddress("recipient@example.org"));
            item.done(CompletionStatus.SUCCESS);
        }
        assertThat(queue.getSize()).isZero();
        await().untilAsserted(() -> assertThat(blobs()).isEmpty());
    }

    @Test
    void aMessageIsKeptAsItsBytes() throws Exception {
        String odd = "Mime-Version: 1.0 (comment)\r\nSubject: h\u00e9llo\r\nContent-Type: ;;;\r\n\r\n\u00ff\r\nend";
        queue.enQueue(mail("odd", odd));
        MailQueueItem item = one(collect(queue, 1), 0);
        assertThat(message(item.getMail())).isEqualTo(odd);
        queue.enQueue(item.getMail());
        item.done(CompletionStatus.SUCCESS);
        assertThat(message(one(collect(queue, 1), 0).getMail())).isEqualTo(odd);
    }

    @Test
    void aChangedMessageIsStoredAsChanged() throws Exception {
        queue.enQueue(mail("m"));
        MailQueueItem item = one(collect(queue, 1), 0);
        item.getMail().getMessage().setHeader("X-Added", "yes");
        item.getMail().getMessage().saveChanges();
        queue.enQueue(item.getMail());
        item.done(CompletionStatus.SUCCESS);
        Mail again = one(collect(queue, 1), 0).getMail();
        assertThat(again.getMessage().getHeader("X-Added")).containsExactly("yes");
        assertThat(message(again)).endsWith("body of m\r\n");
    }

    @Test
    void noMoreMailIsHandedOutThanAskedFor() throws Exception {
        for (int number = 0; number < 5; number++) {
            queue.enQueue(mail("mail" + number));
        }
        Collected collected = collect(queue, 2);
        one(collected, 1);
        queue.enQueue(mail("more"));
        Collected other = collect(queue, 1);
        one(other, 0);
        assertThat(collected.items()).hasSize(2);
        collected.request(10);
        await().until(() -> collected.items().size() == 5);
        assertThat(other.items()).hasSize(1);
    }

    @Test
    void aSubscriberThatLeavesLeavesTheMail() throws Exception {
        Collected gone = collect(queue, 1);
        gone.cancel();
        queue.enQueue(mail("m"));
        assertThat(one(collect(queue, 1), 0).getMail().getName()).isEqualTo("m");
        assertThat(gone.items()).isEmpty();
    }

    @Test
    void mailThatIsNotDoneIsReadyAgainAfterARestart() throws Exception {
        queue.enQueue(mail("m"));
        one(collect(queue, 1), 0);
        // As a crash does: the mail in flight is never done.
        store.close(Duration.ZERO);
        openStore();
        assertThat(one(collect(queue, 1), 0).getMail().getName()).isEqualTo("m");
    }

    /** At each number of mails, since what is read at once and what is kept of it were two numbers. */
    @Test
    void allThatARestartFindsIsHandedOut() throws Exception {
        int stored = 0;
        for (int number : new int[] {Dispatcher.TURNS - 1, Dispatcher.TURNS + 1, Dispatcher.TURNS + 40}) {
            for (; stored < number; stored++) {
                queue.enQueue(bodiless("mail" + stored));
            }
            reopen();
            Collected collected = collect(queue, Long.MAX_VALUE);
            await().until(() -> collected.items().size() >= number);
            assertThat(Set.copyOf(collected.names())).hasSize(number);
        }
    }

    @Test
    void beforeAStopMailIsTakenAndFinishedAndNotHandedOut() throws Exception {
        queue.enQueue(mail("before"));
        Collected collected = collect(queue, 10);
        MailQueueItem before = one(collected, 0);
        store.handOutNoMore();
        queue.enQueue(mail("after"));
        before.done(CompletionStatus.SUCCESS);
        await().until(() -> queue.getSize() == 1);
        assertThat(collected.names()).containsExactly("before");
        reopen();
        assertThat(one(collect(queue, 10), 0).getMail().getName()).isEqualTo("after");
    }

    @Test
    void aDelayEndsAndSurvivesARestart() throws Exception {
        queue.enQueue(mail("delayed"), Duration.ofHours(1));
        reopen();
        queue.enQueue(mail("now"));
        Collected collected = collect(queue, 10);
        one(collected, 0).done(CompletionStatus.SUCCESS);
        assertThat(collected.names()).containsExactly("now");
        assertThat(queue.browse().next().getNextDelivery()).isPresent();
        clock.forward(Duration.ofHours(2));
        one(collected, 1);
        assertThat(collected.names()).containsExactly("now", "delayed");
    }

    @Test
    void anEndlessDelayIsADelay() throws Exception {
        queue.enQueue(mail("never"), Duration.ofSeconds(Long.MAX_VALUE));
        queue.enQueue(mail("now"));
        assertThat(one(collect(queue, 5), 0).getMail().getName()).isEqualTo("now");
        ManageableMailQueue.MailQueueItemView view = queue.browse().next();
        assertThat(view.getMail().getName()).isEqualTo("never");
        assertThat(view.getNextDelivery()).isPresent();
    }

    @Test
    void aClockThatIsSetBackDoesNotStrandMail() throws Exception {
        clock.forward(Duration.ofDays(30));
        queue.enQueue(mail("m"), Duration.ofSeconds(3));
        Collected collected = collect(queue, 1);
        clock.forward(Duration.ofDays(-30));
        one(collected, 0);
    }

    @Test
    void aClockThatWasSetBackWhileTheServerWasDownDoesNotStrandMail() throws Exception {
        clock.forward(Duration.ofDays(30));
        queue.enQueue(mail("m"), Duration.ofSeconds(3));
        clock.forward(Duration.ofDays(-30));
        reopen();
        one(collect(queue, 1), 0);
    }

    @Test
    void mailToRetryWaitsLongerEachTimeAndKeepsWhatRecipientsAreLeft() throws Exception {
        Mail mail = mail("m");
        mail.setRecipients(List.of(new MailAddress("done@example.org"), new MailAddress("left@example.org")));
        queue.enQueue(mail);
        Collected collected = collect(queue, 100);
        MailQueueItem item = one(collected, 0);
        item.getMail().setRecipients(List.of(new MailAddress("left@example.org")));
        item.done(CompletionStatus.RETRY);
        item = one(collected, 1);
        assertThat(item.getMail().getRecipients()).containsExactly(new MailAddress("left@example.org"));
        item.done(CompletionStatus.RETRY);
        clock.forward(Duration.ofSeconds(5));
        one(collected, 2).done(CompletionStatus.RETRY);
        Summary summary = only();
        assertThat(summary.tries()).isEqualTo(3);
        assertThat(summary.recipients()).containsExactly("left@example.org");
        assertThat(summary.lastError()).isNotEmpty();
        assertThat(Duration.between(clock.instant(), summary.nextDelivery()))
                .isBetween(Duration.ofMinutes(-10), Duration.ofSeconds(30));
        assertThat(QueueItem.backOff(4)).isEqualTo(Duration.ofMinutes(2));
        assertThat(QueueItem.backOff(1000)).isEqualTo(Duration.ofMinutes(30));
    }

    @Test
    void rejectedMailIsHeldWithItsErrorAndCanBeReleased() throws Exception {
        queue.enQueue(mail("m"));
        Collected collected = collect(queue, 100);
        MailQueueItem item = one(collected, 0);
        item.getMail().setErrorMessage("the mailet's error");
        item.done(CompletionStatus.REJECT);
        Summary summary = only();
        assertThat(summary.held()).isTrue();
        assertThat(summary.lastError()).contains("the mailet's error");
        reopen();
        Collected again = collect(queue, 100);
        queue.enQueue(mail("other"));
        one(again, 0);
        assertThat(again.names()).containsExactly("other");
        assertThat(administration.release(Filter.ofIds(Set.of(summary.id())))).isEqualTo(1);
        one(again, 1);
        assertThat(again.names()).containsExactly("other", "m");
    }

    @Test
    void mailThatCannotBeStoredForItsOwnFaultIsHeldWhenItIsRejected() throws Exception {
        queue.enQueue(mail("m"));
        MailQueueItem item = one(collect(queue, 10), 0);
        Mail unwritable = bodiless("unwritable");
        ((MailImpl) unwritable).setMessageNoCopy(new MimeMessageWrapper(source(new byte[0])) {
            @Override
            public boolean isModified() {
                throw new IllegalStateException("a message that can't be written");
            }
        });
        assertThatThrownBy(() -> queue.enQueue(unwritable)).isInstanceOf(MailQueue.MailQueueException.class);
        item.done(CompletionStatus.REJECT);
        assertThat(only().held()).isTrue();
    }

    @Test
    void mailThatIsRejectedForWantOfTheStoreTooOftenIsHeld() throws Exception {
        queue.enQueue(mail("m"));
        Collected collected = collect(queue, 100);
        for (int tries = 0; tries < 7; tries++) {
            MailQueueItem item = one(collected, tries);
            MailImpl unreadable = (MailImpl) bodiless("unreadable");
            unreadable.setMessageNoCopy(new MimeMessageWrapper(new MimeMessageSource() {
                @Override
                public String getSourceId() {
                    return "unreadable";
                }

                @Override
                public InputStream getInputStream() throws IOException {
                    throw new IOException("Too many open files");
                }
            }));
            assertThatThrownBy(() -> queue.enQueue(unreadable)).hasMessageContaining("Too many open files");
            assertThat(only().held()).isFalse();
            item.done(CompletionStatus.REJECT);
            clock.forward(Duration.ofHours(1));
        }
        assertThat(only().held()).isTrue();
        assertThat(only().tries()).isEqualTo(6);
    }

    @Test
    void mailThatTheSpoolerPutsBackWaitsLongerEachTime() throws Exception {
        queue.enQueue(mail("m"));
        Collected collected = collect(queue, 100);
        MailQueueItem item = one(collected, 0);
        Mail failed = item.getMail();
        failed.setAttribute(new Attribute(JamesMailSpooler.MAIL_PROCESSING_ERROR_COUNT, AttributeValue.of(4)));
        queue.enQueue(failed);
        // Another mail, which does not come back from its processing there, whatever happened to it elsewhere.
        Mail elsewhere = mail("elsewhere");
        elsewhere.setAttribute(new Attribute(JamesMailSpooler.MAIL_PROCESSING_ERROR_COUNT, AttributeValue.of(4)));
        item.done(CompletionStatus.SUCCESS);
        Summary summary = only();
        assertThat(summary.tries()).isEqualTo(4);
        assertThat(Duration.between(summary.arrival(), summary.nextDelivery())).isEqualTo(Duration.ofMinutes(2));
        factory().createQueue(MailQueueName.of("other")).enQueue(elsewhere);
        assertThat(administration.counts().stream()
                        .mapToLong(MailAdministration.Count::delayed)
                        .sum())
                .isEqualTo(1);
    }

    @Test
    void aSecondOutcomeChangesNothing() throws Exception {
        queue.enQueue(mail("m"));
        MailQueueItem item = one(collect(queue, 1), 0);
        item.done(CompletionStatus.REJECT);
        item.done(CompletionStatus.SUCCESS);
        assertThat(only().held()).isTrue();
    }

    @Test
    void anInterruptedThreadQueuesMailAllTheSame() throws Exception {
        Thread.currentThread().interrupt();
        queue.enQueue(mail("m"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(message(one(collect(queue, 1), 0).getMail())).endsWith("body of m\r\n");
    }

    @Test
    void queuesAreKnownAfterARestart() throws Exception {
        reopen();
        assertThat(factory().listCreatedMailQueues()).containsExactly(OUTGOING);
        assertThat(factory().getQueue(MailQueueName.of("none"))).isEmpty();
    }

    @Test
    void mailIsRemovedByNameSenderAndRecipient() throws Exception {
        queue.enQueue(mail("one"));
        queue.enQueue(mail("two"));
        Mail other = mail("three");
        other.setRecipients(List.of(new MailAddress("A_b@example.net")));
        queue.enQueue(other);
        assertThat(queue.remove(ManageableMailQueue.Type.Name, "one")).isEqualTo(1);
        assertThat(queue.remove(ManageableMailQueue.Type.Recipient, "axb@example.net"))
                .isZero();
        assertThat(queue.remove(ManageableMailQueue.Type.Recipient, "b@example.net"))
                .isZero();
        assertThat(queue.remove(ManageableMailQueue.Type.Recipient, "a_B@example.net"))
                .isEqualTo(1);
        assertThat(queue.remove(ManageableMailQueue.Type.Sender, "SENDER@example.com"))
                .isEqualTo(1);
        assertThat(queue.getSize()).isZero();
        await().untilAsserted(() -> assertThat(blobs()).isEmpty());
    }

    @Test
    void aLongQueueIsBrowsedAndCleared() throws Exception {
        for (int number = 0; number < 250; number++) {
            queue.enQueue(bodiless("mail" + number));
        }
        List<String> names = new ArrayList<>();
        ManageableMailQueue.MailQueueIterator iterator = queue.browse();
        iterator.forEachRemaining(view -> names.add(view.getMail().getName()));
        iterator.close();
        assertThat(names).hasSize(250).startsWith("mail0", "mail1").endsWith("mail249");
        MailQueueItem item = one(collect(queue, 1), 0);
        assertThat(queue.clear()).isEqualTo(249);
        assertThat(only().inFlight()).isTrue();
        item.done(CompletionStatus.SUCCESS);
        assertThat(queue.getSize()).isZero();
    }

    // Losses

    @Test
    void loss1AMissingMessageIsHeldAndNotDiscarded() throws Exception {
        queue.enQueue(mail("m"));
        Files.delete(blobs().get(0));
        Collected collected = collect(queue, 10);
        queue.enQueue(mail("whole"));
        one(collected, 0).done(CompletionStatus.SUCCESS);
        await().until(() -> only().held());
        assertThat(collected.names()).containsExactly("whole");
        assertThat(only().lastError()).contains("missing");
    }

    @Test
    void loss1AMessageThatIsMissingAtTheStartIsHeld() throws Exception {
        queue.enQueue(mail("m"));
        Files.delete(blobs().get(0));
        reopen();
        await().until(() -> only().held());
        assertThat(only().lastError()).contains("missing");
    }

    @Test
    void loss1ATruncatedMessageIsNotSentEmpty() throws Exception {
        queue.enQueue(mail("empty"));
        Files.write(blobs().get(0), new byte[0]);
        Collected collected = collect(queue, 10);
        await().until(() -> only().held());
        assertThat(only().lastError()).contains("0 bytes");
        assertThat(collected.items()).isEmpty();
    }

    @Test
    void loss1AChangedMessageIsNotSent() throws Exception {
        queue.enQueue(mail("m"));
        byte[] bytes = Files.readAllBytes(blobs().get(0));
        bytes[bytes.length - 3] ^= 1;
        Files.write(blobs().get(0), bytes);
        Collected collected = collect(queue, 10);
        await().until(() -> only().held());
        assertThat(only().lastError()).contains("changed");
        assertThat(collected.items()).isEmpty();
    }

    @Test
    void loss1AMessageThatCannotBeOpenedNowIsTriedAgain() throws Exception {
        queue.enQueue(mail("m"));
        Path blob = blobs().get(0);
        Path aside = folder.resolve("aside");
        Files.move(blob, aside);
        // A loop of links can't be opened, as no file can without descriptors: with another error than that it is
        // missing.
        Files.createSymbolicLink(blob, blob);
        Collected collected = collect(queue, 10);
        await().until(() -> only().tries() > 0);
        assertThat(only().held()).isFalse();
        assertThat(only().lastError()).contains("can't be read");
        Files.delete(blob);
        Files.move(aside, blob);
        clock.forward(Duration.ofHours(1));
        assertThat(message(one(collected, 0).getMail())).endsWith("body of m\r\n");
    }

    @Test
    void loss2WhileTheDatabaseIsAwayNothingIsLostNorHiddenNorTriedInAFlood() throws Exception {
        for (int number = 0; number < 20; number++) {
            queue.enQueue(mail("mail" + number));
        }
        Collected collected = collect(queue, 5);
        one(collected, 4);
        database.goAway();
        int refused = database.refused();
        for (int index = 0; index < 5; index++) {
            collected.items().get(index).done(CompletionStatus.SUCCESS);
        }
        long start = System.nanoTime();
        for (int number = 0; number < 50; number++) {
            assertThatThrownBy(() -> queue.enQueue(mail("refused")))
                    .isInstanceOf(MailQueue.MailQueueException.class)
                    .hasMessageContaining("refused is not queued");
        }
        collected.request(100);
        TimeUnit.SECONDS.sleep(5);
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        assertThat(database.refused() - refused).isLessThanOrEqualTo((int) seconds * 2 + 5);
        assertThat(collected.items()).hasSize(5);
        database.comeBack();
        await().until(() -> collected.items().size() == 20);
        assertThat(Set.copyOf(collected.names())).hasSize(20);
        for (int index = 5; index < 20; index++) {
            collected.items().get(index).done(CompletionStatus.SUCCESS);
        }
        await().untilAsserted(() -> assertThat(queue.getSize()).isZero());
        await().untilAsserted(() -> assertThat(blobs()).isEmpty());
        assertThat(collected.errors()).isEmpty();
    }

    /** Makes the database refuse that a mail is deleted, and nothing else, until {@link #allowDeletion}. */
    private void refuseDeletion(long id) throws Exception {
        execute("CREATE TABLE keeps (id BIGINT NOT NULL REFERENCES rempart_mail (id))");
        execute("INSERT INTO keeps VALUES (" + id + ")");
    }

    private void allowDeletion() throws Exception {
        execute("DELETE FROM keeps");
    }

    private void execute(String sql) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(true);
            statement.executeUpdate(sql);
        }
    }

    @Test
    void loss2AMailThatCannotBeFinishedKeepsNoOtherWaiting() throws Exception {
        queue.enQueue(mail("stuck"));
        Collected collected = collect(queue, 100);
        MailQueueItem stuck = one(collected, 0);
        refuseDeletion(only().id());
        database.goAway();
        stuck.done(CompletionStatus.SUCCESS);
        database.comeBack();
        await().ignoreExceptions().untilAsserted(() -> queue.enQueue(mail("next")));
        one(collected, 1).done(CompletionStatus.SUCCESS);
        // Nobody waits for it any more, and it is not handed out again.
        await().untilAsserted(() -> assertThat(only().name()).isEqualTo("stuck"));
        assertThat(store.isAway()).isFalse();
        assertThat(collected.names()).containsExactly("stuck", "next");

        allowDeletion();
        await().untilAsserted(() -> assertThat(queue.getSize()).isZero());
        await().untilAsserted(() -> assertThat(blobs()).isEmpty());
    }

    @Test
    void loss2AMailThatCannotBeFinishedIsThereAfterARestart() throws Exception {
        queue.enQueue(mail("stuck"));
        MailQueueItem stuck = one(collect(queue, 1), 0);
        refuseDeletion(only().id());
        stuck.done(CompletionStatus.SUCCESS);
        reopen();
        allowDeletion();
        MailQueueItem again = one(collect(queue, 1), 0);
        assertThat(message(again.getMail())).endsWith("body of stuck\r\n");
        again.done(CompletionStatus.SUCCESS);
        await().untilAsserted(() -> assertThat(queue.getSize()).isZero());
    }

    @Test
    void loss2ADatabaseThatAnswersAndWritesNothingCountsAsAway() throws Exception {
        for (int number = 0; number < 20; number++) {
            queue.enQueue(mail("mail" + number));
        }
        Collected collected = collect(queue, 2);
        one(collected, 1);
        database.refuseWrites(true);
        collected.items().get(0).done(CompletionStatus.SUCCESS);
        await().until(store::isAway);
        collected.items().get(1).done(CompletionStatus.SUCCESS);
        collected.request(100);
        assertThatThrownBy(() -> queue.enQueue(mail("refused"))).isInstanceOf(MailQueue.MailQueueException.class);
        TimeUnit.SECONDS.sleep(2);
        assertThat(collected.items()).as("what was handed out meanwhile").hasSize(2);
        database.refuseWrites(false);
        await().until(() -> collected.items().size() == 20);
        await().untilAsserted(() -> assertThat(queue.getSize()).isEqualTo(18));
    }

    @Test
    void loss2MailThatIsRejectedForWantOfTheDatabaseIsTriedAgain() throws Exception {
        queue.enQueue(mail("m"));
        Collected collected = collect(queue, 10);
        MailQueueItem item = one(collected, 0);
        database.goAway();
        // So James's spooler does, when processing fails: it queues the mail again, and if that fails, gives up.
        assertThatThrownBy(() -> queue.enQueue(item.getMail())).isInstanceOf(MailQueue.MailQueueException.class);
        item.done(CompletionStatus.REJECT);
        database.comeBack();
        one(collected, 1).done(CompletionStatus.SUCCESS);
        await().untilAsserted(() -> assertThat(queue.getSize()).isZero());
    }

    @Test
    void loss3NothingIsTooLong() throws Exception {
        String longText = "e\0\uD800\u20ac".repeat(256 * 1024);
        String longName = "n".repeat(5000);
        Mail mail = mail(longName);
        List<MailAddress> recipients = new ArrayList<>();
        for (int number = 0; number < 1000; number++) {
            recipients.add(new MailAddress("recipient" + number + "@" + "example.".repeat(20) + "org"));
        }
        mail.setRecipients(recipients);
        mail.setErrorMessage(longText);
        MailImpl impl = (MailImpl) mail;
        impl.setRemoteHost("h".repeat(5000));
        impl.setRemoteAddr("2001:db8:ffff:ffff:ffff:ffff:255.255.255.255%" + "zone".repeat(100));
        impl.setSender(new MailAddress("s".repeat(3000) + "@example.com"));
        queue.enQueue(mail);
        Mail read = one(collect(queue, 1), 0).getMail();
        assertThat(read.getName()).isEqualTo(longName);
        assertThat(read.getRecipients()).containsExactlyElementsOf(recipients);
        assertThat(read.getErrorMessage()).isEqualTo(longText);
        assertThat(read.getRemoteHost()).hasSize(5000);
        assertThat(read.getRemoteAddr()).isEqualTo(mail.getRemoteAddr());
        assertThat(read.getMaybeSender()).isEqualTo(mail.getMaybeSender());
        StoredMailRepository repository = repository("stored://var/mail/error");
        MailKey key = repository.store(read);
        assertThat(repository.retrieve(key).getErrorMessage()).isEqualTo(longText);
        assertThat(repository.list().next()).isEqualTo(key);
    }

    @Test
    void loss4AFailureToReadDoesNotEndTheConsumer() throws Exception {
        Collected collected = collect(queue, 100);
        queue.enQueue(mail("before"));
        one(collected, 0);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(rename("rempart_mail", "rempart_gone"));
        }
        // Makes the queue look into the database.
        queue.refresh();
        TimeUnit.SECONDS.sleep(3);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(rename("rempart_gone", "rempart_mail"));
        }
        queue.enQueue(mail("after"));
        one(collected, 1);
        assertThat(collected.names()).containsExactly("before", "after");
        assertThat(collected.errors()).isEmpty();
    }

    private String rename(String from, String to) throws SQLException {
        try (Connection connection = database.getConnection()) {
            return MailSchema.isPostgres(connection)
                    ? "ALTER TABLE " + from + " RENAME TO " + to
                    : "RENAME TABLE " + from + " TO " + to;
        }
    }

    @Test
    void loss4AnEnvelopeThatCannotBeReadHoldsItsMailAlone() throws Exception {
        queue.enQueue(mail("broken"));
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement("UPDATE rempart_mail SET envelope = ?")) {
            statement.setString(1, "{");
            statement.executeUpdate();
        }
        queue.enQueue(mail("whole"));
        Collected collected = collect(queue, 10);
        one(collected, 0).done(CompletionStatus.SUCCESS);
        assertThat(collected.names()).containsExactly("whole");
        await().until(() -> only().held());
        assertThat(only().lastError()).contains("envelope");
        assertThat(administration.show(only().id()).orElseThrow().header()).isEqualTo("Subject: broken");
        assertThat(queue.browse().next().getMail().getName()).isEqualTo("broken");
    }

    @Test
    void loss5NewMailIsNotStarvedBehindThousandsThatAreDelayedOrHeld() throws Exception {
        List<Future<?>> stored = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            for (int number = 0; number < 5_000; number++) {
                String name = "delayed" + number;
                stored.add(threads.submit(() -> {
                    queue.enQueue(bodiless(name), Duration.ofHours(1));
                    return null;
                }));
            }
            for (Future<?> future : stored) {
                future.get(2, TimeUnit.MINUTES);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(administration.hold(Filter.ofIds(ids(800)))).isEqualTo(800);
        Collected collected = collect(queue, 100);
        long start = System.nanoTime();
        queue.enQueue(mail("new"));
        one(collected, 0);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(60));
        assertThat(collected.names()).containsExactly("new");
        assertThat(queue.flush()).isEqualTo(4_200);
        await().until(() -> collected.items().size() == 100);
    }

    private Set<Long> ids(int count) throws Exception {
        return Set.copyOf(administration.list(Filter.ALL, 0, count).mails().stream()
                .map(Summary::id)
                .toList());
    }

    @Test
    void loss8ThreadsDoNotWaitForEachOthersCommits() throws Exception {
        queue.enQueue(mail("first"));
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread writer = new Thread(() -> {
            try {
                store.task(connection -> {
                    writing.countDown();
                    awaitLatch(go);
                    return 0;
                });
            } catch (MailStoreException unexpected) {
                throw new IllegalStateException(unexpected);
            }
        });
        writer.start();
        awaitLatch(writing);
        int before = database.commits();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 30; number++) {
            Mail mail = mail("mail" + number);
            Thread thread = new Thread(() -> {
                try {
                    queue.enQueue(mail);
                } catch (MailQueue.MailQueueException unexpected) {
                    throw new IllegalStateException(unexpected);
                }
            });
            threads.add(thread);
            thread.start();
        }
        await().until(() -> threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING));
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        writer.join();
        assertThat(queue.getSize()).isEqualTo(31);
        // The writer's own, and one for all thirty.
        assertThat(database.commits() - before).isEqualTo(2);
    }

    @Test
    void aServerThatDoesNotKnowThatTheDatabaseIsItsOwnHandsOutNothing() throws Exception {
        Collected collected = collect(queue, 10);
        owner.set(false);
        queue.enQueue(mail("m"));
        TimeUnit.SECONDS.sleep(2);
        assertThat(collected.items()).isEmpty();
        owner.set(true);
        one(collected, 0).done(CompletionStatus.SUCCESS);
    }

    /** Each number of ids once was a statement of its own, kept open for ever, of which a connection has 200 at most. */
    @Test
    void administrationOfEveryShapeLeavesTheDatabaseUsable() throws Exception {
        queue.enQueue(mail("m"));
        long id = only().id();
        for (int ids = 1; ids <= 300; ids++) {
            Filter filter =
                    Filter.ofIds(LongStream.range(id, id + ids).boxed().collect(Collectors.toUnmodifiableSet()));
            if (ids % 2 == 0) {
                filter = filter.withSender("sender" + ids + "@example.com");
            }
            if (ids % 3 == 0) {
                filter = filter.withHeld(ids % 6 == 0);
            }
            if (ids % 5 == 0) {
                filter = filter.withRecipient("nobody@example.com");
            }
            assertThat(administration.hold(filter.withOlderThan(Duration.ofDays(1))))
                    .isZero();
            assertThat(administration.flush(filter)).isZero();
        }
        assertThat(store.isAway()).isFalse();
        queue.enQueue(mail("later"));
        database.goAway();
        await().untilAsserted(() -> assertThatThrownBy(() -> queue.enQueue(mail("refused")))
                .isInstanceOf(MailQueue.MailQueueException.class));
        database.comeBack();
        await().ignoreExceptions().untilAsserted(() -> queue.enQueue(mail("last")));
        assertThat(queue.getSize()).isEqualTo(3);
    }

    /**
     * Once what came while a change failed waited until that change's next try, of which there were ever fewer: here after
     * one, three and seven seconds.
     */
    @Test
    void aChangeThatCannotBeWrittenSlowsNoOther() throws Exception {
        queue.enQueue(mail("stuck"));
        MailQueueItem stuck = one(collect(queue, 1), 0);
        refuseDeletion(only().id());
        stuck.done(CompletionStatus.SUCCESS);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicLong longest = new AtomicLong();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(7);
        try {
            List<Future<?>> load = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                load.add(threads.submit(() -> {
                    while (System.nanoTime() < end) {
                        long start = System.nanoTime();
                        queue.enQueue(bodiless("next"));
                        longest.accumulateAndGet(System.nanoTime() - start, Math::max);
                    }
                    return null;
                }));
            }
            for (Future<?> one : load) {
                one.get(1, TimeUnit.MINUTES);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(Duration.ofNanos(longest.get())).isLessThan(Duration.ofSeconds(2));
        allowDeletion();
        await().untilAsserted(
                        () -> assertThat(administration.list(Filter.ALL, 0, 1).mails())
                                .extracting(Summary::name)
                                .containsExactly("next"));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }

    @Test
    void aChangeThatFailsFailsAlone() throws Exception {
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Future<?> blocker = threads.submit(() -> store.task(connection -> {
                writing.countDown();
                awaitLatch(go);
                return 0;
            }));
            awaitLatch(writing);
            Future<?> bad = threads.submit(() -> store.task(
                    connection -> MailTable.update(connection, "UPDATE no_such_table SET a = 1", List.of())));
            Mail mail = mail("good");
            Future<?> good = threads.submit(() -> {
                queue.enQueue(mail);
                return null;
            });
            go.countDown();
            blocker.get(1, TimeUnit.MINUTES);
            good.get(1, TimeUnit.MINUTES);
            assertThatThrownBy(() -> bad.get(1, TimeUnit.MINUTES)).hasCauseInstanceOf(MailStoreException.class);
        } finally {
            threads.shutdownNow();
        }
        assertThat(only().name()).isEqualTo("good");
    }

    // Start

    @Test
    void filesThatBelongToNoMailAreDeletedAtTheStartUnlessTheyAreNew() throws Exception {
        queue.enQueue(mail("m"));
        Path old = blobs().get(0).resolveSibling("0000000000000000-00000000");
        Path young = blobs().get(0).resolveSibling("0000000000000000-00000001");
        Files.writeString(old, "old");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        Files.writeString(young, "young");
        reopen();
        await().untilAsserted(() -> assertThat(old).doesNotExist());
        assertThat(young).exists();
        assertThat(message(one(collect(queue, 1), 0).getMail())).endsWith("body of m\r\n");
    }

    @Test
    void tablesOfALaterVersionAreNotTouched() throws Exception {
        store.close(Duration.ZERO);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO rempart_mail_version VALUES (99)");
        }
        assertThatThrownBy(this::openStore)
                .isInstanceOf(MailStoreException.class)
                .hasMessageContaining("version 99");
    }

    @Test
    void noNumberIsUsedTwice() throws Exception {
        queue.enQueue(mail("one"));
        long first = only().id();
        administration.delete(Filter.ALL);
        reopen();
        queue.enQueue(mail("two"));
        assertThat(only().id()).isGreaterThan(first);
    }

    /** Numbers once were set aside by the first mail that needed it, which a mail of a lower number could undo. */
    @Test
    void noNumberIsUsedTwiceWhenManyStoreAtOnce() throws Exception {
        Set<Long> used = new HashSet<>();
        for (int run = 0; run < 3; run++) {
            ExecutorService threads = Executors.newFixedThreadPool(16);
            try {
                List<Future<?>> load = new ArrayList<>();
                for (int thread = 0; thread < 16; thread++) {
                    load.add(threads.submit(() -> {
                        for (int number = 0; number < 80; number++) {
                            queue.enQueue(bodiless("m"));
                        }
                        return null;
                    }));
                }
                for (Future<?> one : load) {
                    one.get(1, TimeUnit.MINUTES);
                }
            } finally {
                threads.shutdownNow();
            }
            Set<Long> now = new HashSet<>();
            administration.list(Filter.ALL, 0, 1000).mails().forEach(mail -> now.add(mail.id()));
            administration
                    .list(Filter.ALL, now.stream().max(Long::compare).orElseThrow(), 1000)
                    .mails()
                    .forEach(mail -> now.add(mail.id()));
            assertThat(now).hasSize(1280);
            assertThat(used).doesNotContainAnyElementsOf(now);
            used.addAll(now);
            administration.delete(Filter.ALL);
            reopen();
        }
    }

    // Repositories

    private StoredMailRepository repository(String url) throws Exception {
        return new StoredMailRepository(store, MailRepositoryUrl.from(url));
    }

    @Test
    void aRepositoryKeepsMailByItsKey() throws Exception {
        StoredMailRepository repository = repository("stored://var/mail/error");
        assertThat(repository.retrieve(new MailKey("none"))).isNull();
        MailKey one = repository.store(mail("one"));
        MailKey two = repository.store(mail("two"));
        assertThat(one).isEqualTo(new MailKey("one"));
        assertThat(keys(repository)).containsExactly(one, two);
        assertThat(message(repository.retrieve(two))).contains("body of two");
        repository.store(mail("one", "Subject: changed\r\n\r\n"));
        assertThat(repository.size()).isEqualTo(2);
        assertThat(message(repository.retrieve(one))).contains("changed");
        repository.remove(one);
        repository.remove(one);
        assertThat(keys(repository)).containsExactly(two);
        assertThat(repository("stored://var/mail/other").size()).isZero();
        repository.removeAll();
        assertThat(repository.size()).isZero();
        await().untilAsserted(() -> assertThat(blobs()).isEmpty());
    }

    private static List<MailKey> keys(StoredMailRepository repository) throws Exception {
        List<MailKey> keys = new ArrayList<>();
        Iterator<MailKey> iterator = repository.list();
        iterator.forEachRemaining(keys::add);
        return keys;
    }

    @Test
    void aRepositoryIsKnownAfterARestart() throws Exception {
        MailRepositoryUrl url = MailRepositoryUrl.from("stored://var/mail/error");
        new StoredMailRepositoryUrlStore(store).add(url);
        new StoredMailRepositoryUrlStore(store).add(url);
        repository(url.asString()).store(mail("m"));
        reopen();
        StoredMailRepositoryUrlStore urls = new StoredMailRepositoryUrlStore(store);
        assertThat(urls.contains(url)).isTrue();
        assertThat(urls.contains(MailRepositoryUrl.from("stored://var/mail/none")))
                .isFalse();
        assertThat(urls.listDistinct()).containsExactly(url);
        assertThat(keys(repository(url.asString()))).containsExactly(new MailKey("m"));
    }

    @Test
    void aRepositorysMailIsProcessedAgain() throws Exception {
        StoredMailRepository repository = repository("stored://var/mail/error");
        MailKey key = repository.store(mail("m"));
        queue.enQueue(repository.retrieve(key));
        repository.remove(key);
        await().untilAsserted(() -> assertThat(blobs()).hasSize(1));
        assertThat(message(one(collect(queue, 1), 0).getMail())).endsWith("body of m\r\n");
    }

    @Test
    void aBrokenMessageStaysInItsRepository() throws Exception {
        StoredMailRepository repository = repository("stored://var/mail/error");
        MailKey key = repository.store(mail("m"));
        Files.write(blobs().get(0), "short".getBytes(US_ASCII));
        assertThatThrownBy(() -> repository.retrieve(key)).hasMessageContaining("5 bytes");
        assertThat(keys(repository)).containsExactly(key);
        assertThat(only().lastError()).contains("5 bytes");
    }

    // Administration

    @Test
    void listsAreFilteredAndPaged() throws Exception {
        for (int number = 0; number < 5; number++) {
            queue.enQueue(mail("mail" + number));
        }
        MailImpl bounce = (MailImpl) mail("bounce");
        bounce.setSender(null);
        queue.enQueue(bounce, Duration.ofHours(1));
        repository("stored://var/mail/error").store(mail("kept"));
        MailAdministration.Page page = administration.list(Filter.ALL, 0, 3);
        assertThat(page.mails()).extracting(Summary::name).containsExactly("mail0", "mail1", "mail2");
        page = administration.list(Filter.ALL, page.next().orElseThrow(), 100);
        assertThat(page.mails()).extracting(Summary::name).containsExactly("mail3", "mail4", "bounce", "kept");
        assertThat(page.next()).isEmpty();
        assertThat(names(Filter.ALL.withKind(Kind.REPOSITORY))).containsExactly("kept");
        assertThat(names(Filter.ALL.withName("var/mail/error/"))).containsExactly("kept");
        assertThat(names(Filter.ALL.withName("stored://var/mail/error"))).containsExactly("kept");
        assertThat(names(Filter.ALL.withName("nowhere"))).isEmpty();
        assertThat(names(Filter.ALL.withSender("<>"))).containsExactly("bounce");
        assertThat(names(Filter.ALL.withRecipient("RECIPIENT@example.org"))).hasSize(7);
        assertThat(names(Filter.ALL.withRecipient("example.org"))).isEmpty();
        assertThat(names(Filter.ALL.withOlderThan(Duration.ofHours(1)))).isEmpty();
        clock.forward(Duration.ofHours(2));
        assertThat(names(Filter.ALL.withOlderThan(Duration.ofHours(1)))).hasSize(7);
        assertThatThrownBy(() -> administration.list(Filter.ALL, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    private List<String> names(Filter filter) throws Exception {
        return administration.list(filter, 0, 1000).mails().stream()
                .map(Summary::name)
                .toList();
    }

    @Test
    void aMailIsShownWhole() throws Exception {
        Mail mail = mail("m", "Subject: hello\r\nX-Two: 2\r\n\r\nbody");
        mail.setAttribute(Attribute.convertToAttribute("colour", "blue"));
        mail.setErrorMessage("an error");
        queue.enQueue(mail);
        long id = only().id();
        MailAdministration.Details details = administration.show(id).orElseThrow();
        assertThat(details.header()).isEqualTo("Subject: hello\r\nX-Two: 2");
        assertThat(details.attributes()).containsEntry("colour", "blue");
        assertThat(details.errorMessage()).isEqualTo("an error");
        assertThat(details.state()).isEqualTo(Mail.DEFAULT);
        assertThat(details.summary().sender()).isEqualTo("sender@example.com");
        try (InputStream in = administration.message(id).orElseThrow()) {
            assertThat(new String(in.readAllBytes(), UTF_8)).isEqualTo("Subject: hello\r\nX-Two: 2\r\n\r\nbody");
        }
        assertThat(administration.show(id + 1)).isEqualTo(Optional.empty());
        assertThat(administration.message(id + 1)).isEqualTo(Optional.empty());
    }

    @Test
    void heldMailWaitsForItsRelease() throws Exception {
        queue.enQueue(mail("one"));
        queue.enQueue(mail("two"));
        assertThat(administration.hold(Filter.ofIds(ids(1)))).isEqualTo(1);
        assertThat(administration.hold(Filter.ofIds(ids(1)))).isZero();
        Collected collected = collect(queue, 10);
        one(collected, 0).done(CompletionStatus.SUCCESS);
        assertThat(collected.names()).containsExactly("two");
        assertThat(queue.flush()).isZero();
        MailAdministration.Count count = administration.counts().get(0);
        assertThat(count.mails()).isEqualTo(1);
        assertThat(count.held()).isEqualTo(1);
        assertThat(count.bytes()).isPositive();
        assertThat(administration.release(Filter.ALL.withHeld(true))).isEqualTo(1);
        one(collected, 1);
    }

    @Test
    void mailIsHeldThoughItsTurnIsKnownAlready() throws Exception {
        Collected collected = collect(queue, 1);
        queue.enQueue(mail("first"));
        one(collected, 0);
        queue.enQueue(mail("waiting"));
        administration.hold(Filter.ALL.withHeld(false));
        collected.request(10);
        queue.enQueue(mail("last"));
        one(collected, 1);
        assertThat(collected.names()).containsExactly("first", "last");
    }

    @Test
    void placesWithoutMailAreCountedToo() throws Exception {
        repository("stored://var/mail/error");
        assertThat(administration.counts())
                .extracting(count -> count.place().name() + " " + count.mails())
                .containsExactly("outgoing 0", "stored://var/mail/error 0");
    }
}
