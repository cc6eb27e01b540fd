/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;

/** The server has begun to hold this client off; whatever it says now says nothing of a check. */
public final class RateLimitedException extends IOException {
    private static final long serialVersionUID = 1;

    public RateLimitedException(String message) {
        super(message);
    }
}
