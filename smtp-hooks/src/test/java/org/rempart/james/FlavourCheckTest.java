/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.james;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.inject.Guice;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Runs in both flavours, each with the James that it is for; the names below are put together so that none is moved. */
@DisplayName("The jar for another James says which one is right")
class FlavourCheckTest {
    private static final String JAVAX = String.join(".", "javax", "mail", "internet", "MimeMessage");
    private static final String JAKARTA = String.join(".", "jakarta", "mail", "internet", "MimeMessage");

    @Test
    void theRightJarIsTaken() {
        assertThatCode(() -> Guice.createInjector(new FlavourCheck())).doesNotThrowAnyException();
    }

    @Test
    void theJarForJames39InJames38() {
        assertThatThrownBy(() -> FlavourCheck.check(JAVAX, JAKARTA))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The jar of Rempart in extensions-jars/ is for James 3.9, and this is James 3.8:"
                        + " put rempart-james-3.8-*.jar there in its place");
    }

    @Test
    void theJarForJames38InJames39() {
        assertThatThrownBy(() -> FlavourCheck.check(JAKARTA, JAVAX))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The jar of Rempart in extensions-jars/ is for James 3.8, and this is James 3.9:"
                        + " put rempart-james-3.9-*.jar there in its place");
    }
}
