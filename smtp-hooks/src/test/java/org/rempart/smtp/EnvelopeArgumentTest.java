/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeArgumentTest {
    private static final String LONG = "a".repeat(64);

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "TO:<bob@ours.example>|TO:<bob@ours.example>",
                "to:<bob@ours.example>|TO:<bob@ours.example>",
                "TO: <bob@ours.example> |TO:<bob@ours.example>",
                "TO:<\"bob\"@ours.example>|TO:<bob@ours.example>",
                "TO:<\"b\\ob\"@ours.example>|TO:<bob@ours.example>",
                "TO:<\"b.o.b\"@ours.example>|TO:<b.o.b@ours.example>",
                "TO:<\"b b\"@ours.example>|TO:<\"b b\"@ours.example>",
                "TO:<\"b>b\"@ours.example>|TO:<\"b>b\"@ours.example>",
                "TO:<\"b..b\"@ours.example>|TO:<\"b..b\"@ours.example>",
                "TO:<@relay.example:bob@ours.example>|TO:<bob@ours.example>",
                "TO:<@a.example,@b.example:bob@ours.example>|TO:<bob@ours.example>",
                "TO:<Postmaster>|TO:<Postmaster>",
                "TO:<bob@ours.example>  notify=NEVER   ORCPT=rfc822;a+40b|TO:<bob@ours.example> NOTIFY=NEVER ORCPT=rfc822;a+40b",
            })
    void whatIsWellFormedHasOneReading(String argument, String read) throws Exception {
        assertThat(EnvelopeArgument.read("TO", argument)).hasToString(read);
    }

    @Test
    void theNullSenderHasNoAddress() throws Exception {
        assertThat(EnvelopeArgument.read("FROM", "FROM:<> SIZE=5")).hasToString("FROM:<> SIZE=5");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "TO",
                "TO:",
                "TO:bob@ours.example",
                "TO:<bob@ours.example",
                "TO:<\"bob@ours.example>",
                "TO:<bob@ours.example>NOTIFY=NEVER",
                "TO:<bob@ours.example>x",
                "TO:<bob@ours.example> =x",
                "TO:<bob@ours.example> A=",
                "TO:<bob@ours.example> A=1 a=2",
                "TO:<bob@ours.example> A=1=2",
                "TO:<bob@>",
                "TO:<bob@a@b>",
                "TO:<bob@a b>",
                "TO:<@relay.example>",
                "TO:<\"bob\"x@ours.example>",
                "TO:<b b>",
            })
    void whatIsNotIsRefused(String argument) {
        EnvelopeArgument.Fault fault =
                catchThrowableOfType(EnvelopeArgument.Fault.class, () -> EnvelopeArgument.read("TO", argument));

        assertThat(fault.answer().getRetCode()).isIn("501", "553");
    }

    @Test
    void aLocalPartHas64OctetsAtMost() throws Exception {
        assertThat(EnvelopeArgument.read("TO", "TO:<" + LONG + "@ours.example>").toString())
                .contains(LONG);
        EnvelopeArgument.Fault fault = catchThrowableOfType(
                EnvelopeArgument.Fault.class, () -> EnvelopeArgument.read("TO", "TO:<" + LONG + "a@ours.example>"));
        assertThat(fault).hasMessageStartingWith("5.1.3");
        fault = catchThrowableOfType(
                EnvelopeArgument.Fault.class,
                () -> EnvelopeArgument.read("FROM", "FROM:<\"" + LONG + "\"@ours.example>"));
        assertThat(fault).hasMessageStartingWith("5.1.7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SRS0=HASHHASH=DD=", "srs0+HASH=DD=", "SRS1=HASH=one.example==HASH=DD="})
    void theSenderOfAForwardedMailMayHaveMore(String tag) throws Exception {
        String address = tag + "far.example=" + LONG + "@one.example";
        assertThat(EnvelopeArgument.read("FROM", "FROM:<" + address + ">")).hasToString("FROM:<" + address + ">");
        assertThat(EnvelopeArgument.read("TO", "TO:<" + address + ">")).hasToString("TO:<" + address + ">");
        EnvelopeArgument.Fault fault = catchThrowableOfType(
                EnvelopeArgument.Fault.class,
                () -> EnvelopeArgument.read("TO", "TO:<" + tag + "far.example=" + LONG.repeat(4) + "@one.example>"));
        assertThat(fault).hasMessageStartingWith("5.1.3");
    }
}
