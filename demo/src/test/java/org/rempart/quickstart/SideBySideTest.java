/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.RawMessage.Field;
import org.rempart.quickstart.SideBySide.Mark;

class SideBySideTest {
    @Test
    void setsEqualFieldsOnEqualLines() {
        assertThat(table("From: a\r\nX-Spam: no\r\nSubject: hello\r\n", "From: a\r\nSubject: hello\r\n"))
                .isEqualTo("""
                        From: a                From: a
                        X-Spam: no           <
                        Subject: hello         Subject: hello""");
    }

    @Test
    void marksChangesAndAdditions() {
        assertThat(table("Received: x\r\nTo: b\r\n", "X-New: 1\r\nReceived: y\r\nTo: b\r\nX-End: 2\r\n"))
                .isEqualTo("""
                                             > X-New: 1
                        Received: x          ~ Received: y
                        To: b                  To: b
                                             > X-End: 2""");
    }

    @Test
    void differentFieldsAreNotPaired() {
        assertThat(table("A: 1\r\n", "B: 1\r\n")).isEqualTo("A: 1                 <\n                     > B: 1");
    }

    @Test
    void wrapsLongFieldsAndUnfoldsThem() {
        assertThat(table("Received: from somewhere\r\n\tby elsewhere\r\n", "")).isEqualTo("""
                        Received: from       <
                          somewhere by       <
                          elsewhere          <""");
        assertThat(table("X: " + "y".repeat(30) + "\r\n", "")).isEqualTo("""
                        X: yyyyyyyyyyyyyyyyy <
                          yyyyyyyyyyyyy      <""");
    }

    @Test
    void writesNothingThatATerminalObeys() {
        assertThat(table("Subject: \u001B[2J\u00E9\r\n", "")).isEqualTo("Subject: ?[2J?       <");
    }

    @Test
    void marksAreThere() {
        assertThat(SideBySide.render(List.of(new Field("A", "A: 1")), List.of(new Field("A", "A: 2")), 80))
                .extracting(SideBySide.Line::mark)
                .containsExactly(Mark.CHANGED);
        assertThat(SideBySide.render(List.of(), List.of(), 80)).isEmpty();
    }

    @Test
    void cutsAMessageAtTheEmptyLine() {
        RawMessage message = message("A: 1\r\n folded\r\nb : 2\r\nnot a field\r\n\r\nbody\r\n\r\nmore");
        assertThat(message.fields())
                .containsExactly(
                        new Field("A", "A: 1 folded"),
                        new Field("b", "b : 2"),
                        new Field("not a field", "not a field"));
        assertThat(new String(message.body(), StandardCharsets.US_ASCII)).isEqualTo("body\r\n\r\nmore");
        assertThat(message("\r\nonly body").fields()).isEmpty();
        assertThat(message("\r\nonly body").body()).hasSize(9);
        assertThat(message("A: 1\r\n").body()).isEmpty();
        assertThat(message("A: 1\r\n").fields()).containsExactly(new Field("A", "A: 1"));
    }

    /** 43 columns: 20 for each side, 3 between them. */
    private static String table(String left, String right) {
        return SideBySide.render(message(left).fields(), message(right).fields(), 43).stream()
                .map(SideBySide.Line::text)
                .collect(Collectors.joining("\n"));
    }

    private static RawMessage message(String text) {
        return RawMessage.of(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
