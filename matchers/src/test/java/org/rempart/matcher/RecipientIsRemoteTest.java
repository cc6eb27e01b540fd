/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RecipientIsRemoteTest {
    @Test
    void matchesThoseInDomainsThatAreNotOurs() throws Exception {
        assertThat(Trial.of(files -> new RecipientIsRemote(), null)
                        .matched(Trial.mail(
                                "alice@ours.example",
                                "bob@ours.example",
                                "b@also-ours.example",
                                "B@OURS.EXAMPLE",
                                "carol@elsewhere.example",
                                "dave@sub.ours.example",
                                "erin@ours.example.elsewhere.example")))
                .containsExactlyInAnyOrder(
                        "carol@elsewhere.example", "dave@sub.ours.example", "erin@ours.example.elsewhere.example");
    }

    @Test
    void takesNoCondition() {
        assertThatThrownBy(() -> Trial.of(files -> new RecipientIsRemote(), "ours.example")
                        .start())
                .hasMessageContainingAll("RecipientIsRemote", "takes no condition", "match=\"RecipientIsRemote\"");
    }
}
