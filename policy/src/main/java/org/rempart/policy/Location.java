/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Objects;

/** A place in a policy file, printed as {@code rempart.xml:12:5}, the form that editors and terminals can jump to. */
public final class Location {
    private final String file;
    private final int line;
    private final int column;

    private Location(String file, int line, int column) {
        this.file = Objects.requireNonNull(file);
        this.line = line;
        this.column = column;
    }

    /**
     * A place.
     *
     * @param file the file's name as the administrator knows it
     * @param line counted from 1
     * @param column counted from 1
     */
    public static Location of(String file, int line, int column) {
        return new Location(file, line, column);
    }

    public String file() {
        return file;
    }

    public int line() {
        return line;
    }

    public int column() {
        return column;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Location
                && file.equals(((Location) other).file)
                && line == ((Location) other).line
                && column == ((Location) other).column;
    }

    @Override
    public int hashCode() {
        return Objects.hash(file, line, column);
    }

    @Override
    public String toString() {
        return file + ":" + line + ":" + column;
    }
}
