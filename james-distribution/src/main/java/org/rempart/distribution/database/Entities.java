/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.util.Map;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.openjpa.persistence.OpenJPAPersistence;
import org.apache.openjpa.persistence.PersistenceProviderImpl;

/** James's entities in the tables that {@link Schema} makes. */
final class Entities {
    private Entities() {}

    static EntityManagerFactory of(DataSource connections) {
        return OpenJPAPersistence.cast(new PersistenceProviderImpl()
                .createEntityManagerFactory(
                        "rempart",
                        Map.of(
                                "openjpa.ConnectionFactory", connections,
                                "openjpa.ConnectionFactoryMode", "local",
                                "openjpa.Multithreaded", "true")));
    }
}
