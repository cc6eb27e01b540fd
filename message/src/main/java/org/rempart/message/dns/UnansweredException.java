/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.io.IOException;

/** The DNS does not say whether a name has what was asked for: no server answers, or one says that it can't tell. */
public final class UnansweredException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param name of what it was asked */
    public UnansweredException(String name, Throwable cause) {
        super("the DNS does not answer for " + name, cause);
    }
}
