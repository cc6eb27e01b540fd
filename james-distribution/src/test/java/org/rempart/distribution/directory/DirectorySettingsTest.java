/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

class DirectorySettingsTest {
    private static final Path OVERLAY = Path.of("../conf/src/main/conf/overlays/ldap/usersrepository.xml");

    @TempDir
    private Path folder;

    private Home home;
    private String overlay;

    @BeforeEach
    void overlay() throws Exception {
        home = new Home(folder);
        Files.createDirectories(home.conf(""));
        Files.writeString(home.conf("directory.password"), "secret\n");
        overlay = Files.readString(OVERLAY);
    }

    private DirectorySettings read(String xml) throws Exception {
        Files.writeString(home.conf("usersrepository.xml"), xml);
        return DirectorySettings.of(home).orElseThrow();
    }

    @Test
    void theOverlayIsRight() throws Exception {
        DirectorySettings settings = read(overlay);
        assertThat(settings.servers()).hasSize(2);
        assertThat(settings.servers().get(0)).hasToString("directory-1.example.com:636");
        assertThat(settings.implicitTls()).isTrue();
        assertThat(settings.bindPassword()).isEqualTo("secret");
        assertThat(settings.login()).containsExactly("mail", "uid");
        assertThat(settings.answerTimeout()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void otherFilesAreOfNoDirectory() throws Exception {
        assertThat(DirectorySettings.of(home)).isEmpty();
        Files.writeString(home.conf("usersrepository.xml"), "<usersrepository/>");
        assertThat(DirectorySettings.of(home)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ldaps://directory-1.example.com|ldap://directory-1.example.com|would send passwords in clear text",
                "ldaps://directory-2.example.com|ldap://directory-2.example.com|is not ldaps as the first one is",
                "ldaps://directory-1.example.com|directory-1.example.com|is no directory server; write ldaps://",
                "ldaps://directory-1.example.com|ldaps://directory-1.example.com/dc=x|is no directory server",
                "<account>|<startTls>true</startTls><account>|does not go with ldaps://",
                "<account>|<trust>conf/tls/absent.pem</trust><account>|can't be read; put the certificate",
                "<account>|<acount/><account>|has no element <acount>; possible are account,",
                "<account>|<base>dc=x</base><account>|<base> stands twice; leave one",
                "conf/directory.password|conf/absent|can't be read; put the password of <bindDn> there",
                "(objectClass=inetOrgPerson)|objectClass=(|is no filter (RFC 4515)",
                "<base>ou=people|<base>people|is no distinguished name (RFC 4514)",
                "<login>uid|<login>uid,|names the attribute",
                "<account>|<contact>admin</contact><account>|is no address; write the <account> of who gets",
                "<connections>8|<connections>0|is not a number from 1 to 200; write 8",
                "<connectTimeout>3|<connectTimeout>3s|is not a number from 1 to 60; write 3",
            })
    void whatIsWrongIsSaidWithWhatIsRight(String written, String wrong, String message) {
        assertThatThrownBy(() -> read(overlay.replace(written, wrong)))
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/usersrepository.xml: ")
                .hasMessageContaining(message);
    }

    @Test
    void anEmptyPasswordStopsTheStart() throws Exception {
        Files.writeString(home.conf("directory.password"), "\n");
        assertThatThrownBy(() -> read(overlay)).hasMessageContaining("holds no password");
    }
}
