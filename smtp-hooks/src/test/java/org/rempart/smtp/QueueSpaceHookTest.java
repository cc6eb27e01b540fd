/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.commons.configuration2.BaseConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.MaybeSender;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPResponse;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueueSpaceHookTest {
    private static final AttachmentKey<Integer> STATED_SIZE = AttachmentKey.of("MESG_SIZE", Integer.class);
    private static final byte[] DOT = bytes(".\r\n");
    private static final byte[] LINE = bytes("text\r\n");

    @TempDir
    Path home;

    private final AtomicLong free = new AtomicLong();
    private final AtomicLong nanoTime = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private final FakeConnection client = new FakeConnection();
    private boolean unreadable;
    private QueueSpaceHook hook;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @BeforeEach
    void start() throws ConfigurationException {
        client.maxMessageSize = 1000;
        hook = hook(1 << 20);
        hook.init(config("10000"));
        tick();
    }

    private QueueSpaceHook hook(long freeAtTheStart) {
        free.set(freeAtTheStart);
        FileSystem fileSystem = FakeConnection.proxy(
                FileSystem.class,
                (method, arguments) -> home.resolve(((String) arguments[0]).substring("file://".length()))
                        .toFile());
        return new QueueSpaceHook(
                fileSystem,
                folder -> {
                    asked.incrementAndGet();
                    if (unreadable) {
                        throw new IOException("gone");
                    }
                    return free.get();
                },
                nanoTime::get);
    }

    private static BaseConfiguration config(String reserve) {
        BaseConfiguration config = new BaseConfiguration();
        config.addProperty("reserve", reserve);
        return config;
    }

    private void tick() {
        nanoTime.addAndGet(TimeUnit.SECONDS.toNanos(1));
    }

    private HookResult mail() {
        return hook.doMail(client.session(), MaybeSender.nullSender());
    }

    private static void assertNoRoom(HookResult result) {
        assertThat(result.getResult()).isEqualTo(HookReturnCode.denySoft());
        assertThat(result.getSmtpRetCode()).isEqualTo("452");
        assertThat(result.getSmtpDescription()).isEqualTo("4.3.1 Insufficient system storage");
    }

    @Test
    void thereMustBeRoomForTheLargestMessageAndAHalfAboveTheReserve() {
        free.set(11_500);
        assertThat(mail()).isEqualTo(HookResult.DECLINED);
        tick();
        free.set(11_499);
        assertNoRoom(mail());
    }

    @Test
    void aStatedSizeCountsInTheLargestOnesPlace() {
        free.set(10_200);
        client.with(STATED_SIZE, 100, State.Transaction);
        assertThat(mail()).isEqualTo(HookResult.DECLINED);
        client.with(STATED_SIZE, 200, State.Transaction);
        assertNoRoom(mail());
        // RFC 1870, section 6.1: 0 states nothing.
        client.with(STATED_SIZE, 0, State.Transaction);
        assertNoRoom(mail());
    }

    @Test
    void itRecoversByItselfAndEachChangeIsToldOnce() {
        try (AuditRecorder audit = new AuditRecorder()) {
            free.set(0);
            assertNoRoom(mail());
            assertNoRoom(mail());
            free.set(1 << 20);
            tick();
            assertThat(mail()).isEqualTo(HookResult.DECLINED);
            assertThat(mail()).isEqualTo(HookResult.DECLINED);
            assertThat(audit.events("storage-full")).hasSize(1);
            assertThat(audit.events("storage-full").get(0)).contains("\"free\":0,\"needed\":11500");
            assertThat(audit.events("storage-recovered")).hasSize(1);
        }
    }

    @Test
    void aFileSystemIsAskedOnceASecond() {
        mail();
        int first = asked.get();
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(999));
        mail();
        assertThat(asked).hasValue(first);
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
        mail();
        assertThat(asked.get()).isGreaterThan(first);
    }

    @Test
    void whatCannotBeAskedForIsAnsweredForNow() {
        unreadable = true;
        assertThat(mail().getSmtpRetCode()).isEqualTo("451");
        unreadable = false;
        assertThat(mail()).isEqualTo(HookResult.DECLINED);
    }

    @Test
    void aFolderThatIsNamedHasToBeThere() {
        BaseConfiguration config = config("0");
        config.addProperty("folder", "file://vra");
        assertThatThrownBy(() -> hook(0).init(config))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("<folder>file://vra</folder>");
        assertThatThrownBy(() -> hook(0).init(config("1G")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("<reserve>1G</reserve>");
    }

    @Test
    void aMessageThatCannotBeWrittenIsReadToItsEndAndAnsweredThere() {
        SMTPSession session = client.session();
        assertThat(hook.onLine(session, LINE, jamesFails("No space left on device")))
                .isNull();
        assertThat(client.lineHandlers).hasSize(1);
        assertThat(rest(LINE)).isNull();
        assertThat(rest(bytes("..\r\n"))).isNull();
        Response answer = rest(DOT);
        assertThat(answer.getRetCode()).isEqualTo("452");
        assertThat(answer.isEndSession()).isFalse();
        assertThat(client.lineHandlers).isEmpty();
    }

    @Test
    void aMessageThatCannotBeFinishedIsAnsweredAtOnce() {
        Response answer = hook.onLine(client.session(), DOT, jamesFails("Too many open files"));
        assertThat(answer.getRetCode()).isEqualTo("451");
        assertThat(String.join("", answer.getLines())).doesNotContain("files");
        assertThat(answer.isEndSession()).isFalse();
        assertThat(client.lineHandlers).isEmpty();
    }

    @Test
    void otherAnswersAreLeftAlone() {
        Response other = new SMTPResponse("250", "2.6.0 Message received");
        assertThat(hook.onLine(client.session(), DOT, (session, line) -> other)).isSameAs(other);
        assertThat(hook.onLine(client.session(), LINE, (session, line) -> null)).isNull();
    }

    /** As James's DataLineJamesMessageHookHandler answers a failed write. */
    private static LineHandler<SMTPSession> jamesFails(String reason) {
        SMTPResponse response = new SMTPResponse("451", "4.0.0 Error processing message: " + reason);
        response.setEndSession(true);
        return (session, line) -> response;
    }

    @SuppressWarnings("unchecked") // The fake keeps what it was given.
    private Response rest(byte[] line) {
        return ((LineHandler<SMTPSession>) client.lineHandlers.peek()).onLine(client.session(), line);
    }
}
