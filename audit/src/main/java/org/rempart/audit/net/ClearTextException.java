/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;

/**
 * Clear text came where TLS begins: the listener has none, or it is a refusal, for which some servers make no handshake
 * (Exim's {@code 421 Too many concurrent SMTP connections}).
 */
public final class ClearTextException extends IOException {
    private static final long serialVersionUID = 1;

    /** With what came, or what is known of it. */
    public ClearTextException(String message) {
        super(message);
    }
}
