/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

/** What a person has to do at a line of a file. */
public final class Note {
    private final String file;
    private final int line;
    private final String text;

    public Note(String file, int line, String text) {
        this.file = file;
        this.line = line;
        this.text = text;
    }

    @Override
    public String toString() {
        return file + ":" + line + ": " + text;
    }
}
