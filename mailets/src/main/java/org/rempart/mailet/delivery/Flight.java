/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Commands that travel together (RFC 2920). */
final class Flight {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);

    Flight line(String command) {
        bytes.writeBytes(command.getBytes(StandardCharsets.UTF_8));
        bytes.write('\r');
        bytes.write('\n');
        return this;
    }

    /** The whole message as the last chunk (RFC 3030). */
    Flight lastChunk(byte[] chunk) {
        line("BDAT " + chunk.length + " LAST");
        bytes.writeBytes(chunk);
        return this;
    }

    byte[] toByteArray() {
        return bytes.toByteArray();
    }
}
