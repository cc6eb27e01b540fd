/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenerTest {
    @TempDir
    Path folder;

    private TestHome home;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    @Test
    void allThatIsSwitchedOnIsFound() throws Exception {
        assertThat(Listener.of(home.home()))
                .extracting(Listener::name)
                .containsExactly("mx", "submission", "submissions", "imap", "imaps", "webadmin");
    }

    @Test
    void everyMailListenerSpeaksOnlyNewTls() throws Exception {
        assertThat(Listener.of(home.home()))
                .filteredOn(listener -> !listener.name().equals("webadmin"))
                .hasSize(5)
                .allSatisfy(listener -> {
                    assertThat(listener.tls()).isTrue();
                    assertThat(listener.protocols()).containsExactly("TLSv1.3", "TLSv1.2");
                });
    }

    @Test
    void theAdministrationListensOnLoopback() throws Exception {
        assertThat(Listener.of(home.home()))
                .filteredOn(listener -> listener.name().equals("webadmin"))
                .singleElement()
                .satisfies(
                        listener -> assertThat(listener.address().getAddress().isLoopbackAddress())
                                .isTrue());
    }

    @Test
    void whatIsSwitchedOffIsNotCounted() throws Exception {
        home.replace("imapserver.xml", "<imapserver enabled=\"true\">", "<imapserver enabled=\"false\">");
        home.replace("webadmin.properties", "enabled=true", "enabled=false");

        assertThat(Listener.of(home.home()))
                .extracting(Listener::name)
                .containsExactly("mx", "submission", "submissions", "imaps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"port=", "port=web", "port=99999"})
    void aWrongPortOfTheAdministrationIsTold(String port) throws Exception {
        home.write("webadmin.properties", "enabled=true\nhost=127.0.0.1\n" + port + "\n");

        assertThatThrownBy(() -> Listener.of(home.home()))
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/webadmin.properties: ")
                .hasMessageContaining("is not a port");
    }

    @Test
    void entitiesAreNotExpanded() throws Exception {
        home.replace(
                "smtpserver.xml",
                "<smtpservers>",
                "<!DOCTYPE smtpservers [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><smtpservers>");

        assertThatThrownBy(() -> Listener.of(home.home()))
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("DOCTYPE");
    }

    @Test
    void aMissingFileIsNamed() throws Exception {
        Files.delete(home.home().conf("smtpserver.xml"));

        assertThatThrownBy(() -> Listener.of(home.home()))
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/smtpserver.xml: can't be read");
    }
}
