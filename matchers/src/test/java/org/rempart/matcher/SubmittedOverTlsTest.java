/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.rempart.message.MailAttributes;

class SubmittedOverTlsTest {
    @Test
    void matchesMailThatCameOverTls() throws Exception {
        Trial trial = Trial.of(files -> new SubmittedOverTls(), null);
        assertThat(trial.matched(Trial.with(Trial.by("alice@ours.example"), MailAttributes.TLS_PROTOCOL, "TLSv1.3")))
                .hasSize(2);
        assertThat(trial.matched(Trial.by("alice@ours.example"))).isEmpty();
    }

    @Test
    void takesNoCondition() {
        assertThatThrownBy(() ->
                        Trial.of(files -> new SubmittedOverTls(), "TLSv1.3").start())
                .hasMessageContainingAll("SubmittedOverTls", "takes no condition");
    }
}
