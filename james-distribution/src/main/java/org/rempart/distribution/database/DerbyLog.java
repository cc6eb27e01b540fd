/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.io.IOException;
import java.io.Writer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands what Derby would write to a file of its own to the server's log, line by line. Derby finds it by its name. */
public final class DerbyLog extends Writer {
    private static final Logger LOGGER = LoggerFactory.getLogger("derby");

    private final StringBuilder line = new StringBuilder();

    private DerbyLog() {}

    /** Called by Derby, once. */
    public static Writer writer() {
        return new DerbyLog();
    }

    @Override
    public void write(char[] buffer, int offset, int length) throws IOException {
        synchronized (line) {
            for (int i = offset; i < offset + length; i++) {
                if (buffer[i] == '\n') {
                    tell();
                } else if (buffer[i] != '\r') {
                    line.append(buffer[i]);
                }
            }
        }
    }

    private void tell() {
        if (!line.isEmpty()) {
            LOGGER.info("{}", line);
            line.setLength(0);
        }
    }

    @Override
    public void flush() {
        // A line is told when it is whole.
    }

    @Override
    public void close() {
        synchronized (line) {
            tell();
        }
    }
}
