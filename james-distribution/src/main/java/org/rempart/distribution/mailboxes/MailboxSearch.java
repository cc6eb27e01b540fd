/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import com.google.common.collect.Iterators;
import com.google.common.collect.Range;
import com.google.common.collect.RangeSet;
import com.google.common.collect.TreeRangeSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.mailbox.AttachmentContentLoader;
import org.apache.james.mailbox.MailboxManager.MessageCapabilities;
import org.apache.james.mailbox.MailboxManager.SearchCapabilities;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.extractor.TextExtractor;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.model.MessageId;
import org.apache.james.mailbox.model.SearchQuery;
import org.apache.james.mailbox.model.SearchQuery.ConjunctionCriterion;
import org.apache.james.mailbox.model.SearchQuery.Criterion;
import org.apache.james.mailbox.model.SearchQuery.DateOperator;
import org.apache.james.mailbox.model.SearchQuery.HeaderCriterion;
import org.apache.james.mailbox.model.SearchQuery.UidCriterion;
import org.apache.james.mailbox.model.SearchQuery.UidRange;
import org.apache.james.mailbox.store.mail.MessageMapper.FetchType;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.apache.james.mailbox.store.search.MessageSearchIndex;
import org.apache.james.mailbox.store.search.MessageSearches;
import org.apache.james.mailbox.store.search.comparator.CombinedComparator;
import org.apache.james.mime4j.MimeException;
import org.apache.james.mime4j.dom.datetime.DateTime;
import org.apache.james.mime4j.field.datetime.parser.DateTimeParser;
import org.apache.james.mime4j.field.datetime.parser.ParseException;
import org.apache.james.mime4j.field.datetime.parser.TokenMgrError;
import org.apache.james.mime4j.stream.EntityState;
import org.apache.james.mime4j.stream.MimeConfig;
import org.apache.james.mime4j.stream.MimeTokenStream;
import reactor.core.publisher.Flux;

/**
 * Searches the mailbox itself, a few messages at a time: slower than an index, right after any crash, and as little in
 * memory for a large mailbox as for a small one.
 */
final class MailboxSearch implements MessageSearchIndex {
    private final MessageTable table;
    private final TextExtractor texts;
    private final AttachmentContentLoader attachments;

    @Inject
    MailboxSearch(MessageTable table, TextExtractor texts, AttachmentContentLoader attachments) {
        this.table = table;
        this.texts = texts;
        this.attachments = attachments;
    }

    @Override
    public EnumSet<SearchCapabilities> getSupportedCapabilities(EnumSet<MessageCapabilities> capabilities) {
        return EnumSet.of(SearchCapabilities.MultimailboxSearch, SearchCapabilities.Text);
    }

    @Override
    public Flux<MessageUid> search(MailboxSession session, Mailbox mailbox, SearchQuery query) {
        return Transactions.later(() -> found(session, MailboxNumber.of(mailbox.getMailboxId()), query))
                .flatMapIterable(uids -> uids);
    }

    /** Messages have no ids that a search could find. */
    @Override
    public Flux<MessageId> search(
            MailboxSession session, Collection<MailboxId> mailboxes, SearchQuery query, long limit) {
        return Flux.error(new UnsupportedOperationException("messages have no ids"));
    }

    private List<MessageUid> found(MailboxSession session, MailboxNumber mailbox, SearchQuery query)
            throws MailboxException {
        MessageSearches james = new MessageSearches(Collections.emptyIterator(), query, texts, attachments, session);
        boolean inOrder = query.getSorts().equals(SearchQuery.DEFAULT_SORTS);
        List<MailboxMessage> toSort = new ArrayList<>();
        List<MessageUid> uids = new ArrayList<>();
        Iterator<MailboxMessage> messages = candidates(mailbox, query);
        while (messages.hasNext()) {
            MailboxMessage message = messages.next();
            if (!matchesAll(query.getCriteria(), message, query, james)) {
                continue;
            }
            if (inOrder) {
                uids.add(message.getUid());
            } else {
                toSort.add(message);
            }
        }
        toSort.sort(CombinedComparator.create(query.getSorts()));
        toSort.forEach(message -> uids.add(message.getUid()));
        return uids;
    }

    /** The messages that may match, each once. */
    private Iterator<MailboxMessage> candidates(MailboxNumber mailbox, SearchQuery query) {
        FetchType depth = depth(query.getCriteria());
        Optional<UidCriterion> uids = required(query.getCriteria());
        if (uids.isEmpty()) {
            return new MessagePages(table, mailbox, 1, Long.MAX_VALUE, depth);
        }
        RangeSet<Long> ranges = TreeRangeSet.create();
        for (UidRange range : uids.get().getOperator().getRange()) {
            long first =
                    Math.min(range.getLowValue().asLong(), range.getHighValue().asLong());
            long last =
                    Math.max(range.getLowValue().asLong(), range.getHighValue().asLong());
            ranges.add(Range.closedOpen(first, last == Long.MAX_VALUE ? last : last + 1));
        }
        List<Iterator<MailboxMessage>> parts = new ArrayList<>();
        for (Range<Long> range : ranges.asRanges()) {
            parts.add(new MessagePages(table, mailbox, range.lowerEndpoint(), range.upperEndpoint() - 1, depth));
        }
        return Iterators.concat(parts.iterator());
    }

