/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.io.IOException;
import java.nio.file.Path;

/** Copies the database of the running server. */
public interface DatabaseCopy {
    /**
     * Makes a copy of one moment, while others read and write.
     *
     * @param target a file or folder that is not there yet
     * @return the kind of the database, {@code derby} or {@code postgresql}; empty when no copy can be made from here
     * @throws IOException when the copy failed
     */
    String copy(Path target) throws IOException;
}
