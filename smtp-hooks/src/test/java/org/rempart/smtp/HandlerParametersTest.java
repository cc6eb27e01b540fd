/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.stream.Stream;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.handler.ProtocolHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.policy.server.ServerPolicy;

class HandlerParametersTest {
    static Stream<ProtocolHandler> handlers() {
        return Stream.of(
                new SessionGuard(),
                new StrictLinesFilter(),
                new RefuseAuthHook(),
                new RequireAuthHook(),
                new TlsFactsHook(),
                new RequireTlsHook(emptyFolder()),
                new KnownRecipientHook(null, null, null, emptyFolder()));
    }

    /** Of a server in which no file is there. */
    private static ServerPolicy emptyFolder() {
        InvocationHandler absent = (proxy, method, arguments) -> {
            throw new FileNotFoundException(String.valueOf(arguments[0]));
        };
        return new ServerPolicy((FileSystem)
                Proxy.newProxyInstance(FileSystem.class.getClassLoader(), new Class<?>[] {FileSystem.class}, absent));
    }

    @ParameterizedTest
    @MethodSource("handlers")
    void oneThatTheHandlerDoesNotTakeStopsTheStart(ProtocolHandler handler) {
        BaseHierarchicalConfiguration config = new BaseHierarchicalConfiguration();
        config.addProperty("[@class]", handler.getClass().getName());
        config.addProperty("polcy", "file://conf/rempart.xml");
        assertThatThrownBy(() -> handler.init(config))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(handler.getClass().getSimpleName())
                .hasMessageContaining("<polcy>")
                .hasMessageContaining("it takes ");
    }

    @ParameterizedTest
    @MethodSource("handlers")
    void noneIsNeeded(ProtocolHandler handler) {
        BaseHierarchicalConfiguration config = new BaseHierarchicalConfiguration();
        config.addProperty("[@class]", handler.getClass().getName());
        assertThatCode(() -> handler.init(config)).doesNotThrowAnyException();
    }

    @Test
    void aPolicyThatIsNamedHasToBeThere() {
        BaseHierarchicalConfiguration config = new BaseHierarchicalConfiguration();
        config.addProperty("policy", "file://conf/other.xml");
        assertThatThrownBy(() -> new RequireTlsHook(emptyFolder()).init(config))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("there is no file file://conf/other.xml");
    }

    @Test
    void oneServerHasOnePolicy() throws Exception {
        ServerPolicy server = emptyFolder();
        new KnownRecipientHook(null, null, null, server).init(new BaseHierarchicalConfiguration());
        BaseHierarchicalConfiguration other = new BaseHierarchicalConfiguration();
        other.addProperty("policy", "file://conf/other.xml");
        assertThatThrownBy(() -> new RequireTlsHook(server).init(other))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "RequireTlsHook: a server has one policy, but KnownRecipientHook in smtpserver.xml has that of"
                                + " file://conf/rempart.xml, and RequireTlsHook in smtpserver.xml that of file://conf/other.xml;"
                                + " name the same file in both, or none in either");
    }
}