    /** UIDs of which any message that matches has one: one that is part of an OR or NOT says no such thing. */
    private static Optional<UidCriterion> required(List<Criterion> criteria) {
        for (Criterion criterion : criteria) {
            if (criterion instanceof UidCriterion uids) {
                return Optional.of(uids);
            }
            if (criterion instanceof ConjunctionCriterion all && all.getType() == SearchQuery.Conjunction.AND) {
                Optional<UidCriterion> inner = required(all.getCriteria());
                if (inner.isPresent()) {
                    return inner;
                }
            }
        }
        return Optional.empty();
    }

    private static FetchType depth(List<Criterion> criteria) {
        FetchType deepest = FetchType.METADATA;
        for (Criterion criterion : criteria) {
            FetchType depth = depth(criterion);
            deepest = depth.compareTo(deepest) > 0 ? depth : deepest;
        }
        return deepest;
    }

    private static FetchType depth(Criterion criterion) {
        if (criterion instanceof ConjunctionCriterion conjunction) {
            return depth(conjunction.getCriteria());
        }
        if (criterion instanceof SearchQuery.TextCriterion) {
            return FetchType.FULL;
        }
        return criterion instanceof HeaderCriterion
                        || criterion instanceof SearchQuery.SubjectCriterion
                        || criterion instanceof SearchQuery.MimeMessageIDCriterion
                ? FetchType.HEADERS
                : FetchType.METADATA;
    }

    private static boolean matchesAll(
            List<Criterion> criteria, MailboxMessage message, SearchQuery query, MessageSearches james)
            throws MailboxException {
        for (Criterion criterion : criteria) {
            if (!matches(criterion, message, query, james)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(
            Criterion criterion, MailboxMessage message, SearchQuery query, MessageSearches james)
            throws MailboxException {
        if (criterion instanceof ConjunctionCriterion conjunction) {
            if (conjunction.getType() == SearchQuery.Conjunction.AND) {
                return matchesAll(conjunction.getCriteria(), message, query, james);
            }
            boolean any = false;
            for (Criterion part : conjunction.getCriteria()) {
                any = any || matches(part, message, query, james);
            }
            return any == (conjunction.getType() == SearchQuery.Conjunction.OR);
        }
        if (criterion instanceof HeaderCriterion header && header.getOperator() instanceof DateOperator date) {
            return matches(date, header.getHeaderName(), message);
        }
        // James's search reads all parts of it, and calls itself for each level.
        if (criterion instanceof SearchQuery.TextCriterion
                && message instanceof StoredMessage stored
                && stored.isBeyondBounds()) {
            return false;
        }
        return james.isMatch(criterion, message, query.getRecentMessageUids());
    }

    /** The day as it is written, whatever its time and zone (RFC 3501, section 6.4.4). */
    private static boolean matches(DateOperator operator, String header, MailboxMessage message)
            throws MailboxException {
        Optional<LocalDate> written = date(header, message);
        if (written.isEmpty()) {
            return false;
        }
        LocalDate asked = operator.getDate().toInstant().atZone(ZoneOffset.UTC).toLocalDate();
        return switch (operator.getType()) {
            case BEFORE -> written.get().isBefore(asked);
            case ON -> written.get().isEqual(asked);
            case AFTER -> written.get().isAfter(asked);
        };
    }

    private static Optional<LocalDate> date(String header, MailboxMessage message) throws MailboxException {
        try (InputStream content = message.getHeaderContent()) {
            MimeTokenStream tokens = new MimeTokenStream(MimeConfig.PERMISSIVE);
            tokens.parse(content);
            for (EntityState state = tokens.next();
                    state != EntityState.T_END_HEADER && state != EntityState.T_END_OF_STREAM;
                    state = tokens.next()) {
                if (state == EntityState.T_FIELD && tokens.getField().getName().equalsIgnoreCase(header)) {
                    return day(tokens.getField().getBody());
                }
            }
            return Optional.empty();
        } catch (IOException | MimeException unreadable) {
            throw new MailboxException("Message " + message.getUid().asLong() + " can't be read", unreadable);
        }
    }

    private static Optional<LocalDate> day(String body) {
        try {
            DateTime date = new DateTimeParser(new StringReader(body)).parseAll();
            return Optional.of(LocalDate.of(date.getYear(), date.getMonth(), date.getDay()));
        } catch (ParseException | DateTimeException | TokenMgrError none) {
            return Optional.empty();
        }
    }
}
