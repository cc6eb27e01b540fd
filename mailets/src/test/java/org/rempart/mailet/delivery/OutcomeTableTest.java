/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.mailet.AttributeValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.Outcome.Scope;

/** The table as a whole; what a delivery makes of each of its lines is seen where peers are. */
class OutcomeTableTest {
    @Test
    void theDocumentPrintsIt() throws Exception {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/delivery.md"))) {
            folder = folder.getParent();
        }
        List<String> printed = Files.readAllLines(folder.resolve("docs/delivery.md"), StandardCharsets.UTF_8).stream()
                .dropWhile(line -> !line.equals("| at | what happens | scope | fate |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .collect(Collectors.toList());
        assertThat(printed)
                .isEqualTo(OutcomeTable.rows().stream()
                        .map(OutcomeTable.Row::toString)
                        .collect(Collectors.toList()));
    }

    @Test
    void eachPairHasOneLine() {
        assertThat(OutcomeTable.rows())
                .extracting(row -> row.stage() + " " + row.event())
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(
            value = Stage.class,
            names = {"GREETING", "EHLO", "STARTTLS", "AUTH", "RSET", "MAIL", "RCPT", "DATA", "END"})
    void whereverAReplyIsAwaitedAllThatCanComeHasALine(Stage stage) {
        assertThat(OutcomeTable.rows())
                .filteredOn(row -> row.stage() == stage)
                .extracting(OutcomeTable.Row::event)
                .contains(Event.TRANSIENT, Event.GOODBYE, Event.PERMANENT, Event.GARBAGE, Event.LOST, Event.SILENT);
    }

    /** Who is refused for good is told; what may do better elsewhere is no refusal for good, but for REQUIRETLS (RFC 8689). */
    @Test
    void nobodyIsGivenUpForAConnectionOrAHost() {
        assertThat(OutcomeTable.rows())
                .filteredOn(row ->
                        row.event() != Event.UNSUPPORTED || (row.stage() != Stage.POLICY && row.stage() != Stage.TLS))
                .filteredOn(row -> row.scope() == Scope.CONNECTION
                        || row.scope() == Scope.HOST
                        || row.scope() == Scope.TRANSACTION)
                .allSatisfy(row -> assertThat(row.fate()).isEqualTo(Fate.DEFERRED));
    }

    /** A second server would be given a message that the first may have. */
    @Test
    void noOtherHostIsTriedOnceTheMessageMayHaveBeenTaken() {
        assertThat(OutcomeTable.of(Stage.END, Event.LOST).scope()).isEqualTo(Scope.MAIL);
        assertThat(OutcomeTable.of(Stage.END, Event.SILENT).scope()).isEqualTo(Scope.MAIL);
        assertThat(OutcomeTable.of(Stage.END, Event.GARBAGE).scope()).isEqualTo(Scope.MAIL);
    }

    @Test
    void anOutcomeIsTheSameAfterItWasStored() throws Exception {
        for (OutcomeTable.Row row : OutcomeTable.rows()) {
            Outcome outcome = Outcome.replied(
                            row.stage(), row.event(), "mx.example", new SmtpReply(550, List.of("5.1.1 No such user")))
                    .withReports();
            String stored = outcome.toAttribute().toJson().orElseThrow().toString();
            Outcome read = Outcome.ofAttribute(
                            AttributeValue.fromJsonString(stored).value())
                    .orElseThrow();
            assertThat(read).usingRecursiveComparison().isEqualTo(outcome);
        }
        assertThat(Outcome.ofAttribute("550 5.1.1 No such user")).isEmpty();
    }
}
