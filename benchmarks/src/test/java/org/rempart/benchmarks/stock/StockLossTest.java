/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.stock;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.jms.Connection;
import javax.jms.ConnectionFactory;
import javax.jms.Message;
import javax.jms.Session;
import javax.persistence.EntityManagerFactory;
import javax.persistence.Persistence;
import org.apache.james.core.MailAddress;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.mailrepository.jpa.JPAMailRepository;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.api.NoopGaugeRegistry;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.apache.james.queue.activemq.ActiveMQMailQueueFactory;
import org.apache.james.queue.activemq.EmbeddedActiveMQ;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.apache.james.queue.api.MailQueueItemDecoratorFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.queue.api.RawMailQueueItemDecoratorFactory;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Mail;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * What our queue and repositories are tested for goes wrong in James's own, so that those tests are about something. Each
 * of these does what the test of the same loss in {@code StoredMailContract} does, to the wiring that the benchmarks compare
 * with, and finds the mail lost, hidden, stuck or empty.
 */
@DisplayName("How James's stock wiring loses mail")
class StockLossTest {
    private static final MailQueueName OUTGOING = MailQueueName.of("outgoing");
    private static final MailQueueName DEAD_LETTERS = MailQueueName.of("ActiveMQ.DLQ");

    @TempDir
    Path folder;

    private Injector injector;
    private ActiveMQMailQueueFactory queues;
    private ManageableMailQueue queue;
    private final List<Disposable> subscriptions = new ArrayList<>();

    @BeforeEach
    void open() {
        injector = Guice.createInjector(new StockQueueModule(), new AbstractModule() {
            @Override
            protected void configure() {
                bind(FileSystem.class).toInstance(new Below(folder));
                bind(MetricFactory.class).toInstance(new RecordingMetricFactory());
                bind(GaugeRegistry.class).toInstance(new NoopGaugeRegistry());
                bind(MailQueueItemDecoratorFactory.class).to(RawMailQueueItemDecoratorFactory.class);
            }
        });
        queues = injector.getInstance(ActiveMQMailQueueFactory.class);
        // The form of the queue that keeps a message in a file of its own, as ours does.
        queues.setUseBlobMessages(true);
        queues.setUseJMX(false);
        queue = queues.createQueue(OUTGOING);
    }

    @AfterEach
    void close() throws Exception {
        subscriptions.forEach(Disposable::dispose);
        queues.destroy();
        injector.getInstance(EmbeddedActiveMQ.class).stop();
    }

    /** Files of James below a folder of the test. */
    private record Below(Path folder) implements FileSystem {
        @Override
        public InputStream getResource(String url) throws IOException {
            return Files.newInputStream(getFile(url).toPath());
        }

        @Override
        public File getFile(String url) {
            // A blob is known by the whole path of its file.
            return url.startsWith("file:///") || !url.startsWith("file://")
                    ? Path.of(URI.create(url)).toFile()
                    : folder.resolve(url.substring("file://".length())).toFile();
        }

        @Override
        public File getBasedir() {
            return folder.toFile();
        }
    }

    /** What a subscriber of the queue has got. */
    private record Collected(List<MailQueueItem> items, List<Throwable> errors) {
        List<String> names() {
            return items.stream().map(item -> item.getMail().getName()).toList();
        }

