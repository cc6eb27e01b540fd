/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DomainNamesTest {
    @ParameterizedTest
    @CsvSource({
        "Example.COM, example.com",
        "example.com., example.com",
        "b\u00fccher.example, xn--bcher-kva.example",
        "B\u00dcCHER.example, xn--bcher-kva.example",
        "XN--BCHER-KVA.example, xn--bcher-kva.example",
        "fa\u00df.example, xn--fa-hia.example",
        "fass.example, fass.example",
        "\uff4f\uff55\uff52\uff53.example, ours.example",
        "ours\u3002example, ours.example",
        "ou\u00adrs\u200b.example, ours.example",
        "[192.0.2.1], [192.0.2.1]",
        "[IPv6:2001:DB8::1], [ipv6:2001:db8::1]",
        "_dmarc.example, _dmarc.example",
        "'', ''",
    })
    void namesHaveOneForm(String name, String form) {
        assertThat(DomainNames.comparable(name)).isEqualTo(form);
    }

    @Test
    void whatIsNoNameStaysAndCostsNothing() {
        String long1 = "\u00fc".repeat(100_000);
        assertThat(DomainNames.comparable(long1)).isEqualTo(long1);
        assertThat(DomainNames.comparable("xn--\u00fc.example")).isNotEmpty();
        assertThat(DomainNames.comparable("a..b")).isEqualTo("a..b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "a b",
                "a_b.example",
                "-a.example",
                "192.0.2.1",
                "*.example",
                "a..b",
                "xn--a\u00fc.example"
            })
    void whatIsNoDomainIsNotRead(String text) {
        assertThat(DomainNames.parse(text)).isEmpty();
    }

    @Test
    void aDomainIsReadWithoutTheMappingsOf2003() {
        assertThat(DomainNames.parse("fa\u00df.example")).contains("xn--fa-hia.example");
        assertThat(DomainNames.parse("Stra\u00dfe.example.")).contains("xn--strae-oqa.example");
    }

    @ParameterizedTest
    @CsvSource({
        "\u043eurs.example, ours.example",
        "\u03bfurs.ex\u0430mple, ours.example",
        "fa\u00df.example, fass.example",
    })
    void aNameThatLooksLikeAnotherIsTold(String name, String seen) {
        assertThat(DomainNames.lookalike(DomainNames.comparable(name))).contains(seen);
    }

    @Test
    void aPlainNameLooksLikeItself() {
        assertThat(DomainNames.lookalike("ours.example")).isEmpty();
        assertThat(DomainNames.unicode("xn--bcher-kva.example")).isEqualTo("b\u00fccher.example");
    }
}
