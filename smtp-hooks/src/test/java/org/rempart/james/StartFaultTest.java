/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.james;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartFaultTest {
    /** As classes of ours throw it. */
    private static Throwable ours(String message, Throwable cause) {
        return new IllegalStateException(message, cause);
    }

    private static Throwable ofJava() {
        return catchThrowable(() -> List.of().get(0));
    }

    @Test
    void theFirstOfOursIsTheOneToRead() {
        Throwable fault = ours("OwnFromHook: conf/rempart.xml:3: no such element", ours("no such element", null));
        RuntimeException ofJames = new RuntimeException("Error loading handler", fault);
        ofJames.setStackTrace(
                new StackTraceElement[] {new StackTraceElement("org.apache.james.Loader", "load", "", 1)});

        assertThat(StartFault.ofOurs(ofJames)).contains("OwnFromHook: conf/rempart.xml:3: no such element");
    }

    @Test
    void othersFaultsAreNotTakenForOurs() {
        assertThat(StartFault.ofOurs(ofJava())).isEmpty();
        assertThat(StartFault.ofOurs(null)).isEmpty();
        assertThat(StartFault.ofOurs(ours(null, ofJava()))).isEmpty();
    }

    @Test
    void aCircleOfCausesEnds() {
        Exception first = new Exception("first");
        Exception second = new Exception("second", first);
        first.initCause(second);
        StackTraceElement[] james = {new StackTraceElement("org.apache.james.Loader", "load", "", 1)};
        first.setStackTrace(james);
        second.setStackTrace(james);

        assertThat(StartFault.ofOurs(first)).isEmpty();
    }
}
