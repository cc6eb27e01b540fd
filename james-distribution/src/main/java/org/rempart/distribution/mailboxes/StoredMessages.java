/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.rempart.distribution.mailboxes.Transactions.later;

import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import javax.inject.Inject;
import javax.mail.Flags;
import org.apache.james.mailbox.ApplicableFlagBuilder;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.ModSeq;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.model.ComposedMessageIdWithMetaData;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxCounters;
import org.apache.james.mailbox.model.MessageMetaData;
import org.apache.james.mailbox.model.MessageRange;
import org.apache.james.mailbox.model.UpdatedFlags;
import org.apache.james.mailbox.store.FlagsUpdateCalculator;
import org.apache.james.mailbox.store.mail.MessageMapper;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.rempart.distribution.mailboxes.MessageTable.Changed;
import org.rempart.distribution.mailboxes.MessageTable.Counts;
import org.rempart.distribution.mailboxes.StoredMessage.Row;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What James asks about messages, and has done with them. It keeps nothing between two calls, so any number of threads use
 * it at once. Each call is whole for itself, or for every {@value MessageTable#AT_ONCE} of its messages.
 */
final class StoredMessages implements MessageMapper {
    private final MessageTable table;

    @Inject
    StoredMessages(MessageTable table) {
        this.table = table;
    }

    private static MailboxNumber number(Mailbox mailbox) {
        return MailboxNumber.of(mailbox.getMailboxId());
    }

    /** The ends of a range. */
    private record Ends(long first, long last) {
        static Ends of(MessageRange range) {
            return switch (range.getType()) {
                case ALL -> new Ends(1, Long.MAX_VALUE);
                case FROM -> new Ends(range.getUidFrom().asLong(), Long.MAX_VALUE);
                case ONE ->
                    new Ends(range.getUidFrom().asLong(), range.getUidFrom().asLong());
                case RANGE ->
                    new Ends(range.getUidFrom().asLong(), range.getUidTo().asLong());
            };
        }
    }

    @Override
    public Iterator<MailboxMessage> findInMailbox(Mailbox mailbox, MessageRange set, FetchType type, int limit) {
        Ends ends = Ends.of(set);
        Iterator<MailboxMessage> all = new MessagePages(table, number(mailbox), ends.first(), ends.last(), type);
        return limit > 0 ? com.google.common.collect.Iterators.limit(all, limit) : all;
    }

    @Override
    public Flux<MailboxMessage> findInMailboxReactive(Mailbox mailbox, MessageRange set, FetchType type, int limit) {
        return Flux.fromIterable(() -> findInMailbox(mailbox, set, type, limit))
                .subscribeOn(Transactions.workers())
                .onErrorMap(IllegalStateException.class, StoredMessages::cause);
    }

    private static Throwable cause(IllegalStateException failed) {
        return failed.getCause() instanceof MailboxException ? failed.getCause() : failed;
    }

    @Override
    public Flux<ComposedMessageIdWithMetaData> listMessagesMetadata(Mailbox mailbox, MessageRange set) {
        return findInMailboxReactive(mailbox, set, FetchType.METADATA, UNLIMITED)
                .map(MailboxMessage::getComposedMessageIdWithMetaData);
    }

    @Override
    public Flux<MessageUid> listAllMessageUids(Mailbox mailbox) {
        return later(() -> table.uids(number(mailbox))).flatMapIterable(uids -> Lists.transform(uids, MessageUid::of));
    }

    @Override
    public List<MessageUid> retrieveMessagesMarkedForDeletion(Mailbox mailbox, MessageRange range)
            throws MailboxException {
        Ends ends = Ends.of(range);
        return table.deleted(number(mailbox), ends.first(), ends.last()).stream()
                .map(MessageUid::of)
                .toList();
    }

    @Override
    public Flux<MessageUid> retrieveMessagesMarkedForDeletionReactive(Mailbox mailbox, MessageRange range) {
        return later(() -> retrieveMessagesMarkedForDeletion(mailbox, range)).flatMapIterable(uids -> uids);
    }

    @Override
    public long countMessagesInMailbox(Mailbox mailbox) throws MailboxException {
        return table.counts(number(mailbox)).messages();
    }

    @Override
    public MailboxCounters getMailboxCounters(Mailbox mailbox) throws MailboxException {
        Counts counts = table.counts(number(mailbox));
        return MailboxCounters.builder()
                .mailboxId(mailbox.getMailboxId())
                .count(counts.messages())
                .unseen(counts.unseen())
                .build();
    }

    @Override
    public Mono<MailboxCounters> getMailboxCountersReactive(Mailbox mailbox) {
        return later(() -> getMailboxCounters(mailbox));
    }

    @Override
    public void delete(Mailbox mailbox, MailboxMessage message) throws MailboxException {
        table.remove(number(mailbox), List.of(message.getUid().asLong()));
    }

    @Override
    public Map<MessageUid, MessageMetaData> deleteMessages(Mailbox mailbox, List<MessageUid> uids)
            throws MailboxException {
        Map<MessageUid, MessageMetaData> deleted = new TreeMap<>();
        List<Long> sorted = uids.stream().map(MessageUid::asLong).sorted().toList();
        for (List<Long> some : Lists.partition(sorted, MessageTable.AT_ONCE)) {
            table.remove(number(mailbox), some)
                    .forEach(row ->
                            deleted.put(MessageUid.of(row.uid()), message(row).metaData()));
        }
        return deleted;
    }

    private StoredMessage message(Row row) {
        return new StoredMessage(row, table.content(row));
    }

    @Override
    public Mono<Map<MessageUid, MessageMetaData>> deleteMessagesReactive(Mailbox mailbox, List<MessageUid> uids) {
        return later(() -> deleteMessages(mailbox, uids));
    }

    @Override
    public MessageUid findFirstUnseenMessageUid(Mailbox mailbox) throws MailboxException {
        long first = table.firstUnseen(number(mailbox));
        return first == 0 ? null : MessageUid.of(first);
    }

    @Override
    public Mono<Optional<MessageUid>> findFirstUnseenMessageUidReactive(Mailbox mailbox) {
        return later(() -> Optional.ofNullable(findFirstUnseenMessageUid(mailbox)));
    }

    private List<MessageUid> above(Mailbox mailbox, long recent) throws MailboxException {
        List<MessageUid> uids = new ArrayList<>();
        new MessagePages(table, number(mailbox), recent + 1, Long.MAX_VALUE, FetchType.METADATA)
                .forEachRemaining(message -> uids.add(message.getUid()));
        return uids;
    }

    @Override
    public List<MessageUid> findRecentMessageUidsInMailbox(Mailbox mailbox) throws MailboxException {
        return above(mailbox, table.head(number(mailbox)).recentUid());
    }

    @Override
    public Mono<List<MessageUid>> findRecentMessageUidsInMailboxReactive(Mailbox mailbox) {
        return later(() -> findRecentMessageUidsInMailbox(mailbox));
    }

    @Override
    public List<UpdatedFlags> resetRecent(Mailbox mailbox) throws MailboxException {
        long recent = table.resetRecent(number(mailbox));
        List<UpdatedFlags> updated = new ArrayList<>();
        new MessagePages(table, number(mailbox), recent + 1, Long.MAX_VALUE, FetchType.METADATA)
                .forEachRemaining(message -> updated.add(noLongerRecent(message)));
        return updated;
    }

    private static UpdatedFlags noLongerRecent(MailboxMessage message) {
        Flags recent = message.createFlags();
        recent.add(Flags.Flag.RECENT);
        Flags seen = message.createFlags();
        seen.remove(Flags.Flag.RECENT);
        return updated(message, recent, seen);
    }

    private static UpdatedFlags updated(MailboxMessage message, Flags before, Flags after) {
        return UpdatedFlags.builder()
                .uid(message.getUid())
                .messageId(message.getMessageId())
                .modSeq(message.getModSeq())
                .oldFlags(before)
                .newFlags(after)
                .build();
    }

    @Override
    public Mono<List<UpdatedFlags>> resetRecentReactive(Mailbox mailbox) {
        return later(() -> resetRecent(mailbox));
    }

    @Override
    public MessageMetaData add(Mailbox mailbox, MailboxMessage message) throws MailboxException {
        Row row = table.add(number(mailbox), message);
        message.setUid(MessageUid.of(row.uid()));
        message.setModSeq(ModSeq.of(row.modSeq()));
        return message.metaData();
    }

    @Override
    public Mono<MessageMetaData> addReactive(Mailbox mailbox, MailboxMessage message) {
        return later(() -> add(mailbox, message));
    }

    @Override
    public Iterator<UpdatedFlags> updateFlags(Mailbox mailbox, FlagsUpdateCalculator change, MessageRange set)
            throws MailboxException {
        return changeFlags(mailbox, change, set).iterator();
    }

    private List<UpdatedFlags> changeFlags(Mailbox mailbox, FlagsUpdateCalculator change, MessageRange set)
            throws MailboxException {
        Ends ends = Ends.of(set);
        List<UpdatedFlags> updated = new ArrayList<>();
        long from = ends.first();
        int found = MessageTable.AT_ONCE;
        while (found == MessageTable.AT_ONCE && from <= ends.last()) {
            Changed changed = table.setFlags(number(mailbox), from, ends.last(), change::buildNewFlags);
            found = changed.after().size();
            for (int i = 0; i < found; i++) {
                updated.add(updated(
                        message(changed.after().get(i)),
                        changed.before().get(i).flags(),
                        changed.after().get(i).flags()));
                from = changed.after().get(i).uid() + 1;
            }
        }
        return updated;
    }

    @Override
    public Mono<List<UpdatedFlags>> updateFlagsReactive(
            Mailbox mailbox, FlagsUpdateCalculator change, MessageRange set) {
        return later(() -> changeFlags(mailbox, change, set));
    }

    @Override
    public MessageMetaData copy(Mailbox mailbox, MailboxMessage original) throws MailboxException {
        return only(copy(mailbox, List.of(original)));
    }

    @Override
    public List<MessageMetaData> copy(Mailbox mailbox, List<MailboxMessage> originals) throws MailboxException {
        return transfer(originals, (from, uids) -> table.copy(number(mailbox), from, uids));
    }

    @Override
    public Mono<MessageMetaData> copyReactive(Mailbox mailbox, MailboxMessage original) {
        return later(() -> copy(mailbox, original));
    }

    @Override
    public Mono<List<MessageMetaData>> copyReactive(Mailbox mailbox, List<MailboxMessage> originals) {
        return later(() -> copy(mailbox, originals));
    }

    @Override
    public MessageMetaData move(Mailbox mailbox, MailboxMessage original) throws MailboxException {
        return only(move(mailbox, List.of(original)));
    }

    @Override
    public List<MessageMetaData> move(Mailbox mailbox, List<MailboxMessage> originals) throws MailboxException {
        return transfer(originals, (from, uids) -> table.move(number(mailbox), from, uids));
    }

    @Override
    public Mono<MessageMetaData> moveReactive(Mailbox mailbox, MailboxMessage original) {
        return later(() -> move(mailbox, original));
    }

    @Override
    public Mono<List<MessageMetaData>> moveReactive(Mailbox mailbox, List<MailboxMessage> originals) {
        return later(() -> move(mailbox, originals));
    }

    /** A copy or a move of messages of one mailbox. */
    @FunctionalInterface
    private interface Transfer {
        List<Row> of(MailboxNumber from, List<Long> uids) throws MailboxException;
    }

    private List<MessageMetaData> transfer(List<MailboxMessage> originals, Transfer transfer) throws MailboxException {
        if (originals.isEmpty()) {
            return List.of();
        }
        List<Long> uids =
                originals.stream().map(message -> message.getUid().asLong()).toList();
        return transfer.of(MailboxNumber.of(originals.get(0).getMailboxId()), uids).stream()
                .map(row -> message(row).metaData())
                .toList();
    }

    private static MessageMetaData only(List<MessageMetaData> one) throws MailboxException {
        if (one.isEmpty()) {
            throw new MailboxException("the message has been expunged");
        }
        return one.get(0);
    }

    @Override
    public Optional<MessageUid> getLastUid(Mailbox mailbox) throws MailboxException {
        long last = table.head(number(mailbox)).lastUid();
        return last == 0 ? Optional.empty() : Optional.of(MessageUid.of(last));
    }

    @Override
    public Mono<Optional<MessageUid>> getLastUidReactive(Mailbox mailbox) {
        return later(() -> getLastUid(mailbox));
    }

    @Override
    public ModSeq getHighestModSeq(Mailbox mailbox) throws MailboxException {
        return ModSeq.of(table.head(number(mailbox)).modSeq());
    }

    @Override
    public Mono<ModSeq> getHighestModSeqReactive(Mailbox mailbox) {
        return later(() -> getHighestModSeq(mailbox));
    }

    @Override
    public Flags getApplicableFlag(Mailbox mailbox) throws MailboxException {
        Flags flags = ApplicableFlagBuilder.builder().build();
        table.head(number(mailbox)).keywords().addTo(flags);
        return flags;
    }

    @Override
    public Mono<Flags> getApplicableFlagReactive(Mailbox mailbox) {
        return later((Callable<Flags>) () -> getApplicableFlag(mailbox));
    }
}
