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
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsLevelIsTest {
    private static final String OUTBOUND = "<policy><tls><outbound default=\"opportunistic\">"
            + "<to domain=\"bank.example\" level=\"verify\"/>"
            + "<to domain=\"*.gov.example\" level=\"encrypt\"/>"
            + "<to domain=\"legacy.example\" level=\"none\" reason=\"their firewall strips STARTTLS\"/>"
            + "</outbound></tls></policy>";

    private static List<String> matched(String condition) throws Exception {
        return Trial.of(TlsLevelIs::new, condition)
                .policy(OUTBOUND)
                .matched(Trial.mail(
                        "alice@ours.example",
                        "a@bank.example",
                        "b@tax.gov.example",
                        "c@legacy.example",
                        "d@elsewhere.example"));
    }

    @Test
    void matchesByTheLevelOfTheRecipientsDomain() throws Exception {
        assertThat(matched("verify")).containsExactly("a@bank.example");
        assertThat(matched("none")).containsExactly("c@legacy.example");
        assertThat(matched("opportunistic")).containsExactly("d@elsewhere.example");
        assertThat(matched(" encrypt ,verify")).containsExactlyInAnyOrder("a@bank.example", "b@tax.gov.example");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = "")
    void needsALevel(String condition) {
        assertThatThrownBy(() -> matched(condition))
                .hasMessageContainingAll("TlsLevelIs", "needs a level", "TlsLevelIs=verify");
    }

    @ParameterizedTest
    @ValueSource(strings = {"strict", "verify,", "verify;none", "VERIFY", ",none"})
    void refusesWhatIsNoLevel(String condition) {
        assertThatThrownBy(() -> matched(condition))
                .hasMessageContainingAll(
                        "TlsLevelIs=" + condition, "is not a level", "none, opportunistic, encrypt, verify");
    }
}
