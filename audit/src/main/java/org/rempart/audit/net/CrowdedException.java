/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;

/** The server has as many connections as it takes at the same time. With fewer of ours there is room again. */
final class CrowdedException extends IOException {
    private static final long serialVersionUID = 1;

    CrowdedException(String message) {
        super(message);
    }
}
