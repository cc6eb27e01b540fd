/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import org.junit.jupiter.api.Assumptions;

/** What a test needs of the machine. */
final class Tools {
    private Tools() {}

    /** Skips a test that needs something that is not here; with {@code REMPART_REQUIRE_TOOLS=true} it fails. */
    static void require(boolean there, String what) {
        if (!there && "true".equals(System.getenv("REMPART_REQUIRE_TOOLS"))) {
            throw new AssertionError(what);
        }
        Assumptions.assumeTrue(there, what);
    }
}
