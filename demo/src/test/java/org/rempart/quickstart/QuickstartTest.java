/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuickstartTest {
    @Test
    void aPasswordIsNoOptionOfAnyCommand() {
        for (int i = 0; i < 1000; i++) {
            assertThat(Quickstart.newPassword()).matches("[A-Za-z0-9][A-Za-z0-9_-]{19,}");
        }
    }
}
