/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.Scopes;
import com.google.inject.Singleton;
import com.google.inject.multibindings.OptionalBinder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.james.core.MailAddress;
import org.apache.james.mailbox.SessionProvider;
import org.apache.james.user.api.UsersRepository;
import org.rempart.distribution.accounts.MoreAliases;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/** Accounts in a directory, where {@code conf/usersrepository.xml} has a {@code <directory>}. */
public final class DirectoryModule extends AbstractModule {
    private final DirectorySettings settings;

    private DirectoryModule(DirectorySettings settings) {
        this.settings = settings;
    }

    /**
     * The module of a home.
     *
     * @return empty when its accounts are in no directory that is configured in this way
     * @throws FaultException when they are, and something about it is wrong
     */
    public static Optional<DirectoryModule> of(Home home) throws FaultException {
        return DirectorySettings.of(home).map(DirectoryModule::new);
    }

    /**
     * Looks at the configuration.
     *
     * @return whether the accounts are in a directory
     * @throws FaultException when they are, and something about it is wrong
     */
    public static boolean check(Home home) throws FaultException {
        Optional<DirectorySettings> settings = DirectorySettings.of(home);
        if (settings.isEmpty()) {
            return false;
        }
        Optional<Path> trust = settings.get().trust();
        try {
            DirectoryTls.sockets(trust, settings.get().connectTimeout());
        } catch (IOException unusable) {
            throw new FaultException("conf/" + DirectorySettings.FILE + ": <trust>"
                    + trust.map(Path::toString).orElse("") + "</trust>: " + unusable.getMessage());
        }
        return true;
    }

    /**
     * What asking each server of the directory comes to, one line a server: its name, and what is wrong with it, if
     * anything is.
     *
     * @param server the server
     * @param fault empty when it answers as it should
     */
    public record Probe(String server, Optional<String> fault) {}

    /**
     * Asks each server of a home's directory, one by one.
     *
     * @return nothing when its accounts are in no directory
     */
    public static List<Probe> probe(Home home) throws FaultException, IOException {
        Optional<DirectorySettings> settings = DirectorySettings.of(home);
        List<Probe> probes = new ArrayList<>();
        if (settings.isPresent()) {
            for (DirectorySettings.Server server : settings.get().servers()) {
                try (Directory one = Directory.of(settings.get(), List.of(server))) {
                    one.probe();
                    probes.add(new Probe(server.toString(), Optional.empty()));
                } catch (DirectoryException fault) {
                    probes.add(new Probe(server.toString(), Optional.of(fault.getMessage())));
                }
            }
        }
        return probes;
    }

    @Override
    protected void configure() {
        bind(DirectorySettings.class).toInstance(settings);
        bind(DirectoryUsers.class).in(Scopes.SINGLETON);
        bind(UsersRepository.class).to(DirectoryUsers.class);
        OptionalBinder.newOptionalBinder(binder(), MoreAliases.class)
                .setBinding()
                .to(DirectoryUsers.class);
    }

    /** The account that gets the mail for postmaster and abuse, where accounts are in a directory that says so. */
    public static Optional<String> contact(Home home) throws FaultException {
        return DirectorySettings.of(home).flatMap(DirectorySettings::contact).map(MailAddress::asString);
    }

    /** What takes the place of the mailboxes' own binding. */
    public static Module sessions() {
        return binder -> {
            binder.bind(DirectorySessions.class).in(Scopes.SINGLETON);
            binder.bind(SessionProvider.class).to(DirectorySessions.class);
        };
    }

    @Provides
    @Singleton
    Directory directory() throws IOException {
        return Directory.of(settings);
    }
}
