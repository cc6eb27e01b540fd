/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;

/** One policy for a server, read once. */
class ServerPolicyTest {
    private static final Optional<String> DEFAULT = Optional.empty();

    @TempDir
    private Path home;

    private int read;
    private ServerPolicy server;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(home.resolve("conf"));
        write("rempart.xml", "<policy><relay/></policy>");
        write("other.xml", "<policy/>");
        server = new ServerPolicy(new FileSystem() {
            @Override
            public InputStream getResource(String url) throws IOException {
                read++;
                return url.startsWith("classpath:")
                        ? new ByteArrayInputStream("<policy/>".getBytes(StandardCharsets.US_ASCII))
                        : new FileInputStream(getFile(url));
            }

            @Override
            public File getFile(String url) throws FileNotFoundException {
                if (!url.startsWith("file://")) {
                    throw new FileNotFoundException(url + " is not on a disk");
                }
                return home.resolve(url.substring("file://".length())).toFile();
            }

            @Override
            public File getBasedir() {
                return home.toFile();
            }
        });
    }

    private void write(String name, String policy) throws IOException {
        Files.writeString(home.resolve("conf").resolve(name), policy);
    }

    @Test
    void allWhoAskGetTheOneThatWasRead() throws Exception {
        Policy policy = server.asked(DEFAULT, "RelayHook in smtpserver.xml");
        assertThat(policy.relay().rules()).isEmpty();
        write("rempart.xml", "<policy><no-policy-any-more/></policy>");
        assertThat(server.asked(DEFAULT, "StripHeaders in mailetcontainer.xml")).isSameAs(policy);
        assertThat(read).isOne();
    }

    @Test
    void oneFileMayHaveSeveralNames() throws Exception {
        Policy policy = server.asked(Optional.of("file://conf/other.xml"), "RelayHook in smtpserver.xml");
        assertThat(server.asked(Optional.of("file://conf/../conf/other.xml"), "StripHeaders in mailetcontainer.xml"))
                .isSameAs(policy);
    }

    @Test
    void twoFilesAreAFault() throws Exception {
        server.asked(Optional.of("file://conf/other.xml"), "RelayHook in smtpserver.xml");
        assertThatThrownBy(() -> server.asked(DEFAULT, "StripHeaders in mailetcontainer.xml"))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "a server has one policy, but RelayHook in smtpserver.xml has that of file://conf/other.xml,"
                                + " and StripHeaders in mailetcontainer.xml that of file://conf/rempart.xml, since it names none;"
                                + " name the same file in both, or none in either");
        assertThatThrownBy(() -> server.asked(Optional.of("classpath:rempart.xml"), "SignMail in mailetcontainer.xml"))
                .hasMessageContaining("that of classpath:rempart.xml; name");
    }

    @Test
    void aFaultIsNoPolicy() throws Exception {
        write("rempart.xml", "<policy><relai/></policy>");
        assertThatThrownBy(() -> server.asked(DEFAULT, "RelayHook in smtpserver.xml"))
                .isInstanceOf(PolicyException.class);
        assertThatThrownBy(() -> server.asked(Optional.of("file://conf/absent.xml"), "RelayHook in smtpserver.xml"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no file");
        assertThat(server.asked(Optional.of("file://conf/other.xml"), "RelayHook in smtpserver.xml"))
                .isNotNull();
    }
}
