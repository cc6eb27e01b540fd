/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.james.server.core.MailImpl;
import org.junit.jupiter.api.Test;
import org.rempart.message.MailAttributes;

class IsForwardedTest {
    private static MailImpl mail() throws Exception {
        return Trial.mail("eve@outside.example", "bob@ours.example", "c@elsewhere.example", "d@elsewhere.example");
    }

    @Test
    void matchesThoseElsewhereWhomTheMailWasNotAddressedTo() throws Exception {
        Trial trial = Trial.of(files -> new IsForwarded(), null);
        assertThat(trial.matched(Trial.withList(mail(), MailAttributes.ADDRESSED, "c@elsewhere.example")))
                .containsExactly("d@elsewhere.example");
        assertThat(trial.matched(Trial.withList(mail(), MailAttributes.ADDRESSED)))
                .containsExactly("c@elsewhere.example", "d@elsewhere.example");
    }

    @Test
    void matchesNobodyWhereNobodyHasNotedThem() throws Exception {
        Trial trial = Trial.of(files -> new IsForwarded(), null);
        assertThat(trial.matched(mail())).isEmpty();
        assertThat(trial.matched(Trial.with(mail(), MailAttributes.ADDRESSED, "no list")))
                .isEmpty();
    }

    @Test
    void takesNoCondition() {
        assertThatThrownBy(() -> Trial.of(files -> new IsForwarded(), "x").start())
                .hasMessageContainingAll("IsForwarded", "takes no condition");
    }
}
