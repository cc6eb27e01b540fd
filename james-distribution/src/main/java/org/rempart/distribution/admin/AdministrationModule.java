package org.rempart.distribution.admin;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import org.apache.james.webadmin.Routes;
import org.rempart.distribution.Home;

/**
 * Rempart's own routes of the administration interface. Needs a {@link Backup.BlobKeeper} and the queue's
 * {@code MailAdministration}, both bound by others.
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
        routes.addBinding().to(MailRoutes.class);
        routes.addBinding().to(BackupRoutes.class);
    }

    @Provides
    @Singleton
    Backup backup(Backup.BlobKeeper blobs) {
        return new Backup(home, database, blobs);
    }
}
