/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.inject.AbstractModule;
import com.google.inject.Scopes;
import com.google.inject.multibindings.ProvidesIntoSet;
import org.apache.james.server.core.configuration.ConfigurationProvider;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.utils.InitializationOperation;
import org.apache.james.utils.InitilizationOperationBuilder;

/** Accounts in the database, where usersrepository.xml names no directory. */
public final class UsersModule extends AbstractModule {
    @Override
    protected void configure() {
        bind(RememberedUsers.class).in(Scopes.SINGLETON);
        bind(UsersRepository.class).to(RememberedUsers.class);
    }

    @ProvidesIntoSet
    InitializationOperation users(ConfigurationProvider configuration, RememberedUsers users) {
        return InitilizationOperationBuilder.forClass(RememberedUsers.class)
                .init(() -> users.configure(configuration.getConfiguration("usersrepository")));
    }
}
