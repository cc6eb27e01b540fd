/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.Module;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.util.Modules;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.GuiceJamesServer;
import org.apache.james.data.UsersRepositoryModuleChooser;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.modules.protocols.IMAPServerModule;
import org.apache.james.modules.protocols.ProtocolHandlerModule;
import org.apache.james.modules.protocols.SMTPServerModule;
import org.apache.james.modules.server.DKIMMailetModule;
import org.apache.james.modules.server.DataRoutesModules;
import org.apache.james.modules.server.MailQueueRoutesModule;
import org.apache.james.modules.server.MailRepositoriesRoutesModule;
import org.apache.james.modules.server.MailboxRoutesModule;
import org.apache.james.modules.server.MailetContainerModule;
import org.apache.james.modules.server.NoJwtModule;
import org.apache.james.modules.server.RawPostDequeueDecoratorModule;
import org.apache.james.modules.server.WebAdminServerModule;
import org.apache.james.server.core.configuration.Configuration;
import org.apache.james.server.core.configuration.FileConfigurationProvider;
import org.apache.james.server.core.filesystem.FileSystemImpl;
import org.apache.james.utils.GuiceProbe;
import org.rempart.distribution.admin.AdministrationModule;
import org.rempart.distribution.backup.DatabaseCopy;
import org.rempart.distribution.backup.DerbyCopy;
import org.rempart.distribution.backup.PostgresqlCopy;
import org.rempart.distribution.backup.PostgresqlTools;
import org.rempart.distribution.checks.StartChecks;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.DatabaseSettings;
import org.rempart.distribution.directory.DirectoryModule;
import org.rempart.distribution.home.ExitCode;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.ServerLock;
import org.rempart.distribution.imap.ImapModule;
import org.rempart.distribution.queue.QueueStop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packaged server. It looks at its configuration first, and starts whole or not at all; what keeps it from starting
 * is told on standard error, a line for each fault, and the exit code is {@value ExitCode#CONFIGURATION_FAULT} for the
 * configuration (EX_CONFIG of sysexits.h) and {@value ExitCode#FAILURE} for all else.
 */
public final class Server implements Database.Sharing {
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(10);
    private static final Duration LOCK_PAUSE = Duration.ofMillis(50);
    private static final Logger LOGGER = LoggerFactory.getLogger(Server.class);

    private static final Duration END_PATIENCE = Duration.ofSeconds(15);
    private static final String STANDBY = "--standby";

    private final Home home;
    private final boolean standby;

    /** From now on what lies in var/ is another server's. */
    private volatile boolean takenOver;

    /** Kept for as long as the process lives. */
    private Optional<ServerLock> lock = Optional.empty();

    private Server(Home home, boolean standby) {
        this.home = home;
        this.standby = standby;
    }

    /**
     * Runs the server until the process is asked to end.
     *
     * @param arguments nothing, or {@code --standby}: wait for the end of another server that uses the same data
     */
    public static void main(String[] arguments) {
        // What fails while James starts is told here, in one line; James would end the process by itself.
        System.setProperty("james.exit.on.startup.error", "false");
        UninterruptedScheduler.use();
        int failure = new Server(Home.ofProcess(), List.of(arguments).contains(STANDBY)).run();
        if (failure != 0) {
            System.exit(failure);
        }
    }

    private int run() {
        try {
            Files.createDirectories(home.var("log"));
            if (!locked()) {
                say("a server is running in " + home.folder() + " already; see bin/rempart status");
                return ExitCode.FAILURE;
            }
        } catch (IOException unwritable) {
            return unwritable(unwritable);
        }
        StartChecks checks = new StartChecks(home, Clock.systemUTC()).configuration();
        if (!standby) {
            checks.ports();
        }
        checks.warnings().forEach(warning -> LOGGER.warn("{}", warning));
        if (!checks.faults().isEmpty()) {
            checks.faults().forEach(Server::say);
            return ExitCode.CONFIGURATION_FAULT;
        }
        try {
            Database database = Database.open(DatabaseSettings.of(home), this);
            // Only now is what lies in var/ this server's alone, where several share it.
            try {
                Files.deleteIfExists(home.readyFile());
                Files.deleteIfExists(home.pidFile());
                Files.deleteIfExists(home.healthyFile());
                emptyTemporaryFolder();
            } catch (IOException unwritable) {
                return unwritable(unwritable);
            }
            start(database);
            return 0;
        } catch (Throwable failure) {
            LOGGER.error("The server could not start", failure);
            say("the server could not start: " + cause(failure) + " (more in var/log/server.log)");
            return ExitCode.FAILURE;
        }
    }

    private static int unwritable(IOException failure) {
        say("var/ can't be written to (" + failure.getMessage() + "); let the server's user own it");
        return ExitCode.FAILURE;
    }

    /** Waits a little for a server that was killed, or told to stop, a moment ago; on standby, for the end of any other. */
    private boolean locked() throws IOException {
        long deadline = System.nanoTime() + LOCK_PATIENCE.toNanos();
        Optional<ServerLock> taken = ServerLock.take(home);
        if (taken.isEmpty() && standby) {
            LOGGER.info("Another server runs in {}; this one waits for its end", home.var(""));
        }
        while (taken.isEmpty() && (standby || System.nanoTime() < deadline)) {
            LockSupport.parkNanos(LOCK_PAUSE.toNanos());
            taken = ServerLock.take(home);
        }
        lock = taken;
        return taken.isPresent();
    }

    @Override
    public String name() {
        return ServerLock.host() + ":" + home.folder();
    }

    @Override
    public boolean standby() {
        return standby;
    }

    /** The database is another server's: the end in order, and without it if that takes too long. */
    @Override
    public void lost() {
        takenOver = true;
        Thread end = new Thread(
                () -> {
                    LockSupport.parkNanos(END_PATIENCE.toNanos());
                    Runtime.getRuntime().halt(ExitCode.FAILURE);
                },
                "end");
        end.setDaemon(true);
        end.start();
        System.exit(ExitCode.FAILURE);
    }

    /** What a server that was killed was receiving is no mail yet, and would fill the disk in time. */
    private void emptyTemporaryFolder() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Files.createDirectories(home.var("tmp")))) {
            for (Path file : files) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.delete(file);
                }
            }
        }
    }

    private void start(Database database) throws Exception {
        if (Stapling.whereItIsAskedFor(home)) {
            LOGGER.info("A certificate asks for OCSP stapling: its authority's responder is asked");
        }
        GuiceJamesServer server = assemble(database);
        server.start();
        String pid = String.valueOf(ProcessHandle.current().pid());
        Files.writeString(home.pidFile(), pid + "\n");
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            if (!takenOver) {
                                deleteQuietly();
                            }
                            server.getProbe(QueueStop.class).handOutNoMore();
                            server.stop();
                            database.close();
                            release();
                        },
                        "shutdown"));
        server.getProbe(Heartbeat.class).start(home.healthyFile());
        Files.writeString(home.readyFile(), pid + "\n");
        LOGGER.info("The server listens");
    }

    /** The end of the process would do so, too. */
    private void release() {
        try {
            if (lock.isPresent()) {
                lock.get().release();
            }
        } catch (IOException left) {
            LOGGER.debug("The lock goes with the process", left);
        }
    }

    private void deleteQuietly() {
        try {
            Files.deleteIfExists(home.readyFile());
            Files.deleteIfExists(home.pidFile());
            Files.deleteIfExists(home.healthyFile());
        } catch (IOException left) {
            LOGGER.warn("A file of this process is left behind: {}", left.getMessage());
        }
    }

    private GuiceJamesServer assemble(Database database) throws FaultException {
        Configuration configuration =
                Configuration.builder().workingDirectory(home.folder().toFile()).build();
        FileSystem fileSystem = new FileSystemImpl(configuration.directories());
        FileConfigurationProvider files = new FileConfigurationProvider(fileSystem, configuration);
        Optional<DirectoryModule> directory = DirectoryModule.of(home);
        List<Module> users = directory.isPresent()
                ? List.of(directory.get())
                : new UsersRepositoryModuleChooser(Storage.users())
                        .chooseModules(UsersRepositoryModuleChooser.Implementation.parse(files));
        return GuiceJamesServer.forConfiguration(configuration)
                .combineWith(Storage.modules(database, home.var("blobs")))
                .combineWith(users)
                .combineWith(protocols(), administration(), pipeline(), new AdministrationModule(home, copy(database)))
                .combineWith(MtaStsModule.of(home))
                .overrideWith(new SmtpModule(), new ImapModule(), new WebAdminModule(home))
                .overrideWith(directory.map(found -> DirectoryModule.sessions()).orElse(Modules.EMPTY_MODULE));
    }

    private static DatabaseCopy copy(Database database) {
        DatabaseSettings settings = database.settings();
        return switch (settings.kind()) {
            case DERBY -> new DerbyCopy(database.connections());
            case POSTGRESQL ->
                new PostgresqlCopy(new PostgresqlTools(settings.url(), settings.user(), settings.password()));
        };
    }

    private static Module protocols() {
        return Modules.combine(new ProtocolHandlerModule(), new SMTPServerModule(), new IMAPServerModule());
    }

    private static Module administration() {
        return Modules.combine(
                new WebAdminServerModule(),
                new NoJwtModule(),
                new DataRoutesModules(),
                new MailboxRoutesModule(),
                new MailQueueRoutesModule(),
                new MailRepositoriesRoutesModule());
    }

    private static Module pipeline() {
        return Modules.combine(
                new RawPostDequeueDecoratorModule(),
                new DKIMMailetModule(),
                binder -> Multibinder.newSetBinder(binder, GuiceProbe.class)
                        .addBinding()
                        .to(Heartbeat.class),
                binder -> binder.bind(MailetContainerModule.DefaultProcessorsConfigurationSupplier.class)
                        .toInstance(BaseHierarchicalConfiguration::new));
    }

    /** The innermost message: James wraps what happened several times over. */
    private static String cause(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private static void say(String fault) {
        System.err.println("rempart: " + fault);
    }
}
