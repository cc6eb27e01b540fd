/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebAdminTokenTest {
    @TempDir
    Path folder;

    @Test
    void onlyTheOwnerMayReadTheFile() throws Exception {
        Path file = folder.resolve("webadmin.token");
        WebAdminToken.in(file);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file).trim()).hasSizeGreaterThanOrEqualTo(43);
    }

    @Test
    void theTokenOfAnEarlierStartIsKept() throws Exception {
        Path file = folder.resolve("webadmin.token");
        String first = WebAdminToken.in(file).authorization();

        assertThat(WebAdminToken.in(file).authorization()).isEqualTo(first);
        assertThat(WebAdminToken.read(file).authorization()).isEqualTo(first);
    }

    @Test
    void everyServerHasItsOwn() throws Exception {
        assertThat(WebAdminToken.in(folder.resolve("one")).authorization())
                .isNotEqualTo(WebAdminToken.in(folder.resolve("two")).authorization());
    }

    @Test
    void onlyTheWholeTokenIsTheToken() throws Exception {
        WebAdminToken token = WebAdminToken.in(folder.resolve("webadmin.token"));
        String right = token.authorization().substring("Bearer ".length());

        assertThat(token.is(right)).isTrue();
        assertThat(token.is("")).isFalse();
        assertThat(token.is(right.substring(1))).isFalse();
        assertThat(token.is(right + "A")).isFalse();
        assertThat(token.is(right.toLowerCase(java.util.Locale.ROOT) + right)).isFalse();
    }

    @Test
    void anEmptyFileIsNoToken() throws Exception {
        Path file = Files.createFile(folder.resolve("webadmin.token"));

        assertThatThrownBy(() -> WebAdminToken.in(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("holds no token; delete it");
    }
}
