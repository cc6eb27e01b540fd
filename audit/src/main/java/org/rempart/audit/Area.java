/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

/** A part of the check list, by the letter that its lines begin with. */
public enum Area {
    RELAY('R', "No open relay"),
    HEADERS('H', "Header stripping"),
    AUTHENTICATION('A', "Authentication"),
    ENCRYPTION('T', "Encryption");

    private final char letter;
    private final String title;

    Area(char letter, String title) {
        this.letter = letter;
        this.title = title;
    }

    public char letter() {
        return letter;
    }

    public String title() {
        return title;
    }

    /**
     * The area of a line of the check list.
     *
     * @param line like {@code R1}
     * @throws IllegalArgumentException if no area has that letter
     */
    public static Area ofLine(String line) {
        for (Area area : values()) {
            if (!line.isEmpty() && line.charAt(0) == area.letter) {
                return area;
            }
        }
        throw new IllegalArgumentException("no area of the check list has a line " + line);
    }
}
