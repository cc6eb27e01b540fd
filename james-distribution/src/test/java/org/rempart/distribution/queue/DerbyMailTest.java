/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Stored mail in the embedded database. */
class DerbyMailTest extends StoredMailContract {
    @TempDir
    Path databases;

    @Override
    TestDatabase database() {
        return TestDatabase.derby(databases);
    }
}
