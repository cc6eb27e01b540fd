/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;

/** The peer does not speak SMTP. */
final class SmtpProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param what came in the place of what was due */
    SmtpProtocolException(String what) {
        super(what);
    }
}
