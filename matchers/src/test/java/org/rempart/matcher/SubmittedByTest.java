/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubmittedByTest {
    private static List<String> matched(String condition, String account) throws Exception {
        return Trial.of(files -> new SubmittedBy(), condition).matched(Trial.by(account));
    }

    @Test
    void withoutConditionMatchesEveryAccount() throws Exception {
        assertThat(matched(null, "alice@ours.example")).hasSize(2);
        assertThat(Trial.of(files -> new SubmittedBy(), null)
                        .matched(Trial.mail("alice@ours.example", "bob@ours.example")))
                .isEmpty();
    }

    @Test
    void matchesByTheAccountAndNotByTheSender() throws Exception {
        assertThat(matched("alice@ours.example", "bob@ours.example")).isEmpty();
        assertThat(matched("bob@ours.example", "bob@ours.example")).hasSize(2);
    }

    @Test
    void matchesAccountsAndDomainsWithoutRegardToCase() throws Exception {
        String condition = "Bob@Ours.Example, *.branch.example, also-ours.example";
        for (String account : List.of("bob@OURS.example", "x@north.branch.example", "x@Also-Ours.example")) {
            assertThat(matched(condition, account)).as(account).hasSize(2);
        }
        for (String account :
                List.of("x@sub.also-ours.example", "alice@ours.example", "bob@ours.example.outside.example")) {
            assertThat(matched(condition, account)).as(account).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"alice@", "@ours.example", "a b.example", "ours.example,", "*ours.example", "*.*.example"})
    void refusesWhatIsNeitherAccountNorDomain(String condition) {
        assertThatThrownBy(() -> matched(condition, "alice@ours.example"))
                .hasMessageContainingAll("SubmittedBy=" + condition, "alice@example.com for an account");
    }
}
