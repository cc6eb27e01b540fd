/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPConfiguration;
import org.apache.james.protocols.smtp.SMTPSession;

/** An SMTP session without a server, for the moments that no real client can bring about at will. */
final class FakeConnection {
    final Map<Object, Object> connection = new HashMap<>();
    final Map<Object, Object> transaction = new HashMap<>();
    final Deque<LineHandler<?>> lineHandlers = new ArrayDeque<>();

    String client = "192.0.2.25";
    String account;
    /** What SIZE announces. */
    long maxMessageSize;

    boolean authAnnounced;
    boolean relayingAllowed;
    /** Whether James says that TLS has started, which it does before the handshake. */
    boolean tlsStarted;
    /** The cipher suite, as JSSE has it: SSL_NULL_WITH_NULL_NULL until the handshake is done. */
    String cipher = "SSL_NULL_WITH_NULL_NULL";

    FakeConnection encrypted() {
        tlsStarted = true;
        cipher = "TLS_AES_256_GCM_SHA384";
        return this;
    }

    <T> FakeConnection with(AttachmentKey<T> key, T value, State state) {
        (state == State.Connection ? connection : transaction).put(key, value);
        return this;
    }

    SMTPSession session() {
        return proxy(SMTPSession.class, this::answer);
    }

    private Object answer(String method, Object[] arguments) {
        switch (method) {
            case "getUsername":
                return account == null ? null : Username.of(account);
            case "getRemoteAddress":
                return new InetSocketAddress(client, 40000);
            case "getLocalAddress":
                return new InetSocketAddress(InetAddress.getLoopbackAddress(), 25);
            case "getSessionID":
                return "1f3a9c";
            case "isTLSStarted":
                return tlsStarted;
            case "isStartTLSSupported":
                return true;
            case "isAuthAnnounced":
                return authAnnounced;
            case "isRelayingAllowed":
                return relayingAllowed;
            case "setRelayingAllowed":
                relayingAllowed = (Boolean) arguments[0];
                return null;
            case "getSSLSession":
                return tlsStarted ? Optional.of(proxy(SSLSession.class, this::tls)) : Optional.empty();
            case "getConfiguration":
                return proxy(SMTPConfiguration.class, this::configuration);
            case "getAttachment":
                return Optional.ofNullable(state(arguments[1]).get(arguments[0]));
            case "setAttachment":
                return Optional.ofNullable(state(arguments[2]).put(arguments[0], arguments[1]));
            case "removeAttachment":
                return Optional.ofNullable(state(arguments[1]).remove(arguments[0]));
            case "resetState":
                transaction.clear();
                return null;
            case "pushLineHandler":
                lineHandlers.push((LineHandler<?>) arguments[0]);
                return null;
            case "popLineHandler":
                lineHandlers.poll();
                return null;
            case "needsCommandInjectionDetection":
                // As James has it until it has seen a DATA.
                return true;
            default:
                throw new UnsupportedOperationException(method);
        }
    }

    private Map<Object, Object> state(Object state) {
        return state == State.Connection ? connection : transaction;
    }

    private Object tls(String method, Object[] arguments) {
        switch (method) {
            case "getCipherSuite":
                return cipher;
            case "getProtocol":
                return "TLSv1.3";
            default:
                throw new UnsupportedOperationException(method);
        }
    }

    private Object configuration(String method, Object[] arguments) {
        switch (method) {
            case "getHelloName":
                return "mail.ours.example";
            case "getMaxMessageSize":
                return maxMessageSize;
            case "isPlainAuthEnabled":
                return true;
            default:
                throw new UnsupportedOperationException(method);
        }
    }

    @FunctionalInterface
    interface Answers {
        Object to(String method, Object[] arguments) throws Throwable;
    }

    static <T> T proxy(Class<T> type, Answers answers) {
        return type.cast(Proxy.newProxyInstance(
                FakeConnection.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> answers.to(method.getName(), arguments)));
    }
}
