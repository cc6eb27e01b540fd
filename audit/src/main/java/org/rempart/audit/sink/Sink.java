/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.sink;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A place where mail that left the audited server arrives, and that the audit can look into. */
public interface Sink extends Closeable {
    /**
     * Waits for a message that has this text in it.
     *
     * @param token letters and digits, made for this one message
     * @return the message as it arrived; empty if it did not in time
     */
    Optional<byte[]> await(String token, Duration limit) throws IOException;

    /** What it is, for reports; no secrets. */
    String describe();
}
