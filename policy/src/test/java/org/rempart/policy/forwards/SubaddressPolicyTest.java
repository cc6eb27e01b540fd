/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubaddressPolicyTest {
    @ParameterizedTest
    @CsvSource({
        "alice+news, alice",
        "alice+, alice",
        "alice+a+b, alice",
        "alice,",
        "+news,",
        "alice-news,",
        "'\"alice+news\"',",
        // Addresses of <forwards> and of others' forwards: what is behind the + is no detail of ours.
        "SRS0=AAAAAAAA=AA=outside.example=eve+news,",
        "SRS0+AAAA=AA=outside.example=eve,",
        "SRS1=AAAAAAAA=hop.example==AAAA=AA=outside.example=eve+x,",
    })
    void whatStandsBeforeTheFirstPlus(String localPart, String address) {
        if (address == null) {
            assertThat(SubaddressPolicy.byDefault().withoutDetail(localPart)).isEmpty();
        } else {
            assertThat(SubaddressPolicy.byDefault().withoutDetail(localPart)).contains(address);
        }
    }

    @Test
    void anotherSeparator() {
        SubaddressPolicy minus = SubaddressPolicy.of(SubaddressHandling.DELIVER, '-');
        assertThat(minus.withoutDetail("alice-news+x")).contains("alice");
        assertThat(minus.withoutDetail("alice+news")).isEmpty();
        for (char none : "@.a0%! ".toCharArray()) {
            assertThatThrownBy(() -> SubaddressPolicy.of(SubaddressHandling.DELIVER, none))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void orNone() {
        assertThat(SubaddressPolicy.of(SubaddressHandling.REFUSE, '+').withoutDetail("alice+news"))
                .isEmpty();
    }
}
