/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;
import org.slf4j.LoggerFactory;

/** A password that is typed where the name belongs is in no log, whatever becomes of the login. */
@Tag("james-3.8")
class LoginNamesTest {
    private static final String SECRET = "x7-tr0ub4dor";

    /** All that is logged from INFO on, with the messages of exceptions. */
    private static final class Log extends AppenderBase<ILoggingEvent> implements AutoCloseable {
        private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        private final Logger ours = (Logger) LoggerFactory.getLogger("org.rempart");
        private final List<String> lines = new CopyOnWriteArrayList<>();

        Log() {
            setContext(root.getLoggerContext());
            start();
            ours.setLevel(Level.INFO);
            root.addAppender(this);
        }

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
                lines.add(event.getFormattedMessage());
                for (IThrowableProxy t = event.getThrowableProxy(); t != null; t = t.getCause()) {
                    lines.add(String.valueOf(t.getMessage()));
                }
            }
        }

        @Override
        public void close() {
            root.detachAppender(this);
            ours.setLevel(null);
            stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SECRET, SECRET + "@ours.example"})
    void whileTheAccountsCannotBeAsked(String typed, @TempDir Path home) throws Exception {
        try (SmtpTestServer server = SmtpTestServer.start(home, null, Listener.submission());
                Log log = new Log();
                SmtpClient client = server.connect(0).ehlo().startTls().ehlo()) {
            server.breakUsers(true);
            assertThat(client.command("AUTH PLAIN " + SmtpClient.plain(typed, "any")))
                    .matches("(?s)[45]...*");
            assertThat(log.lines).isNotEmpty().noneMatch(line -> line.contains(SECRET));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SECRET, SECRET + "@ours.example", SECRET + "@elsewhere.example"})
    void nobodyOfThatName(String typed, @TempDir Path home) throws Exception {
        String policy = "<policy><submission><failures per=\"account\" limit=\"2/10m\" then=\"block/1h\"/></submission>"
                + "</policy>";
        try (SmtpTestServer server = SmtpTestServer.start(home, policy, Listener.submission());
                Log log = new Log();
                AuditRecorder trail = new AuditRecorder();
                SmtpClient client = server.connect(0).ehlo().startTls().ehlo()) {
            for (int guess = 0; guess < 4; guess++) {
                client.command("AUTH PLAIN " + SmtpClient.plain(typed, "any" + guess));
            }
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "any"), "535");

            assertThat(log.lines).noneMatch(line -> line.contains(SECRET));
            for (String event : List.of("login-failed", "blocked", "blocked-refused")) {
                assertThat(trail.events(event)).isNotEmpty().noneMatch(line -> line.contains(SECRET));
            }
            assertThat(trail.events("login-failed")).last().asString().contains("\"account\":\"alice@ours.example\"");
        }
    }
}
