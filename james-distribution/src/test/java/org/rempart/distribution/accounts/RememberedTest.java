/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.MappingSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.DatabaseSettings;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/** What is remembered of accounts, domains and aliases is what the database holds. */
class RememberedTest {
    @TempDir
    private Path folder;

    private Database database;

    @BeforeEach
    void open() throws FaultException {
        database = Database.open(DatabaseSettings.of(new Home(folder)));
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whatIsAddedOrRemovedCountsAtOnce() throws Exception {
        RememberedAliases aliases = new RememberedAliases((localPart, domain) -> Optional.empty());
        aliases.setEntityManagerFactory(database.entities());
        MappingSource source = MappingSource.fromUser(Username.of("info@example.com"));
        assertThat(aliases.getStoredMappings(source)).isEmpty();
        aliases.addMapping(source, Mapping.alias("alice@example.com"));
        aliases.addMapping(source, Mapping.group("bob@example.com"));
        assertThat(aliases.getStoredMappings(source).asStream()).hasSize(2);
        aliases.removeMapping(source, Mapping.alias("alice@example.com"));
        assertThat(aliases.getStoredMappings(source).asStream()).containsExactly(Mapping.group("bob@example.com"));

        // Nothing is to be detected, so no DNS is asked.
        RememberedDomains domains = new RememberedDomains(null, database.entities());
        domains.configure(DomainListConfiguration.builder()
                .autoDetect(false)
                .autoDetectIp(false)
                .build());
        assertThat(domains.containsDomain(Domain.of("example.com"))).isFalse();
        domains.addDomain(Domain.of("example.com"));
        assertThat(domains.containsDomain(Domain.of("example.com"))).isTrue();

        RememberedUsers users = new RememberedUsers(domains);
        users.setEntityManagerFactory(database.entities());
        BaseHierarchicalConfiguration configuration = new BaseHierarchicalConfiguration();
        configuration.addProperty("enableVirtualHosting", true);
        users.configure(configuration);
        Username alice = Username.of("alice@example.com");
        assertThat(users.contains(alice)).isFalse();
        users.addUser(alice, "secret");
        assertThat(users.contains(alice)).isTrue();
        assertThat(users.contains(alice)).isTrue();
        users.removeUser(alice);
        assertThat(users.contains(alice)).isFalse();

        domains.removeDomain(Domain.of("example.com"));
        assertThat(domains.containsDomain(Domain.of("example.com"))).isFalse();
    }
}
