/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.james.smtpserver.dsn.DSNEhloHook;
import org.apache.james.smtpserver.dsn.DSNMailParameterHook;
import org.apache.james.smtpserver.dsn.DSNMessageHook;
import org.apache.james.smtpserver.dsn.DSNRcptParameterHook;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** Listeners that lack a handler which another one relies on, started by James itself. */
@Tag("james-3.8")
class ListenerCheckTest {
    /** What a submission listener can do without and still keep each promise: it counts and tells, or refuses earlier. */
    private static final List<Class<?>> DISPENSABLE = List.of(
            QueueSpaceHook.class,
            RecipientLimitHook.class,
            StructureHook.class,
            RelayHook.class,
            ForwardedSenderHook.class,
            KnownRecipientHook.class,
            UnusualUseHook.class,
            TlsFactsHook.class,
            DSNEhloHook.class,
            DSNMailParameterHook.class,
            DSNRcptParameterHook.class,
            DSNMessageHook.class,
            RequireTlsParameterHook.class);

    @TempDir
    private Path home;

    static Stream<Class<?>> indispensableForSubmission() {
        return SubmissionHandlers.OURS.stream().filter(handler -> !DISPENSABLE.contains(handler));
    }

    @ParameterizedTest
    @MethodSource("indispensableForSubmission")
    void aSubmissionListenerWithoutOneOfItsChecksDoesNotStart(Class<?> missing) {
        assertThatThrownBy(() -> start(Listener.submission().handlers(without(SubmissionHandlers.OURS, missing))))
                .hasStackTraceContaining("<handler class=\"" + missing.getName() + "\"/>")
                .hasStackTraceContaining("coreHandlersPackage=\"org.rempart.smtp.SubmissionHandlers\"");
    }

    @ParameterizedTest
    @MethodSource("indispensableForMx")
    void anMxWithoutOneOfItsChecksDoesNotStart(Class<?> missing) {
        assertThatThrownBy(() -> start(Listener.mx().handlers(without(MxHandlers.OURS, missing))))
                .hasStackTraceContaining("<handler class=\"" + missing.getName() + "\"/>")
                .hasStackTraceContaining("coreHandlersPackage=\"org.rempart.smtp.MxHandlers\"");
    }

    static Stream<Class<?>> indispensableForMx() {
        return Stream.of(SessionGuard.class, StrictLinesFilter.class, RefuseAuthHook.class);
    }

    @Test
    void ourLoginAloneDoesNotTakePasswordsInClearText() {
        assertThatThrownBy(() -> start(Listener.submission().handlers())).hasStackTraceContaining("<handler class=\"");
    }

    @Test
    void theGuardComesFirst() {
        List<Class<?>> misordered = new ArrayList<>(SubmissionHandlers.OURS);
        misordered.remove(SessionGuard.class);
        misordered.add(SessionGuard.class);

        assertThatThrownBy(() -> start(Listener.submission().handlers(misordered.toArray(Class<?>[]::new))))
                .hasStackTraceContaining("SessionGuard has to stand before");
    }

    @Test
    void aListenerEitherTakesLoginsOrRefusesThem() {
        List<Class<?>> both = new ArrayList<>(SubmissionHandlers.OURS);
        both.add(RefuseAuthHook.class);

        assertThatThrownBy(() -> start(Listener.submission().handlers(both.toArray(Class<?>[]::new))))
                .hasStackTraceContaining("RefuseAuthHook refuses the logins");
    }

    @Test
    void whatRefusesAndReliesOnNothingCanBeAddedToAnyListener() throws Exception {
        start(Listener.stock(), Listener.mx().handlers(MxHandlers.OURS.toArray(Class<?>[]::new)));
    }

    @Test
    void theLimitOfRecipientsCanBeLowered() throws Exception {
        RecipientLimitHook hook = new RecipientLimitHook();
        org.apache.commons.configuration2.BaseConfiguration low =
                new org.apache.commons.configuration2.BaseConfiguration();
        low.addProperty("maxRcpt", "5000");

        assertThatThrownBy(() -> hook.init(low)).hasMessageContaining("from 100 (RFC 5321) to 1000");
        low.setProperty("maxRcpt", "100");
        hook.init(low);
        assertThat(hook.getMarkerInterfaces()).isNotEmpty();
    }

    private void start(Listener... listeners) throws Exception {
        SmtpTestServer.start(home, null, listeners).close();
    }

    private static Class<?>[] without(List<Class<?>> all, Class<?> missing) {
        return all.stream().filter(handler -> handler != missing).toArray(Class<?>[]::new);
    }
}
