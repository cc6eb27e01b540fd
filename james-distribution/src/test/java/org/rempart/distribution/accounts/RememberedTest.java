/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.persistence.EntityManager;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.UserEntityValidator;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.rrt.api.RecipientRewriteTableConfiguration;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.MappingSource;
import org.apache.james.user.api.model.User;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

        RememberedUsers users = new RememberedUsers(domains, database.entities(), null, new Contacts(() -> aliases));
        users.setEntityManagerFactory(database.entities());
        BaseHierarchicalConfiguration configuration = new BaseHierarchicalConfiguration();
        configuration.addProperty("enableVirtualHosting", true);
        users.configure(configuration);
        Username alice = Username.of("alice@example.com");
        assertThat(users.contains(alice)).isFalse();
        users.addUser(alice, "secret of old");
        assertThat(users.contains(alice)).isTrue();
        assertThat(users.contains(alice)).isTrue();
        users.removeUser(alice);
        assertThat(users.contains(alice)).isFalse();

        domains.removeDomain(Domain.of("example.com"));
        assertThat(domains.containsDomain(Domain.of("example.com"))).isFalse();
    }

    private RememberedUsers users(String algorithm) throws Exception {
        RememberedDomains domains = new RememberedDomains(null, database.entities());
        domains.configure(DomainListConfiguration.builder()
                .autoDetect(false)
                .autoDetectIp(false)
                .build());
        if (!domains.containsDomain(Domain.of("example.com"))) {
            domains.addDomain(Domain.of("example.com"));
        }
        RememberedAliases aliases = aliases(domains);
        RememberedUsers users = new RememberedUsers(domains, database.entities(), null, new Contacts(() -> aliases));
        users.setEntityManagerFactory(database.entities());
        BaseHierarchicalConfiguration configuration = new BaseHierarchicalConfiguration();
        configuration.addProperty("enableVirtualHosting", true);
        configuration.addProperty("algorithm", algorithm);
        users.configure(configuration);
        aliases.setUsersRepository(users);
        return users;
    }

    private RememberedAliases aliases(DomainList domains) throws Exception {
        RememberedAliases aliases = new RememberedAliases((localPart, domain) -> Optional.empty());
        aliases.setEntityManagerFactory(database.entities());
        aliases.setDomainList(domains);
        aliases.setUserEntityValidator(UserEntityValidator.NOOP);
        aliases.setConfiguration(RecipientRewriteTableConfiguration.DEFAULT_ENABLED);
        return aliases;
    }

    private List<String> whoGets(String address) throws Exception {
        RememberedAliases fresh = new RememberedAliases((localPart, domain) -> Optional.empty());
        fresh.setEntityManagerFactory(database.entities());
        return fresh.getStoredMappings(MappingSource.fromUser(Username.of(address)))
                .asStream()
                .map(Mapping::getMappingValue)
                .toList();
    }

    @Test
    void theFirstAccountOfADomainGetsItsMailForPostmasterAndAbuse() throws Exception {
        RememberedUsers users = users("PBKDF2-SHA512-2000-512");
        users.addUser(Username.of("alice@example.com"), "secret of old");
        users.addUser(Username.of("bob@example.com"), "secret of old");

        assertThat(whoGets("postmaster@example.com")).containsExactly("alice@example.com");
        assertThat(whoGets("abuse@example.com")).containsExactly("alice@example.com");
    }

    @Test
    void whoGetsTheMailForPostmasterOrAbuseKeepsIt() throws Exception {
        RememberedUsers users = users("PBKDF2-SHA512-2000-512");
        RememberedAliases aliases = new RememberedAliases((localPart, domain) -> Optional.empty());
        aliases.setEntityManagerFactory(database.entities());
        aliases.addMapping(
                MappingSource.fromUser(Username.of("postmaster@example.com")),
                Mapping.group("admins@elsewhere.example"));
        users.addUser(Username.of("abuse@example.com"), "secret of old");
        users.addUser(Username.of("alice@example.com"), "secret of old");

        assertThat(whoGets("postmaster@example.com")).containsExactly("admins@elsewhere.example");
        assertThat(whoGets("abuse@example.com")).isEmpty();
    }

    private Object algorithmOf(Username name) {
        EntityManager manager = database.entities().createEntityManager();
        try {
            return manager.createQuery("SELECT u.alg FROM JamesUser u WHERE u.name = :name")
                    .setParameter("name", name.asString())
                    .getSingleResult();
        } finally {
            manager.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PBKDF2-SHA512", "PBKDF2", "SHA-512", "PBKDF2-SHA512-1500-512"})
    void anOldHashIsReplacedAtTheNextLoginAndNotBefore(String old) throws Exception {
        Username alice = Username.of("alice@example.com");
        users(old).addUser(alice, "secret of old");

        RememberedUsers users = users("PBKDF2-SHA512-2000-512");
        assertThat(users.test(alice, "wrong")).isFalse();
        assertThat(algorithmOf(alice)).isEqualTo(old);
        assertThat(users.test(alice, "secret of old")).isTrue();
        assertThat(algorithmOf(alice)).isEqualTo("PBKDF2-SHA512-2000-512");
        assertThat(users.test(alice, "secret of old")).isTrue();
        assertThat(users.test(alice, "wrong")).isFalse();
        assertThat(users.test(Username.of("nobody@example.com"), "secret of old"))
                .isFalse();
    }

    @Test
    void aNewPasswordIsKeptUnderTheAlgorithmOfToday() throws Exception {
        Username alice = Username.of("alice@example.com");
        users("PBKDF2-SHA512").addUser(alice, "secret of old");
        RememberedUsers users = users("PBKDF2-SHA512-2000-512");
        User user = users.getUserByName(alice);
        user.setPassword("another secret");
        users.updateUser(user);

        assertThat(users.test(alice, "another secret")).isTrue();
        assertThat(users.test(alice, "secret of old")).isFalse();
        assertThat(algorithmOf(alice)).isEqualTo("PBKDF2-SHA512-2000-512");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "short", "1234567", "alice@example.com"})
    void aPasswordThatIsEasyToGuessIsNotTaken(String password) throws Exception {
        RememberedUsers users = users("PBKDF2-SHA512-2000-512");
        Username alice = Username.of("alice@example.com");
        assertThatThrownBy(() -> users.addUser(alice, password)).isInstanceOf(IllegalArgumentException.class);
        users.addUser(alice, "secret of old");
        User user = users.getUserByName(alice);
        assertThatThrownBy(() -> user.setPassword(password)).isInstanceOf(IllegalArgumentException.class);
        assertThat(users.test(alice, "secret of old")).isTrue();
    }
}
