/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import javax.persistence.EntityManager;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.mail.model.JPAMailbox;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.UidValidity;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.MappingSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.FaultException;
import org.rempart.distribution.Home;

/** The embedded database, and what this server changes about James's tables. */
class DatabaseTest {
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

    private void reopen() throws FaultException {
        close();
        open();
    }

    private JPAId mailbox(String name) {
        JPAMailbox mailbox =
                new JPAMailbox(MailboxPath.forUser(Username.of("alice@example.com"), name), UidValidity.of(1));
        EntityManager entities = database.entities().createEntityManager();
        entities.getTransaction().begin();
        entities.persist(mailbox);
        entities.getTransaction().commit();
        entities.close();
        return mailbox.getMailboxId();
    }

    private int length(String table, String column) throws SQLException {
        try (Connection connection = database.connections().getConnection();
                ResultSet columns = connection.getMetaData().getColumns(null, null, table, column)) {
            assertThat(columns.next()).isTrue();
            return columns.getInt("COLUMN_SIZE");
        }
    }

    @Test
    void columnsHoldWhatSendersAndAdministratorsWrite() throws SQLException {
        assertThat(length("JAMES_MAIL_PROPERTY", "PROPERTY_VALUE")).isEqualTo(32000);
        assertThat(length("JAMES_MAIL", "MAIL_MIME_SUBTYPE")).isEqualTo(4000);
        assertThat(length("JAMES_RECIPIENT_REWRITE", "TARGET_ADDRESS")).isEqualTo(32000);
        assertThat(length("JAMES_USER", "USER_NAME")).isEqualTo(320);
        assertThat(length("JAMES_DOMAIN", "DOMAIN_NAME")).isEqualTo(255);
    }

    @Test
    void theStepsAreDoneOnce() throws Exception {
        reopen();
        try (Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT COUNT(*), MAX(STEP) FROM REMPART_SCHEMA")) {
            result.next();
            assertThat(result.getInt(1)).isEqualTo(result.getInt(2)).isPositive();
        }
    }

    @Test
    void aDatabaseOfALaterVersionIsLeftAlone() throws Exception {
        try (Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO REMPART_SCHEMA VALUES (1000)");
        }
        close();
        assertThatThrownBy(this::open)
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("a later version of this server");
        // For the closing after each test.
        database = Database.open(DatabaseSettings.of(new Home(folder.resolve("other"))));
    }

    @Test
    void whatIsNoDatabaseIsNotOpened() {
        Home home = new Home(folder.resolve("file"));
        assertThat(folder.resolve("file/var").toFile().mkdirs()).isTrue();
        assertThatThrownBy(() -> {
                    java.nio.file.Files.writeString(home.var("database"), "no database");
                    Database.open(DatabaseSettings.of(home));
                })
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("var/database");
    }

    @Test
    void twoMailboxesOfOnePathAreImpossible() {
        mailbox("INBOX");
        assertThatThrownBy(() -> mailbox("INBOX")).hasStackTraceContaining("REMPART_MAILBOX_PATH");
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

    @Test
    void numbersRiseOverRestarts() throws Exception {
        JPAId inbox = mailbox("INBOX");
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(uids.last(inbox)).isEmpty();
        long last = 0;
        for (int i = 0; i < 2 * MailboxCounter.BLOCK + 3; i++) {
            long next = uids.next(inbox);
            assertThat(next).isEqualTo(last + 1);
            last = next;
            assertThat(uids.last(inbox)).hasValue(next);
        }
        reopen();
        MailboxCounter afterCrash = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(afterCrash.next(inbox)).isEqualTo(3L * MailboxCounter.BLOCK + 1);
    }

    @Test
    void eachMailboxCountsForItself() throws Exception {
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThat(uids.next(mailbox("INBOX"))).isEqualTo(1);
        assertThat(uids.next(mailbox("Sent"))).isEqualTo(1);
        MailboxCounter sequences = new MailboxCounter(database.connections(), "MAILBOX_HIGHEST_MODSEQ");
        assertThat(sequences.next(mailbox("Drafts"))).isEqualTo(1);
    }

    @Test
    void noNumberForAMailboxThatIsGone() {
        MailboxCounter uids = new MailboxCounter(database.connections(), "MAILBOX_LAST_UID");
        assertThatThrownBy(() -> uids.next(JPAId.of(4711))).isInstanceOf(MailboxNotFoundException.class);
    }
}
