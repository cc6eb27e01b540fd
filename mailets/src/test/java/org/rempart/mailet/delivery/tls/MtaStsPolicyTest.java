/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MtaStsPolicyTest {
    private static MtaStsPolicy parse(String file) throws MtaStsException {
        return MtaStsPolicy.parse(file.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void linesMayEndInLfHaveSpacesRepeatAndBeUnknown() throws MtaStsException {
        MtaStsPolicy policy = parse("version:STSv1\nmode: \tenforce \nmode: none\nfuture: yes: no\nmx: MX.a.example\r\n"
                + "mx: *.b.example\n\nmax_age: 0086400\nmax_age: 1");
        assertThat(policy.mode()).isEqualTo(MtaStsPolicy.Mode.ENFORCE);
        assertThat(policy.mx()).extracting(MxPattern::toString).containsExactly("mx.a.example", "*.b.example");
        assertThat(policy.maxAge()).isEqualTo(Duration.ofDays(1));
    }

    @Test
    void aYearIsTheLongest() throws MtaStsException {
        assertThat(parse("version: STSv1\nmode: none\nmax_age: 9999999999\n").maxAge())
                .isEqualTo(Duration.ofHours(8_766));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|version",
                "version: STSv2~mode: none~max_age: 1|version is \"STSv2\"",
                "mode: none~max_age: 1|version",
                "version: STSv1~max_age: 1|mode",
                "version: STSv1~mode: Enforce~mx: a~max_age: 1|mode is \"Enforce\"",
                "version: STSv1~mode: enforce~max_age: 1|names no mx",
                "version: STSv1~mode: enforce~mx: a b~max_age: 1|mx \"a b\" is no host",
                "version: STSv1~mode: enforce~mx: *.*.a~max_age: 1|is no host",
                "version: STSv1~mode: enforce~mx: *~max_age: 1|is no host",
                "version: STSv1~mode: enforce~mx:~max_age: 1|is no host",
                "version: STSv1~mode: enforce~mx: a|max_age is \"\"",
                "version: STSv1~mode: enforce~mx: a~max_age: -1|max_age is \"-1\"",
                "version: STSv1~mode: enforce~mx: a~max_age: 1e3|max_age",
                "version: STSv1~mode: enforce~mx: a~max_age: 99999999999|max_age",
                "version: STSv1~nonsense~mode: none~max_age: 1|\"nonsense\"",
                "<html>\u0007</html>|\"<html>?</html>\"",
            })
    void whatIsNoPolicyIsTold(String file, String message) {
        assertThatThrownBy(() -> parse(file.replace('~', '\n')))
                .isInstanceOf(MtaStsException.class)
                .hasMessageContaining(message);
    }

    /** Any bytes are a policy, which survives being written and read, or the one exception that is declared. */
    @Property(tries = 2000)
    void anyBytes(@ForAll("files") byte[] file) throws MtaStsException {
        MtaStsPolicy policy;
        try {
            policy = MtaStsPolicy.parse(file);
        } catch (MtaStsException none) {
            assertThat(none).hasMessageMatching("[\\x20-\\x7e…]+");
            return;
        }
        MtaStsPolicy again = parse(policy.toFile());
        assertThat(again.toFile()).isEqualTo(policy.toFile());
        assertThat(policy.maxAge()).isBetween(Duration.ZERO, MtaStsPolicy.LONGEST);
        policy.mx().forEach(pattern -> pattern.matches("mx.a.example"));
    }

    @Provide
    Arbitrary<byte[]> files() {
        Arbitrary<byte[]> any = Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
        Arbitrary<String> line = Arbitraries.oneOf(
                Arbitraries.of(
                        "version: STSv1",
                        "mode: enforce",
                        "mode: testing",
                        "mode: none",
                        "mx: *.a.example",
                        "mx: bücher.example",
                        "max_age: 86400",
                        ""),
                Arbitraries.strings().ofMaxLength(30),
                Arbitraries.strings().ofMaxLength(20).map(value -> "mx: " + value),
                Arbitraries.strings().numeric().ofMaxLength(12).map(value -> "max_age: " + value));
        Arbitrary<byte[]> lines = line.list()
                .ofMaxSize(12)
                .map(all -> ("version: STSv1\n" + String.join("\r\n", all)).getBytes(StandardCharsets.UTF_8));
        return Arbitraries.oneOf(any, lines);
    }

    @Property(tries = 1000)
    void anyRecord(@ForAll List<String> records, @ForAll String text) {
        read(records);
        read(List.of("v=STSv1;" + text, text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v=STSv1; id=20160831085700Z;|20160831085700Z",
                "v=STSv1;id=1;future=x|1",
                "v=STSv1 ; id=1|1",
                "v=STSv1; id=|",
                "v=STSv1; id=a-b|",
                "v=STSv1|",
                "v=STSv11; id=1|",
                "v=spf1 -all|",
            })
    void records(String record, String id) {
        assertThat(read(List.of("unrelated", record))).isEqualTo(id);
    }

    private static String read(List<String> records) {
        try {
            return MtaStsRecord.id("_mta-sts.a.example", records);
        } catch (MtaStsException none) {
            return null;
        }
    }

    @Test
    void theReasonSaysWhatIsWrongWithTheRecords() {
        assertThatThrownBy(() -> MtaStsRecord.id("_mta-sts.a.example", List.of()))
                .hasMessage("no TXT record at _mta-sts.a.example");
        assertThatThrownBy(() -> MtaStsRecord.id("_mta-sts.a.example", List.of("v=spf1 -all")))
                .hasMessage("no TXT record at _mta-sts.a.example begins with v=STSv1;");
        assertThatThrownBy(() -> MtaStsRecord.id("_mta-sts.a.example", List.of("v=STSv1; id=1;", "v=STSv1; id=2;")))
                .hasMessageStartingWith("2 TXT records at _mta-sts.a.example");
        assertThatThrownBy(() -> MtaStsRecord.id("_mta-sts.a.example", List.of("v=STSv1; id=a-b;")))
                .hasMessageContaining("no id");
    }
}
