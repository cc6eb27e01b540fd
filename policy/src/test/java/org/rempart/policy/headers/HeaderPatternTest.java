/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.PolicyException;

class HeaderPatternTest {
    @ParameterizedTest
    @CsvSource({
        "X-Mailer, x-MAILER, true",
        "X-Mailer, X-Mailer2, false",
        "X-Mailer, X-Maile, false",
        "X-Acme-*, X-Acme-, true",
        "X-Acme-*, x-acme-host, true",
        "X-Acme-*, X-Acme, false",
        "X-*, X-Acme, true",
        "Sender, \u017Fender, false",
        "X-K, X-\u212A, false",
        "X-*-Scan, x-acme-SCAN, true",
        "X-*-Scan, X--Scan, true",
        "X-*-Scan, X-Scan, false",
        "X-*-Scan, X-Acme-Scan-Id, false",
        "X-*-Scan-*, X-Acme-Scan-Id, true",
        "X-*-Scan-*, X-Acme-Scan, false",
        "X-*a*a, X-aa, true",
        "X-*a*a, X-a, false",
        "X-*aba, X-ababa, true",
        "a*a, a, false",
    })
    void matches(String pattern, String name, boolean expected) throws PolicyException {
        assertThat(HeaderPattern.parse(pattern).matches(name)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "*",
                "**",
                "X-**-A",
                "*X",
                "*-X-*",
                "X-*:",
                "X A",
                "X:",
                "X-\u00E9",
                "X\tA",
                "X\u0000A",
                "X-A, X-B"
            })
    void whatIsNoName(String text) {
        assertThatThrownBy(() -> HeaderPattern.parse(text))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("is not the name of a header field; write a name such as X-Mailer");
    }

    @Test
    void equalWhateverTheCase() throws PolicyException {
        assertThat(HeaderPattern.parse(" X-A "))
                .isEqualTo(HeaderPattern.parse("x-a"))
                .hasSameHashCodeAs(HeaderPattern.parse("x-a"))
                .isNotEqualTo(HeaderPattern.parse("x-a*"))
                .hasToString("x-a");
        assertThat(HeaderPattern.parse("X-A*")).hasToString("x-a*");
    }

    @ParameterizedTest
    @CsvSource({
        "X-A, X-*, true",
        "X-A, X-A, true",
        "X-A, X-A*, true",
        "X-A-*, X-*, true",
        "X-A-*, X-A-*, true",
        "X-*, X-A-*, false",
        "X-A-*, X-A-B, false",
        "X-A*, X-A, false",
        "X-A-B, X-*-B, true",
        "X-A-*-B, X-*-B, true",
        "X-*-B, X-*, true",
        "X-*-B, X-A-*, false",
        "X-A-*, X-*-B, false",
        "X-*, X-*-B, false",
    })
    void narrows(String pattern, String other, boolean expected) throws PolicyException {
        assertThat(HeaderPattern.parse(pattern).narrows(HeaderPattern.parse(other)))
                .isEqualTo(expected);
    }
}
