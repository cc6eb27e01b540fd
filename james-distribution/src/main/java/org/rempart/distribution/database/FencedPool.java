/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.commons.dbcp2.DelegatingConnection;

/** Connections over which nothing is written once another server owns the database: each commit asks the {@link Ownership}. */
final class FencedPool extends BasicDataSource {
    private volatile Ownership owner;

    /** From now on commits ask. */
    void askBeforeCommits(Ownership asked) {
        owner = asked;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = super.getConnection();
        Ownership asked = owner;
        return asked == null ? connection : new Fenced(connection, asked);
    }

    private static final class Fenced extends DelegatingConnection<Connection> {
        private static final Pattern WRITES = Pattern.compile("(?is)\\s*(?:INSERT|UPDATE|DELETE)\\b.*");

        private final Ownership owner;

        Fenced(Connection connection, Ownership owner) {
            super(connection);
            this.owner = owner;
        }

        @Override
        public void commit() throws SQLException {
            owner.check(getDelegate());
            super.commit();
        }

        /** What commits by itself asks before. */
        @Override
        public PreparedStatement prepareStatement(String sql) throws SQLException {
            if (WRITES.matcher(sql).matches() && getAutoCommit()) {
                owner.check(getDelegate());
            }
            return super.prepareStatement(sql);
        }
    }
}
