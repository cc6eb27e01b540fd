/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OriginatorsTest {
    private static Originators read(String header) {
        return Originators.of(HeaderBlock.parse(header.getBytes(UTF_8)));
    }

    /** Headers of a MiB that are made of one thing again and again. */
    static List<String> worst() {
        return List.of(
                fill("From: ", i -> "=?u" + i + "?q?a?= ", "\r\n"),
                fill("", i -> "From: =?u" + i + "?q?a@b?= <a" + i + "@b" + i + ".example>\r\n", ""),
                fill("From: ", i -> "(", "\r\n"),
                fill("From: ", i -> "()", "\r\n"),
                fill("From: ", i -> "\"", "\r\n"),
                fill("From: ", i -> "[", "\r\n"),
                fill("From: ", i -> "a:", "\r\n"),
                fill("From: ", i -> "<", "\r\n"),
                fill("From: ", i -> "@", "\r\n"),
                fill("From: ", i -> "a@\u00fc ", "\r\n"),
                fill("From: ", i -> "a@b" + i + ".\u00fc.example,", "\r\n"),
                fill("From: ", i -> "a.", "@b.example\r\n"),
                fill("From: ", i -> ". ", "\r\n"),
                fill("From: ", i -> "\ufdfa", "\r\n"),
                fill("From: ", i -> "\u202e@", "\r\n"),
                fill("From: ", i -> "a ", "\r\n"),
                fill("From: ", i -> " at ", "\r\n"),
                fill("From: ", i -> "=?", "\r\n"),
                fill("From: ", i -> "=?a?q?", "\r\n"),
                fill("From: ", i -> "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "\r\n"),
                fill("From: ", i -> "\\", "\r\n"),
                fill("From: ", i -> "%40", "\r\n"),
                fill("", i -> "From:\r\n", ""),
                fill("", i -> "From\r\n", ""),
                fill("", i -> "x\r\n From: a@b.example\r\n", ""),
                fill("From: a", i -> "\r\n ", "\r\n"),
                fill("", i -> "\0", ": x\r\n"));
    }

    private static String fill(String start, IntFunction<String> piece, String end) {
        StringBuilder header = new StringBuilder(start);
        for (int i = 0; header.length() < Originators.LONGEST_HEADER; i++) {
            header.append(piece.apply(i));
        }
        return header.append(end).append("\r\n").toString();
    }

    /** The bound is a generous one, for a busy machine; the benchmark HeaderReading has the figures. */
    @ParameterizedTest
    @MethodSource("worst")
    void noHeaderTakesLong(String header) {
        long before = System.nanoTime();
        Originators originators = read(header);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
        for (OriginatorField field : originators.all()) {
            assertThat(field.mailboxes().size()
                            + field.names().size()
                            + field.hints().size())
                    .isLessThanOrEqualTo(3 * OriginatorField.MOST_ADDRESSES);
        }
        assertThat(originators.all().size()).isLessThanOrEqualTo(4 * Originators.MOST_FIELDS);
    }

    @Test
    void whatIsNotReadIsAFault() {
        assertThat(read("From: " + "\"a\" ".repeat(20_000) + "<a@b.example>\r\n\r\n")
                        .fault())
                .contains("an address field that is too long");
        assertThat(read("From: a@b.example\r\n".repeat(200) + "\r\n").fault()).contains("too many address fields");
        assertThat(read("From: a@b.example\r\n\r\n").fault()).isEmpty();
    }

    @Test
    void theWordsOfOneCharsetAreDecodedTogether() {
        assertThat(EncodedWords.decode("=?utf-8?Q?J=C3?=\t=?UTF-8*de?B?vHJnZW4?= <x@y>"))
                .isEqualTo("J\u00fcrgen <x@y>");
        assertThat(EncodedWords.decode("a =?utf-8?Q?b?= c =?iso-8859-1?q?=FC?= =?utf-8?q?=C3=BC?="))
                .isEqualTo("a b c \u00fc\u00fc");
        assertThat(EncodedWords.decode("=?no-such?q?a=40b?= =?x?")).isEqualTo("a@b =?x?");
        assertThat(EncodedWords.decode("=?utf-7?q?a+AEA-b+-?=")).isEqualTo("a@b+");
    }

    @Provide
    Arbitrary<String> fields() {
        return Arbitraries.of(
                        "a@b.example",
                        "=?utf-8?q?a=40b?=",
                        "=?",
                        "?=",
                        "\"",
                        "(",
                        ")",
                        "<",
                        ">",
                        "[",
                        "]",
                        ":",
                        ";",
                        ",",
                        "@",
                        ".",
                        "\\",
                        " ",
                        "\r\n ",
                        "\r",
                        "\n",
                        "From:",
                        "\u202e",
                        "\u202c",
                        "\u00fc",
                        "\uff20",
                        " at ",
                        "xn--",
                        "%40",
                        "\0")
                .list()
                .ofMaxSize(40)
                .map(pieces -> String.join("", pieces));
    }

    @Property(tries = 3000)
    void anyTextCanBeRead(@ForAll("fields") String value) {
        assertThatCode(() -> read("From: " + value + "\r\nSender: " + value)).doesNotThrowAnyException();
    }

    /** Nothing that stands around an address in the clear keeps it from being found. */
    @Property(tries = 3000)
    void anAddressIsFoundWhateverStandsBeforeIt(@ForAll("fields") String before) {
        // Behind a line end, it would be no part of the field.
        String line = before.replaceAll("[\\r\\n]", "");
        Originators originators = read("From: " + line + " , <ceo@ours.example>\r\n\r\n");
        boolean found = originators.from().stream()
                .anyMatch(field -> field.mailboxes().contains(new ShownAddress("ceo", "ours.example"))
                        || field.names().contains(new ShownAddress("ceo", "ours.example")));
        assertThat(found).isTrue();
    }
}
