/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.HeaderBlock;

/** What a signature sees of a message. */
class CanonicalisationTest {
    private static String field(Canonicalisation form, String field) {
        return form.field(HeaderBlock.parse(field.getBytes(ISO_8859_1)).fields().get(0), true);
    }

    private static String hash(Canonicalisation form, String body) throws IOException {
        return Base64.getEncoder()
                .encodeToString(
                        BodyHash.of(new ByteArrayInputStream(body.getBytes(ISO_8859_1)), form, Long.MAX_VALUE).hash);
    }

    /** What a text hashes to, as it stands. */
    private static String plain(String text) throws Exception {
        return Base64.getEncoder()
                .encodeToString(
                        java.security.MessageDigest.getInstance("SHA-256").digest(text.getBytes(ISO_8859_1)));
    }

    /** RFC 6376, section 3.4.5. */
    @Test
    void theExamplesOfTheRfc() throws Exception {
        assertThat(field(Canonicalisation.RELAXED, "A: X\r\n")).isEqualTo("a:X\r\n");
        assertThat(field(Canonicalisation.RELAXED, "B : Y\t\r\n\tZ  \r\n")).isEqualTo("b:Y Z\r\n");
        assertThat(field(Canonicalisation.SIMPLE, "A: X\r\n")).isEqualTo("A: X\r\n");
        assertThat(field(Canonicalisation.SIMPLE, "B : Y\t\r\n\tZ  \r\n")).isEqualTo("B : Y\t\r\n\tZ  \r\n");
        String body = " C \r\nD \t E\r\n\r\n\r\n";
        assertThat(hash(Canonicalisation.RELAXED, body)).isEqualTo(plain(" C\r\nD E\r\n"));
        assertThat(hash(Canonicalisation.SIMPLE, body)).isEqualTo(plain(" C \r\nD \t E\r\n"));
    }

    /** RFC 6376, sections 3.4.3 and 3.4.4, name these. */
    @Test
    void anEmptyBodyIsALineEndOrNothing() throws Exception {
        for (String body : new String[] {"", "\r\n", "\r\n\r\n\r\n", "\n"}) {
            assertThat(hash(Canonicalisation.SIMPLE, body)).isEqualTo("frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
            assertThat(hash(Canonicalisation.RELAXED, body)).isEqualTo("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        }
        assertThat(hash(Canonicalisation.RELAXED, " \t\r\n \r\n"))
                .isEqualTo("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    @ParameterizedTest
    @CsvSource({"a, a%", "a%, a%", "a%%%, a%", "%a%, %a%", "'a  b ', a b%", "'a% %b', a%%b%", "' a', ' a%'"})
    void linesEndAsTheyAreSent(String body, String canonical) throws Exception {
        for (String end : new String[] {"\r\n", "\n", "\r\r\n"}) {
            assertThat(hash(Canonicalisation.RELAXED, body.replace("%", end)))
                    .isEqualTo(plain(canonical.replace("%", "\r\n")));
        }
    }

    @Test
    void ofALongBodyOnlyWhatIsWantedCounts() throws Exception {
        String body = "line\r\n".repeat(20_000);
        BodyHash.Result first = BodyHash.of(
                new ByteArrayInputStream((body + "more").getBytes(ISO_8859_1)), Canonicalisation.SIMPLE, body.length());
        assertThat(Base64.getEncoder().encodeToString(first.hash)).isEqualTo(plain(body));
        assertThat(first.length).isEqualTo(body.length() + 6);
    }

    @Provide
    Arbitrary<String> bodies() {
        return Arbitraries.of("\r\n", "\r\n", " ", "\t", "a", "b", ".", "\u00e9")
                .list()
                .ofMaxSize(40)
                .map(parts -> String.join("", parts));
    }

    @Property
    void aBodyIsWhatTheRfcSaysOfIt(@ForAll("bodies") String body) throws Exception {
        String lines = body.isEmpty() || body.endsWith("\r\n") ? body : body + "\r\n";
        String simple = lines.replaceFirst("(?:\r\n)*\\z", "\r\n");
        String relaxed =
                lines.replaceAll("[ \t]+", " ").replaceAll(" (?=\r\n)", "").replaceFirst("(?:\r\n)*\\z", "\r\n");
        assertThat(hash(Canonicalisation.SIMPLE, body)).isEqualTo(plain(simple));
        assertThat(hash(Canonicalisation.RELAXED, body)).isEqualTo(plain(relaxed.equals("\r\n") ? "" : relaxed));
    }

    @Provide
    Arbitrary<String> values() {
        return Arbitraries.of("\r\n ", "\r\n\t", " ", "\t", "a", ":", "\u00e9")
                .list()
                .ofMaxSize(30)
                .map(parts -> String.join("", parts));
    }

    @Property
    void aFieldIsWhatTheRfcSaysOfIt(@ForAll("values") String value) {
        String text = "SubJect \t:" + value + "\r\n";
        String relaxed = value.replace("\r\n", "").replaceAll("[ \t]+", " ").strip();
        assertThat(field(Canonicalisation.RELAXED, text))
                .isEqualTo("SubJect".toLowerCase(Locale.ROOT) + ":" + relaxed + "\r\n");
        assertThat(field(Canonicalisation.SIMPLE, text)).isEqualTo(text);
        assertThat(field(Canonicalisation.SIMPLE, text.replace("\r\n", "\n"))).isEqualTo(text);
    }
}
