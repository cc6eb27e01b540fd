/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DomainTableTest {
    private static DomainTable<String> table(String... patterns) throws PolicyException {
        Map<DomainPattern, String> values = new LinkedHashMap<>();
        for (String pattern : patterns) {
            values.put(DomainPattern.parse(pattern), pattern);
        }
        return DomainTable.of(values);
    }

    @ParameterizedTest
    @CsvSource({
        "a.b.example, a.b.example",
        "A.B.Example, a.b.example",
        "x.a.b.example, *.b.example",
        "x.b.example, *.b.example",
        "b.example, *.example",
        "c.example, *.example",
        "example, *",
        "other.test, *",
        "[192.0.2.1], *",
    })
    void mostSpecificWins(String domain, String pattern) throws PolicyException {
        assertThat(table("*", "*.example", "*.b.example", "a.b.example").find(Domain.of(domain)))
                .contains(pattern);
    }

    @Test
    void nothingForWhatNoPatternMeans() throws PolicyException {
        assertThat(table("a.example", "*.b.example").find(Domain.of("b.example")))
                .isEmpty();
        assertThat(table().find(Domain.of("b.example"))).isEmpty();
    }

    @Test
    void widerThanAPattern() throws PolicyException {
        DomainTable<String> table = table("*", "*.b.example", "a.b.example");
        assertThat(table.findWider(DomainPattern.parse("a.b.example"))).contains("*.b.example");
        assertThat(table.findWider(DomainPattern.parse("*.b.example"))).contains("*");
        assertThat(table.findWider(DomainPattern.parse("b.example"))).contains("*");
        assertThat(table.findWider(DomainPattern.everything())).isEmpty();
    }
}
