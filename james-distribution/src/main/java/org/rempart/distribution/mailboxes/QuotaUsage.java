/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.inject.Inject;
import javax.sql.DataSource;
import org.apache.james.core.quota.QuotaCountUsage;
import org.apache.james.core.quota.QuotaSizeUsage;
import org.apache.james.mailbox.model.CurrentQuotas;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.QuotaOperation;
import org.apache.james.mailbox.model.QuotaRoot;
import org.apache.james.mailbox.quota.CurrentQuotaManager;
import org.apache.james.mailbox.store.quota.DefaultUserQuotaRootResolver;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * How much each account has stored. A message that {@link MessageWriter} writes is counted in the message's own
 * transaction; what James counts after that, when it hears of the message, is passed over. All else (copies, deletions) is
 * counted when James hears of it.
 */
final class QuotaUsage implements CurrentQuotaManager {
    /** James hears of a message at once, or not at all. */
    private static final Duration HEARING = Duration.ofMinutes(10);

    private static final String UNIQUE_VIOLATION = "23505";

    private static final String ADD = "UPDATE JAMES_QUOTA_CURRENTQUOTA SET"
            + " CURRENTQUOTA_MESSAGECOUNT = CURRENTQUOTA_MESSAGECOUNT + ?, CURRENTQUOTA_SIZE = CURRENTQUOTA_SIZE + ?"
            + " WHERE CURRENTQUOTA_QUOTAROOT = ?";
    private static final String SET = "UPDATE JAMES_QUOTA_CURRENTQUOTA SET"
            + " CURRENTQUOTA_MESSAGECOUNT = ?, CURRENTQUOTA_SIZE = ? WHERE CURRENTQUOTA_QUOTAROOT = ?";
    private static final String INSERT = "INSERT INTO JAMES_QUOTA_CURRENTQUOTA"
            + " (CURRENTQUOTA_MESSAGECOUNT, CURRENTQUOTA_SIZE, CURRENTQUOTA_QUOTAROOT) VALUES (0, 0, ?)";
    private static final String GET = "SELECT CURRENTQUOTA_MESSAGECOUNT, CURRENTQUOTA_SIZE"
            + " FROM JAMES_QUOTA_CURRENTQUOTA WHERE CURRENTQUOTA_QUOTAROOT = ?";

    private final DataSource connections;
    /** Accounts that have a row. */
    private final Set<String> ready = ConcurrentHashMap.newKeySet();
    /** Messages that are counted, and of which James has not heard yet. */
    private final Cache<Counted, AtomicInteger> counted =
            CacheBuilder.newBuilder().expireAfterAccess(HEARING).build();

    private record Counted(String root, long size) {}

    @Inject
    QuotaUsage(DataSource connections) {
        this.connections = connections;
    }

    /**
     * Sees to it that an account can be counted for, outside of any transaction.
     *
     * @return the name of its quota root, for the methods below
     */
    String ready(Mailbox mailbox) throws SQLException {
        String root = mailbox.getNamespace()
                + DefaultUserQuotaRootResolver.SEPARATOR
                + mailbox.getUser().asString();
        if (!ready.contains(root)) {
            if (usage(root) == null) {
                insert(root);
            }
            ready.add(root);
        }
        return root;
    }

    /** Counts a message, as a part of the transaction that writes it. */
    void count(Connection connection, String root, long size) throws SQLException {
        if (size > 0 && add(connection, root, 1, size) == 0) {
            ready.remove(root);
            throw new SQLException("the usage of " + root + " has just been removed");
        }
    }

    /** James will tell of a message, and it is counted already. */
    void counted(String root, long size) {
        if (size > 0) {
            counted.asMap()
                    .computeIfAbsent(new Counted(root, size), key -> new AtomicInteger())
                    .incrementAndGet();
        }
    }

    private boolean isCounted(QuotaOperation operation) {
        if (operation.count().asLong() != 1) {
            return false;
        }
        AtomicInteger messages = counted.getIfPresent(
                new Counted(operation.quotaRoot().getValue(), operation.size().asLong()));
        return messages != null && messages.getAndUpdate(number -> Math.max(0, number - 1)) > 0;
    }

    @Override
    public Publisher<QuotaCountUsage> getCurrentMessageCount(QuotaRoot root) {
        return Mono.from(getCurrentQuotas(root)).map(CurrentQuotas::count);
    }

    @Override
    public Publisher<QuotaSizeUsage> getCurrentStorage(QuotaRoot root) {
        return Mono.from(getCurrentQuotas(root)).map(CurrentQuotas::size);
    }

    @Override
    public Publisher<CurrentQuotas> getCurrentQuotas(QuotaRoot root) {
        return Mono.fromCallable(() -> {
            CurrentQuotas usage = usage(root.getValue());
            return usage == null ? CurrentQuotas.emptyQuotas() : usage;
        });
    }

    /** @return null when there is no row */
    private CurrentQuotas usage(String root) throws SQLException {
        try (Connection connection = connections.getConnection()) {
            connection.setAutoCommit(true);
            try (PreparedStatement statement = connection.prepareStatement(GET)) {
                statement.setString(1, root);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next()
                            ? new CurrentQuotas(
                                    QuotaCountUsage.count(row.getLong(1)), QuotaSizeUsage.size(row.getLong(2)))
                            : null;
                }
            }
        }
    }

    @Override
    public Publisher<Void> increase(QuotaOperation operation) {
        return Mono.fromCallable(() -> isCounted(operation)
                        ? 0
                        : change(
                                operation.quotaRoot(),
                                ADD,
                                operation.count().asLong(),
                                operation.size().asLong()))
                .then();
    }

    @Override
    public Publisher<Void> decrease(QuotaOperation operation) {
        return Mono.fromCallable(() -> change(
                        operation.quotaRoot(),
                        ADD,
                        -operation.count().asLong(),
                        -operation.size().asLong()))
                .then();
    }

    @Override
    public Publisher<Void> setCurrentQuotas(QuotaOperation operation) {
        return Mono.fromCallable(() -> change(
                        operation.quotaRoot(),
                        SET,
                        operation.count().asLong(),
                        operation.size().asLong()))
                .then();
    }

    private int change(QuotaRoot root, String sql, long count, long size) throws SQLException {
        int changed = update(root.getValue(), sql, count, size);
        if (changed == 0) {
            insert(root.getValue());
            changed = update(root.getValue(), sql, count, size);
        }
        return changed;
    }

    private int update(String root, String sql, long count, long size) throws SQLException {
        try (Connection connection = connections.getConnection()) {
            connection.setAutoCommit(false);
            try {
                int changed = update(connection, sql, root, count, size);
                connection.commit();
                return changed;
            } catch (SQLException | RuntimeException failed) {
                connection.rollback();
                throw failed;
            }
        }
    }

    private static int add(Connection connection, String root, long count, long size) throws SQLException {
        return update(connection, ADD, root, count, size);
    }

    private static int update(Connection connection, String sql, String root, long count, long size)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, count);
            statement.setLong(2, size);
            statement.setString(3, root);
            return statement.executeUpdate();
        }
    }

    private void insert(String root) throws SQLException {
        try (Connection connection = connections.getConnection()) {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
                statement.setString(1, root);
                statement.executeUpdate();
                connection.commit();
            } catch (SQLException failed) {
                connection.rollback();
                // Another thread may have been quicker.
                if (!UNIQUE_VIOLATION.equals(failed.getSQLState())) {
                    throw failed;
                }
            }
        }
    }
}
