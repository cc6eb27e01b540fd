/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClientFaultsTest {
    private final AtomicLong now = new AtomicLong();
    private final LoggerContext context = new LoggerContext();
    private final List<ILoggingEvent> lines = new ArrayList<>();
    private Logger listener;
    private Logger other;

    @BeforeEach
    void start() {
        context.addTurboFilter(new ClientFaults(now::get));
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                lines.add(event);
            }
        };
        appender.setContext(context);
        appender.start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(appender);
        listener = context.getLogger("org.apache.james.protocols.netty.BasicChannelInboundHandler");
        other = context.getLogger("org.rempart.mailet.delivery");
    }

    private static IOException scanner() {
        return new IOException("wrapped", new SSLHandshakeException("Client requested protocol TLSv1"));
    }

    @Test
    void whatAClientDoesWrongIsOneLine() {
        listener.error("Unable to process request", scanner());
        listener.warn("{} from {}", "Unable", "192.0.2.1", new IOException("Connection reset by peer"));

        assertThat(lines)
                .hasSize(2)
                .allSatisfy(line -> assertThat(line.getThrowableProxy()).isNull());
        assertThat(lines.get(0).getFormattedMessage())
                .isEqualTo("Unable to process request: javax.net.ssl.SSLHandshakeException: Client requested protocol"
                        + " TLSv1");
        assertThat(lines.get(0).getLevel()).isEqualTo(Level.ERROR);
        assertThat(lines.get(1).getFormattedMessage()).startsWith("Unable from 192.0.2.1: ");
    }

    @Test
    void notMoreThanTenOfAKindAreWrittenInAMinute() {
        for (int i = 0; i < 1000; i++) {
            listener.error("Unable to process request", scanner());
        }
        assertThat(lines).hasSize(10);
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        listener.error("Unable to process request", scanner());
        assertThat(lines).hasSize(11);
        assertThat(lines.get(10).getFormattedMessage()).endsWith("(and 990 like it in the minute before)");
    }

    @Test
    void faultsOfTheServerKeepTheirStack() {
        listener.error("Unable to process request", new IllegalStateException("ours"));
        other.error("Delivery failed", scanner());

        assertThat(lines)
                .hasSize(2)
                .allSatisfy(line -> assertThat(line.getThrowableProxy()).isNotNull());
    }

    /** By the pattern that the packaged server has. */
    @Test
    void whatAClientSendsMakesNoLineEvenInsideAnException() throws IOException {
        Matcher pattern = Pattern.compile("<pattern>(.*rEx.*)</pattern>")
                .matcher(Files.readString(Path.of("../conf/src/main/conf/logback.xml")));
        assertThat(pattern.find()).isTrue();
        PatternLayout layout = new PatternLayout();
        layout.setContext(context);
        layout.setPattern(pattern.group(1));
        layout.start();
        other.error("Failed", new IOException("bad\r\n2026-11-30T00:00:00 INFO forged", new IOException("a\nb")));

        String[] written = layout.doLayout(lines.get(0)).split("\n");
        assertThat(written).noneMatch(line -> line.startsWith("2026-11-30T00:00:00 INFO") || line.startsWith("b"));
        assertThat(written).anyMatch(line -> line.startsWith("\tat "));
        assertThat(layout.doLayout(lines.get(0))).endsWith("\n").contains("bad | 2026-11-30T00:00:00 INFO forged");
    }
}
