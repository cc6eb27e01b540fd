/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.inject.AbstractModule;
import com.google.inject.Scopes;
import com.google.inject.multibindings.OptionalBinder;
import com.google.inject.multibindings.ProvidesIntoSet;
import java.util.Optional;
import org.apache.james.CoreDataModule;
import org.apache.james.NaiveDelegationStoreModule;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.modules.data.SieveFileRepositoryModule;
import org.apache.james.rrt.api.AliasReverseResolver;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.lib.AliasReverseResolverImpl;
import org.apache.james.rrt.lib.CanSendFromImpl;
import org.apache.james.server.core.configuration.ConfigurationProvider;
import org.apache.james.utils.InitializationOperation;
import org.apache.james.utils.InitilizationOperationBuilder;

/** Domains and aliases in the database, filter scripts in files. */
public final class AccountsModule extends AbstractModule {
    @Override
    protected void configure() {
        install(new CoreDataModule());
        install(new NaiveDelegationStoreModule());
        install(new SieveFileRepositoryModule());

        bind(RememberedDomains.class).in(Scopes.SINGLETON);
        bind(DomainList.class).to(RememberedDomains.class);

        OptionalBinder.newOptionalBinder(binder(), MoreAliases.class)
                .setDefault()
                .toInstance((localPart, domain) -> Optional.empty());
        bind(RememberedAliases.class).in(Scopes.SINGLETON);
        bind(RecipientRewriteTable.class).to(RememberedAliases.class);
        bind(AliasReverseResolverImpl.class).in(Scopes.SINGLETON);
        bind(AliasReverseResolver.class).to(AliasReverseResolverImpl.class);
        bind(CanSendFromImpl.class).in(Scopes.SINGLETON);
        bind(CanSendFrom.class).to(CanSendFromImpl.class);
    }

    @ProvidesIntoSet
    InitializationOperation domains(DomainListConfiguration configuration, RememberedDomains domains) {
        return InitilizationOperationBuilder.forClass(RememberedDomains.class)
                .init(() -> domains.configure(configuration));
    }

    @ProvidesIntoSet
    InitializationOperation aliases(ConfigurationProvider configuration, RememberedAliases aliases) {
        return InitilizationOperationBuilder.forClass(RememberedAliases.class)
                .init(() -> aliases.configure(configuration.getConfiguration("recipientrewritetable")));
    }
}
