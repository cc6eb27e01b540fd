/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.james.core.builder.MimeMessageBuilder;
import org.apache.james.queue.api.MailQueue.MailQueueException;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.mailet.delivery.delay.DelayedMails.Change;
import org.rempart.testsupport.TestClock;

/** Two servers with one repository and one index, and what happens to either. */
class DelayedMailsTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final TestClock clock = new TestClock();
    private final MemoryDelayStore store = new MemoryDelayStore(clock);
    private final TestRepository repository = new TestRepository();
    private final Node first = new Node("first");
    private final Node second = new Node("second");

    /** One server. */
    private final class Node {
        private final List<String> handedOn = new ArrayList<>();
        private final Deque<Runnable> work = new ArrayDeque<>();
        private final DelayedMails mails;
        private boolean full;
        private boolean lazy;

        Node(String name) {
            mails = new DelayedMails("outgoing", repository, store.of(name), this::enQueue, clock, this::execute);
        }

        private void execute(Runnable task) {
            if (lazy) {
                work.add(task);
            } else {
                task.run();
            }
        }

        private void enQueue(Mail mail) throws MailQueueException {
            if (full) {
                throw new MailQueueException("the broker is away");
            }
            DelayedMails.restore(mail);
            handedOn.add(mail.getName());
        }

        void keep(String name, Duration delay) throws Exception {
            Mail mail = mail(name);
            try {
                mails.keep(mail, delay);
                assertThat(mail.getName()).isEqualTo(name);
            } finally {
                ((MailImpl) mail).dispose();
            }
        }

        /** Does all that is put off. */
        void work() {
            while (!work.isEmpty()) {
                work.poll().run();
            }
        }
    }

    private static MailImpl mail(String name) throws Exception {
        return MailImpl.builder()
                .name(name)
                .sender("alice@ours.example")
                .addRecipient("bob@there.example")
                .addAttribute(new Attribute(AttributeName.of("more"), AttributeValue.of("kept")))
                .mimeMessage(MimeMessageBuilder.mimeMessageBuilder()
                        .setSubject("A test")
                        .setText("Hello."))
                .build();
    }

    @AfterEach
    void close() {
        repository.close();
    }

    private void tick() {
        first.mails.tick();
        second.mails.tick();
    }

    private void pass(Duration time) {
        clock.goOn(time);
        tick();
    }

    private List<String> handedOn() {
        List<String> all = new ArrayList<>(first.handedOn);
        all.addAll(second.handedOn);
        return all;
    }

    @Test
    void aMailComesAtItsTimeOnceFromOneServer() throws Exception {
        tick();
        first.keep("mail1", MINUTE);

        pass(MINUTE.minus(SECOND));
        assertThat(handedOn()).isEmpty();
        assertThat(repository.keys()).hasSize(1);

        pass(SECOND);
        assertThat(handedOn()).containsExactly("mail1");
        assertThat(repository.keys()).isEmpty();

        pass(MINUTE);
        assertThat(handedOn()).hasSize(1);
    }

    @Test
    void mailsOfTheSameNameAreTwoMails() throws Exception {
        first.keep("mail1", MINUTE);
        second.keep("mail1", MINUTE);

        pass(MINUTE);

        assertThat(handedOn()).containsExactly("mail1", "mail1");
    }

    @Test
    void anotherServerTakesWhatADeadOneHasALeaseOf() throws Exception {
        theFirstTakesAMailAndIsSlow();

        // It is dead from here on.
        second.mails.tick();
        assertThat(handedOn()).isEmpty();
        clock.goOn(DelayedMails.LEASE);
        second.mails.tick();

        assertThat(second.handedOn).containsExactly("mail1");
        assertThat(DelayedMails.LEASE).isLessThan(Duration.ofSeconds(10));
    }

    private void theFirstTakesAMailAndIsSlow() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        first.lazy = true;
        clock.goOn(MINUTE);
        first.mails.tick();
    }

    @Test
    void aServerThatSleptHandsOnNothingThatAnotherHas() throws Exception {
        theFirstTakesAMailAndIsSlow();
        second.lazy = true;
        clock.goOn(DelayedMails.LEASE);
        second.mails.tick();

        first.work();
        assertThat(first.handedOn).isEmpty();
        second.work();
        assertThat(second.handedOn).containsExactly("mail1");
    }

    @Test
    void aSlowServerKeepsItsLease() throws Exception {
        theFirstTakesAMailAndIsSlow();
        for (int i = 0; i < 60; i++) {
            pass(SECOND);
        }

        assertThat(second.handedOn).isEmpty();
        first.work();
        assertThat(first.handedOn).containsExactly("mail1");
    }

    @Test
    void aServerThatHangsForMinutesLetsAnotherTry() throws Exception {
        theFirstTakesAMailAndIsSlow();
        for (int i = 0; i < DelayedMails.LONGEST.toSeconds() + 10; i++) {
            pass(SECOND);
        }

        assertThat(second.handedOn).containsExactly("mail1");
    }

    @Test
    void whileTheBrokerIsAwayAMailStaysWhereItIs() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        first.full = true;
        second.full = true;
        pass(MINUTE);
        pass(MINUTE);
        assertThat(repository.keys()).hasSize(1);

        first.full = false;
        second.full = false;
        pass(DelayedMails.AGAIN);
        assertThat(handedOn()).containsExactly("mail1");
    }

    @Test
    void whatCanNotBeRemovedIsHandedOnOnce() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        repository.failRemovals(10);
        for (int i = 0; i < 30; i++) {
            pass(Duration.ofSeconds(5));
        }

        assertThat(handedOn()).containsExactly("mail1");
        assertThat(repository.keys()).isEmpty();
    }

    @Test
    void aMailThatTheRepositoryDoesNotTakeIsNotKept() throws Exception {
        repository.away(true);

        assertThatThrownBy(() -> first.keep("mail1", MINUTE)).isInstanceOf(MailQueueException.class);

        repository.away(false);
        pass(MINUTE);
        assertThat(handedOn()).isEmpty();
    }

    @Test
    void whatIsKeptWhileTheIndexIsAwayComesAtItsTimeAllTheSame() throws Exception {
        tick();
        store.away(true);
        first.keep("mail1", MINUTE);
        tick();
        store.away(false);
        tick();
        pass(MINUTE.minus(SECOND));
        assertThat(handedOn()).isEmpty();

        pass(SECOND);
        assertThat(handedOn()).containsExactly("mail1");
    }

    @Test
    void anIndexThatHasLostAllIsFilledFromTheRepository() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        first.keep("mail2", MINUTE.multipliedBy(2));
        store.lose();
        tick();

        pass(MINUTE);
        assertThat(handedOn()).containsExactly("mail1");
        pass(MINUTE);
        assertThat(handedOn()).containsExactly("mail1", "mail2");
    }

    @Test
    void aServerThatDiedBeforeItToldTheIndexLosesNothing() throws Exception {
        tick();
        // The repository has it, and the index was never told.
        store.away(true);
        first.keep("mail1", MINUTE);
        store.away(false);
        clock.goOn(DelayedMails.BETWEEN_SCANS.plus(SECOND));
        second.mails.tick();
        second.mails.tick();

        assertThat(second.handedOn).containsExactly("mail1");
    }

    @Test
    void mailThatSomebodyElseRemovedIsForgotten() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        repository.remove(new org.apache.james.mailrepository.api.MailKey(
                repository.keys().get(0)));

        pass(MINUTE);

        assertThat(handedOn()).isEmpty();
    }

    @Test
    void mailThatSomebodyElseKeepsInTheRepositoryStays() throws Exception {
        MailImpl other = mail("other");
        repository.store(other);
        other.dispose();

        pass(MINUTE);
        pass(DelayedMails.BETWEEN_SCANS.plus(SECOND));

        assertThat(handedOn()).isEmpty();
        assertThat(repository.keys()).containsExactly("other");
    }

    @Test
    void aHeldMailWaitsUntilItIsReleasedWhateverTheIndexForgets() throws Exception {
        tick();
        first.keep("mail1", MINUTE);
        String key = repository.keys().get(0);
        assertThat(first.mails.change(Change.HOLD, key)).isTrue();
        pass(MINUTE);
        store.lose();
        tick();
        pass(MINUTE);
        assertThat(handedOn()).isEmpty();

        assertThat(second.mails.change(Change.RELEASE, key)).isTrue();
        tick();
        assertThat(handedOn()).containsExactly("mail1");
        assertThat(second.mails.change(Change.HOLD, key)).isFalse();
    }

    @Test
    void aMailThatIsBeingHandedOnCanNotBeHeld() throws Exception {
        theFirstTakesAMailAndIsSlow();

        assertThat(second.mails.change(Change.HOLD, repository.keys().get(0))).isFalse();
        first.work();
        assertThat(handedOn()).containsExactly("mail1");
    }

    @Test
    void ordersInFilesAreCarriedOut(@TempDir Path folder) throws Exception {
        DelayOrders orders = new DelayOrders(folder.resolve("orders"));
        tick();
        first.keep("mail1", MINUTE);
        first.keep("mail2", MINUTE);
        first.keep("mail3", MINUTE);
        List<String> keys = new ArrayList<>(repository.keys());
        keys.sort(null);
        order(folder, "hold " + keys.get(0));
        order(folder, "delete " + keys.get(1));
        orders.carryOut(second.mails);
        order(folder, "flush *");
        orders.carryOut(second.mails);
        tick();
        tick();
        assertThat(handedOn()).containsExactly("mail3");
        assertThat(repository.keys()).containsExactly(keys.get(0));

        order(folder, "release *");
        orders.carryOut(first.mails);
        tick();
        assertThat(handedOn()).containsExactlyInAnyOrder("mail3", "mail1");
        assertThat(folder.resolve("orders")).isEmptyDirectory();
    }

    @Test
    void anOrderOfNoMailIsKeptForTheOneWhoGaveIt(@TempDir Path folder) throws Exception {
        DelayOrders orders = new DelayOrders(folder.resolve("orders"));
        order(folder, "hold never");
        order(folder, "burn *");

        orders.carryOut(first.mails);

        assertThat(folder.resolve("orders")).isDirectoryContaining("glob:**.refused");
        assertThat(folder.resolve("orders")).isDirectoryNotContaining("glob:**.order");
    }

    @Test
    void anOrderThatFailsKeepsNoOtherFromBeingCarriedOut(@TempDir Path folder) throws Exception {
        DelayOrders orders = new DelayOrders(folder.resolve("orders"));
        tick();
        first.keep("mail1", MINUTE);
        first.keep("mail2", MINUTE);
        for (String key : repository.keys()) {
            order(folder, "delete " + key);
        }
        repository.failRemovals(1);
        orders.carryOut(first.mails);
        assertThat(repository.keys()).hasSize(1);

        orders.carryOut(first.mails);
        assertThat(repository.keys()).isEmpty();
        assertThat(folder.resolve("orders")).isEmptyDirectory();
    }

    /** What the index can't do now it does later. */
    @Test
    void ordersWaitForTheIndex(@TempDir Path folder) throws Exception {
        DelayOrders orders = new DelayOrders(folder.resolve("orders"));
        tick();
        first.keep("mail1", MINUTE);
        order(folder, "release *");
        store.away(true);
        orders.carryOut(first.mails);
        assertThat(folder.resolve("orders")).isDirectoryContaining("glob:**.order");

        store.away(false);
        orders.carryOut(first.mails);
        tick();
        assertThat(handedOn()).containsExactly("mail1");
    }

    private static void order(Path folder, String text) throws Exception {
        Files.writeString(Files.createTempFile(folder.resolve("orders"), "", ".order"), text + "\n");
    }
}
