/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLNonTransientConnectionException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.rempart.distribution.database.DerbyEngine;

/** A database that can be made to go away, with the connections that are open, and to come back. */
final class TestDatabase implements DataSource, AutoCloseable {
    private final BasicDataSource pool = new BasicDataSource();
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger commits = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final Runnable shutDown;
    private volatile boolean away;
    private volatile boolean readOnly;

    private TestDatabase(String driver, String url, Runnable shutDown) {
        this.shutDown = shutDown;
        pool.setDriverClassName(driver);
        pool.setUrl(url);
        pool.setMaxTotal(20);
        pool.setPoolPreparedStatements(true);
        pool.setMaxOpenPreparedStatements(60);
    }

    static TestDatabase derby(Path folder) {
        DerbyEngine.configure();
        String url = "jdbc:derby:" + folder.resolve("database");
        return new TestDatabase("org.apache.derby.iapi.jdbc.AutoloadedDriver", url + ";create=true", () -> {
            try {
                DriverManager.getConnection(url + ";shutdown=true").close();
            } catch (SQLException said) {
                // So Derby says that it did.
                if (!"08006".equals(said.getSQLState())) {
                    throw new IllegalStateException(said);
                }
            }
        });
    }

    static TestDatabase postgres(String url) {
        return new TestDatabase("org.postgresql.Driver", url, () -> {});
    }

    void goAway() throws SQLException {
        away = true;
        for (Connection connection : open) {
            connection.close();
        }
    }

    void comeBack() {
        away = false;
    }

    /** From now on, or no longer, every commit fails over connections that work. */
    void refuseWrites(boolean refuse) {
        readOnly = refuse;
    }

    int refused() {
        return refused.get();
    }

    @Override
    public Connection getConnection() throws SQLException {
        if (away) {
            refused.incrementAndGet();
            throw new SQLNonTransientConnectionException("connection refused", "08001");
        }
        Connection connection = pool.getConnection();
        open.removeIf(TestDatabase::isClosed);
        open.add(connection);
        return counting(connection);
    }

    private Connection counting(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                TestDatabase.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("commit")) {
                        commits.incrementAndGet();
                    }
                    if (readOnly && method.getName().equals("commit")) {
                        connection.rollback();
                        throw new SQLException("cannot write in a read-only transaction", "25006");
                    }
                    try {
                        return method.invoke(connection, arguments);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    int commits() {
        return commits.get();
    }

    private static boolean isClosed(Connection connection) {
        try {
            return connection.isClosed();
        } catch (SQLException unknown) {
            return true;
        }
    }

    @Override
    public void close() throws SQLException {
        pool.close();
        shutDown.run();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
