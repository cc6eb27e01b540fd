/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnifiedDiff;

@DisplayName("Our own configuration")
class OwnConfigurationTest {
    @Test
    void isHardened() throws Exception {
        assertThat(Samples.drafts(Samples.read(Samples.ours())).stream()
                        .filter(Draft::changes)
                        .map(UnifiedDiff::of))
                .isEmpty();
    }
}
