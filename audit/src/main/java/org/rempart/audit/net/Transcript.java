/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.util.ArrayList;
import java.util.List;

/** The lines of one conversation, as evidence: the client's with {@code >}, the server's with {@code <}. No secrets. */
public final class Transcript {
    private static final int LINES = 400;

    private final List<String> lines = new ArrayList<>();

    /** What we sent, as it may be shown. */
    public synchronized void sent(String line) {
        add("> " + line);
    }

    public synchronized void received(String line) {
        add("< " + line);
    }

    /** What happened beside the lines. */
    public synchronized void note(String text) {
        add("  (" + text + ")");
    }

    public synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    /** The last lines. */
    public synchronized List<String> last(int count) {
        return List.copyOf(lines.subList(Math.max(0, lines.size() - count), lines.size()));
    }

    private void add(String line) {
        if (lines.size() < LINES) {
            lines.add(Printable.line(line, 300));
        }
    }
}