        MailQueueItem await(int index) {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> items.size() > index);
            return items.get(index);
        }
    }

    private Collected collect() {
        Collected collected = new Collected(new CopyOnWriteArrayList<>(), new CopyOnWriteArrayList<>());
        subscriptions.add(Flux.from(queue.deQueue())
                // The stock queue waits in the thread that subscribes.
                .subscribeOn(Schedulers.boundedElastic())
                .subscribe(collected.items()::add, collected.errors()::add));
        return collected;
    }

    private static Mail mail(String name) throws Exception {
        MailImpl mail = MailImpl.builder()
                .name(name)
                .sender("sender@example.com")
                .addRecipient("recipient@example.org")
                .build();
        byte[] message = ("Subject: " + name + "\r\n\r\nbody of " + name + "\r\n").getBytes(US_ASCII);
        mail.setMessageNoCopy(new MimeMessageWrapper(new MimeMessageSource() {
            @Override
            public String getSourceId() {
                return "test";
            }

            @Override
            public InputStream getInputStream() {
                return new ByteArrayInputStream(message);
            }
        }));
        return mail;
    }

    private static String message(Mail mail) throws Exception {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        mail.getMessage().writeTo(message);
        return message.toString(US_ASCII);
    }

    private Path blob() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("var/store/activemq/blob-transfer"))) {
            List<Path> blobs = files.filter(Files::isRegularFile).toList();
            assertThat(blobs).hasSize(1);
            return blobs.get(0);
        }
    }

    @Test
    void loss1ATruncatedMessageIsHandedOutEmpty() throws Exception {
        queue.enQueue(mail("m"));
        Files.write(blob(), new byte[0]);

        MailQueueItem item = collect().await(0);

        assertThat(message(item.getMail()).strip()).isEmpty();
    }

    @Test
    void loss1AMissingMessageIsDiscarded() throws Exception {
        queue.enQueue(mail("m"));
        assertThat(queue.getSize()).isEqualTo(1);
        Files.delete(blob());

        Collected collected = collect();
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> queue.getSize() == 0);
        assertThat(collected.items()).isEmpty();
        assertThat(queues.createQueue(DEAD_LETTERS).getSize()).isZero();
    }

    @Test
    void loss2AMailThatIsTriedAgainAFewTimesEndsWhereNobodyLooks() throws Exception {
        queue.enQueue(mail("m"));
        Collected collected = collect();
        // Seven times is what a database is away for some seconds.
        for (int attempt = 0; attempt < 7; attempt++) {
            collected.await(attempt).done(CompletionStatus.RETRY);
        }

        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> queue.getSize() == 0);
        assertThat(collected.items()).hasSize(7);
        assertThat(queues.listCreatedMailQueues()).doesNotContain(DEAD_LETTERS);
        assertThat(queues.createQueue(DEAD_LETTERS).getSize()).isEqualTo(1);
    }

    @Test
    void loss3ARepositoryHasNoRoomForThirtyRecipients() throws Exception {
        EntityManagerFactory entities = Persistence.createEntityManagerFactory(
                "Global",
                Map.of(
                        "openjpa.ConnectionDriverName", "org.apache.derby.jdbc.EmbeddedDriver",
                        "openjpa.ConnectionURL", "jdbc:derby:memory:stock-loss;create=true",
                        "openjpa.ConnectionUserName", "",
                        "openjpa.ConnectionPassword", "",
                        "openjpa.jdbc.SynchronizeMappings", "buildSchema(ForeignKeys=true)"));
        try {
            JPAMailRepository repository =
                    new JPAMailRepository(entities, MailRepositoryUrl.from("jpa://var/mail/error"));
            Mail mail = mail("many");
            List<MailAddress> recipients = new ArrayList<>();
            for (int number = 0; number < 30; number++) {
                recipients.add(new MailAddress("recipient" + number + "@example.org"));
            }
            mail.setRecipients(recipients);

            assertThatThrownBy(() -> repository.store(mail)).isInstanceOf(Exception.class);
            assertThat(repository.size()).isZero();
        } finally {
            entities.close();
        }
    }

    @Test
    void loss4OneThatCannotBeReadEndsTheConsumer() throws Exception {
        Connection connection = injector.getInstance(ConnectionFactory.class).createConnection();
        try {
            Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            Message unreadable = session.createTextMessage("?");
            unreadable.setLongProperty("JAMES_NEXT_DELIVERY", -1);
            session.createProducer(session.createQueue(OUTGOING.asString())).send(unreadable);
        } finally {
            connection.close();
        }
        queue.enQueue(mail("whole"));
        Collected collected = collect();

        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> !collected.errors().isEmpty());
        queue.enQueue(mail("after"));
        Thread.sleep(3_000);
        assertThat(collected.names()).isEmpty();
        assertThat(queue.getSize()).isEqualTo(3);
    }

    @Test
    void loss5NewMailStarvesBehindWhatIsDelayed() throws Exception {
        for (int number = 0; number < 1_200; number++) {
            queue.enQueue(mail("delayed" + number), Duration.ofHours(1));
        }
        queue.enQueue(mail("new"));
        Collected collected = collect();

        Thread.sleep(15_000);
        assertThat(collected.names()).isEmpty();
        assertThat(queue.getSize()).isEqualTo(1_201);
    }
}
