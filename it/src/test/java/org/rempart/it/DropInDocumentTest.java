/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The lines to paste are those of our own configuration")
class DropInDocumentTest {
    /** With {@code -Drempart.docs.write=true}, the lines are written instead of compared. */
    @Test
    void theyAreUpToDate() throws Exception {
        DropInDocument document = new DropInDocument(Folders.project());
        String upToDate = document.upToDate();
        if (Boolean.getBoolean("rempart.docs.write")) {
            Files.writeString(document.file(), upToDate);
        }
        assertThat(document.text())
                .as("docs/drop-in.md; mvn verify -pl it -am -Dtest=DropInDocumentTest -Drempart.docs.write=true "
                        + "-Dsurefire.failIfNoSpecifiedTests=false brings it up to date")
                .isEqualTo(upToDate);
    }
}
