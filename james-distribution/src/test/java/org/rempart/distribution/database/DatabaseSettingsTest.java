/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

class DatabaseSettingsTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void conf() throws IOException {
        Files.createDirectories(folder.resolve("conf"));
    }

    private DatabaseSettings settings(String text) throws IOException, FaultException {
        Files.writeString(folder.resolve("conf/james-database.properties"), text);
        return DatabaseSettings.of(new Home(folder));
    }

    @Test
    void anAbsentFileMeansTheEmbeddedDatabase() throws Exception {
        DatabaseSettings settings = DatabaseSettings.of(new Home(folder));
        assertThat(settings.kind()).isEqualTo(DatabaseSettings.Kind.DERBY);
        assertThat(settings.url()).isEqualTo("jdbc:derby:" + folder.resolve("var/database") + ";create=true");
    }

    @Test
    void nothingSetMeansTheEmbeddedDatabase() throws Exception {
        assertThat(settings("# nothing\n").kind()).isEqualTo(DatabaseSettings.Kind.DERBY);
        assertThat(settings("datasource.maxTotal=12\n").connections()).isEqualTo(12);
    }

    @Test
    void postgresql() throws Exception {
        DatabaseSettings settings = settings("""
                database.url=jdbc:postgresql://db.example/mail
                database.username=rempart
                database.password=   secret\s
                """);
        assertThat(settings.kind()).isEqualTo(DatabaseSettings.Kind.POSTGRESQL);
        assertThat(settings.user()).isEqualTo("rempart");
        assertThat(settings.password()).isEqualTo("secret");
        assertThat(settings.toString()).doesNotContain("secret");
    }

    @Test
    void thePasswordFromAFile() throws Exception {
        Files.writeString(folder.resolve("conf/database.password"), "from a file\n");
        assertThat(settings("""
                                database.url=jdbc:postgresql://db.example/mail
                                database.username=rempart
                                database.passwordFile=conf/database.password
                                """).password()).isEqualTo("from a file");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    database.url=jdbc:h2:mem:x                                  | jdbc:postgresql://HOST/DATABASE
                    database.driverClassName=org.postgresql.Driver              | there is no setting database.driverClassName
                    datasource.maxTotal=many                                    | write a number from 8 on
                    datasource.maxTotal=2                                       | write a number from 8 on
                    database.url=jdbc:postgresql:x\\ndatabase.passwordFile=gone | gone can't be read
                    """)
    void faults(String text, String told) {
        assertThatThrownBy(() -> settings(text.replace("\\n", "\n")))
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/james-database.properties: ")
                .hasMessageContaining(told);
    }

    @Test
    void twoPasswords() {
        assertThatThrownBy(() -> settings("""
                        database.url=jdbc:postgresql:x
                        database.password=a
                        database.passwordFile=conf/database.password
                        """))
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("both");
    }
}
