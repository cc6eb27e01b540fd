/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import org.apache.james.user.api.UsersRepositoryException;

/** The directory can't be asked, or its answer is of no use: nothing may be decided by that. */
final class DirectoryException extends UsersRepositoryException {
    private static final long serialVersionUID = 1L;

    DirectoryException(String reason) {
        super(reason);
    }

    DirectoryException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
