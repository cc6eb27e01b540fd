/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DomainPatternTest {
    @ParameterizedTest
    @CsvSource({
        "example.com, example.com, true",
        "example.com, EXAMPLE.Com, true",
        "EXAMPLE.com, example.com, true",
        "example.com., example.com, true",
        "example.com, a.example.com, false",
        "example.com, badexample.com, false",
        "example.com, example.com.evil.example, false",
        "*.example.com, a.example.com, true",
        "*.example.com, a.b.example.com, true",
        "*.example.com., a.example.com, true",
        "*.example.com, example.com, false",
        "*.example.com, badexample.com, false",
        "*, example.com, true",
        "*, localhost, true",
        "*, [192.0.2.1], true",
        "*.com, example.com, true",
        "*.com, com, false",
        "localhost, localhost, true",
        "b\u00FCcher.example, xn--bcher-kva.example, true",
        "xn--bcher-kva.example, b\u00FCcher.example, true",
        "B\u00DCCHER.example, b\u00FCcher.example, true",
        "*.b\u00FCcher.example, a.xn--bcher-kva.example, true",
        "example.com, a_b.example.com, false",
        "*.example.com, a_b.example.com, true",
    })
    void matches(String pattern, String domain, boolean expected) throws PolicyException {
        assertThat(DomainPattern.parse(pattern).matches(Domain.of(domain))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "..",
                "*.",
                "**",
                "*example.com",
                "*.*.example",
                "a.*.example",
                "example.*",
                "a..example",
                ".example.com",
                "example.com..",
                "-a.example",
                "a-.example",
                "a b.example",
                "a_b.example",
                "user@example.com",
                "[192.0.2.1]",
                "192.0.2.1",
                "example.1",
                "a,b",
                "a/b",
                "\u0000.example"
            })
    void whatIsNoDomain(String text) {
        assertThatThrownBy(() -> DomainPattern.parse(text))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("is not a domain; write example.com");
    }

    @Test
    void lengthsOfRfc1035() throws PolicyException {
        String label = "a".repeat(63);
        assertThat(DomainPattern.parse(label + ".example").matches(Domain.of(label + ".example")))
                .isTrue();
        assertThatThrownBy(() -> DomainPattern.parse("a".repeat(64) + ".example"))
                .isInstanceOf(PolicyException.class);
        assertThatThrownBy(() -> DomainPattern.parse((label + ".").repeat(4) + "example"))
                .isInstanceOf(PolicyException.class);
    }

    @Test
    void equalWhenTheyMeanTheSame() throws PolicyException {
        assertThat(DomainPattern.parse("B\u00FCcher.example."))
                .isEqualTo(DomainPattern.parse("xn--bcher-kva.EXAMPLE"))
                .hasSameHashCodeAs(DomainPattern.parse("xn--bcher-kva.EXAMPLE"))
                .isNotEqualTo(DomainPattern.parse("*.xn--bcher-kva.example"));
        assertThat(DomainPattern.parse(" * ")).isEqualTo(DomainPattern.everything());
    }

    @ParameterizedTest
    @CsvSource({
        "*, *.example, true",
        "*, *, true",
        "*.example, *, false",
        "*.example, *.a.example, true",
        "*.example, a.example, true",
        "*.example, example, false",
        "*.example, *.example, true",
        "a.example, a.example, true",
        "a.example, *.a.example, false",
    })
    void covers(String wide, String narrow, boolean expected) throws PolicyException {
        assertThat(DomainPattern.parse(wide).covers(DomainPattern.parse(narrow)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "*.example.com", "example.com"})
    void isWrittenAsItWasRead(String text) throws PolicyException {
        assertThat(DomainPattern.parse(text)).hasToString(text);
    }
}
