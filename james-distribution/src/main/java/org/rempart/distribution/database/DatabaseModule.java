/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import com.google.inject.AbstractModule;
import com.google.inject.multibindings.Multibinder;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.james.core.healthcheck.HealthCheck;

/** The open database, for whatever keeps something in it. */
public final class DatabaseModule extends AbstractModule {
    private final Database database;

    public DatabaseModule(Database database) {
        this.database = database;
    }

    @Override
    protected void configure() {
        bind(Database.class).toInstance(database);
        bind(DataSource.class).toInstance(database.connections());
        bind(EntityManagerFactory.class).toInstance(database.entities());
        Multibinder.newSetBinder(binder(), HealthCheck.class).addBinding().to(OwnershipHealthCheck.class);
    }
}
