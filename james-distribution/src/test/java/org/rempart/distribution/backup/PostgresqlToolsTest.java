/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.distribution.home.FaultException;

/** PostgreSQL's programs connect as the server does, or not at all. */
class PostgresqlToolsTest {
    private static Map<String, String> settings(String url, String user, String password) throws Exception {
        ProcessBuilder dump = new PostgresqlTools(url, user, password).command("pg_dump", "--format=custom");
        assertThat(dump.command()).containsExactly("pg_dump", "--format=custom", "--no-password");
        Map<String, String> settings = new TreeMap<>(dump.environment());
        settings.keySet().removeIf(name -> !name.startsWith("PG"));
        return settings;
    }

    @Test
    void whatTheServerDemandsOfTlsThisDemands() throws Exception {
        assertThat(settings(
                        "jdbc:postgresql://db.example/mail?sslmode=verify-full&sslrootcert=conf/tls/db.pem", "u", "s"))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "PGHOST", "db.example",
                        "PGPORT", "5432",
                        "PGDATABASE", "mail",
                        "PGSSLMODE", "verify-full",
                        "PGSSLROOTCERT", "conf/tls/db.pem",
                        "PGUSER", "u",
                        "PGPASSWORD", "s"));
        assertThat(settings("jdbc:postgresql://db.example/mail?ssl=true", "", ""))
                .containsEntry("PGSSLMODE", "verify-full");
        assertThat(settings("jdbc:postgresql://db.example/mail?ssl=true&sslmode=require", "", ""))
                .containsEntry("PGSSLMODE", "require");
        assertThat(settings(
                        "jdbc:postgresql://db.example/mail?sslcert=c.pem&sslkey=k.der&channelBinding=require", "", ""))
                .containsEntry("PGSSLCERT", "c.pem")
                .containsEntry("PGSSLKEY", "k.der")
                .containsEntry("PGCHANNELBINDING", "require");
    }

    @Test
    void severalHostsAreAskedInTheirOrder() throws Exception {
        assertThat(settings(
                        "jdbc:postgresql://one.example:5433,[2001:db8::1]:5434,three.example/mail?targetServerType=primary",
                        "",
                        ""))
                .containsEntry("PGHOST", "one.example,2001:db8::1,three.example")
                .containsEntry("PGPORT", "5433,5434,5432")
                .containsEntry("PGTARGETSESSIONATTRS", "read-write");
    }

    @Test
    void userAndPasswordOfTheUrlCountToo() throws Exception {
        assertThat(settings("jdbc:postgresql://db.example/a%20b?user=u&password=p%26w", "", ""))
                .containsEntry("PGUSER", "u")
                .containsEntry("PGPASSWORD", "p&w")
                .containsEntry("PGDATABASE", "a b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://db.example/mail?sslfactory=org.postgresql.ssl.NonValidatingFactory",
                "jdbc:postgresql://db.example/mail?sslmode=verify-full&sslpassword=secret",
                "jdbc:postgresql://db.example/mail?targetServerType=secondary",
                "jdbc:postgresql://db.example:port/mail"
            })
    void whatTheyCannotDoTheyAreNotAskedFor(String url) {
        assertThatThrownBy(() -> new PostgresqlTools(url, "", "").command("pg_dump"))
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("make the copy yourself")
                .hasMessageNotContaining("secret");
    }
}
