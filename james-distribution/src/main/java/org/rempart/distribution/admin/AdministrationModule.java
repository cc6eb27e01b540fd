/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import org.apache.james.webadmin.Routes;
import org.rempart.distribution.backup.Backup;
import org.rempart.distribution.backup.DatabaseCopy;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.queue.MailStore;

/**
 * Rempart's own routes of the administration interface. Needs what the queue's module binds.
 */
public final class AdministrationModule extends AbstractModule {
    private final Home home;
    private final DatabaseCopy database;

    /**
     * Routes for one home.
     *
     * @param database copies its database for a backup
     */
    public AdministrationModule(Home home, DatabaseCopy database) {
        this.home = home;
        this.database = database;
    }

    @Override
    protected void configure() {
        Multibinder<Routes> routes = Multibinder.newSetBinder(binder(), Routes.class);
        routes.addBinding().to(CredentialRoutes.class);
        routes.addBinding().to(MailRoutes.class);
        routes.addBinding().to(BackupRoutes.class);
        routes.addBinding().to(AccountRoutes.class);
    }

    @Provides
    @Singleton
    Backup backup(MailStore store) {
        return new Backup(home, database, store::keepFiles);
    }
}
