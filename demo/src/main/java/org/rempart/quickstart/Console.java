/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.PrintStream;
import java.util.List;

/**
 * What the person at the terminal reads. Colours only where they are wanted: on a terminal, and without the NO_COLOR
 * variable (no-color.org).
 */
final class Console {
    private static final String BOLD = "1";
    private static final String GREEN = "32";
    private static final String RED = "31";
    private static final String DIM = "2";
    private static final int PLAIN_WIDTH = 120;
    private static final int MIN_WIDTH = 60;
    private static final int MAX_WIDTH = 160;

    private final PrintStream out;
    private final boolean colours;
    private final int width;

    /**
     * A console.
     *
     * @param colours whether to write ANSI colours
     * @param width columns of the terminal; 0 for unknown
     */
    Console(PrintStream out, boolean colours, int width) {
        this.out = out;
        this.colours = colours;
        this.width = width == 0 ? PLAIN_WIDTH : Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width));
    }

    int width() {
        return width;
    }

    void line(String text) {
        out.println(text);
        out.flush();
    }

    void heading(String text) {
        line("");
        line(painted(BOLD, text));
    }

    /** A check that behaved, and what was seen. */
    void passed(String what, String seen) {
        line("  " + painted(GREEN, "ok") + "    " + what
                + (seen.isEmpty() ? "" : painted(DIM, "  " + printable(seen))));
    }

    /** A check that did not behave. */
    void failed(String what, String expected, String seen) {
        line("  " + painted(RED, "FAIL") + "  " + what);
        line("        expected: " + expected);
        line("        seen:     " + printable(seen));
    }

    void table(List<SideBySide.Line> lines, String indent) {
        for (SideBySide.Line row : lines) {
            String colour =
                    switch (row.mark()) {
                        case SAME -> "";
                        case LEFT_ONLY -> RED;
                        case RIGHT_ONLY, CHANGED -> GREEN;
                    };
            line(indent + (colour.isEmpty() ? row.text() : painted(colour, row.text())));
        }
    }

    /** What a server said, without what a terminal could take for a command. */
    private static String printable(String text) {
        return text.replaceAll("[^\\x20-\\x7E]", "?");
    }

    private String painted(String code, String text) {
        return colours ? "\u001B[" + code + "m" + text + "\u001B[0m" : text;
    }
}
