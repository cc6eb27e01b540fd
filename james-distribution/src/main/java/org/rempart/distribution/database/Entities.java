/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.openjpa.persistence.OpenJPAPersistence;
import org.apache.openjpa.persistence.PersistenceProviderImpl;

/** James's entities, and the tables that OpenJPA makes for them. */
final class Entities {
    /** What OpenJPA would end its transaction with, after each statement. */
    private static final Set<String> ENDING = Set.of("commit", "rollback", "setAutoCommit", "close");

    private Entities() {}

    /**
     * Makes the tables that are not there, all in one transaction: OpenJPA takes a table that it finds for whole, so one
     * that was made just before a crash would stay without its indexes and keys.
     *
     * @throws SQLException when the database fails
     * @throws org.apache.openjpa.util.OpenJPAException when a table can't be made; none is, then
     */
    static EntityManagerFactory of(DataSource database) throws SQLException {
        AtomicReference<Optional<Connection>> making = new AtomicReference<>(Optional.empty());
        DataSource connections = (DataSource) Proxy.newProxyInstance(
                Entities.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, values) ->
                        method.getName().equals("getConnection") && making.get().isPresent()
                                ? making.get().get()
                                : invoke(database, method, values));
        EntityManagerFactory entities = factory(connections);
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            making.set(Optional.of(withoutEnd(connection)));
            try {
                // The first use makes the tables.
                entities.createEntityManager().close();
                connection.commit();
            } finally {
                making.set(Optional.empty());
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException | RuntimeException failed) {
            entities.close();
            throw failed;
        }
        return entities;
    }

    private static Connection withoutEnd(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                Entities.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, values) ->
                        ENDING.contains(method.getName()) ? null : invoke(connection, method, values));
    }

    private static Object invoke(Object target, Method method, Object[] values) throws Throwable {
        try {
            return method.invoke(target, values);
        } catch (InvocationTargetException failed) {
            throw failed.getCause();
        }
    }

    private static EntityManagerFactory factory(DataSource connections) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("openjpa.ConnectionFactory", connections);
        properties.put("openjpa.ConnectionFactoryMode", "local");
        properties.put("openjpa.Multithreaded", "true");
        return OpenJPAPersistence.cast(new PersistenceProviderImpl().createEntityManagerFactory("rempart", properties));
    }
}
