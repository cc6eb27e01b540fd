/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Words for messages: what would have been possible where something unknown was written, and what was likely meant. */
public final class Wording {
    /** Up to so many letters apart, a word counts as mistyped. */
    private static final int MISTYPED = 2;

    /** Of a longer list only the beginning is shown. */
    private static final int LISTED = 12;

    /** What is quoted is cut behind so many characters. */
    private static final int QUOTED = 80;

    private static final Pattern BREAKS = Pattern.compile("[\\p{javaWhitespace}\\p{Cc}\\p{Cf}]+");

    private Wording() {}

    /** What somebody wrote, in quotation marks and fit for a line of a log. */
    public static String quoted(String written) {
        return '"' + abbreviated(written) + '"';
    }

    /** Without line breaks of any kind, and without what could make a terminal show something else. */
    public static String inOneLine(String written) {
        return BREAKS.matcher(written).replaceAll(" ").strip();
    }

    /** In one line, and not longer than a line. */
    public static String abbreviated(String written) {
        // Of a text as long as a file only the beginning is looked at.
        String beginning = written.substring(0, Math.min(written.length(), 4 * QUOTED));
        String line = inOneLine(beginning);
        return line.length() <= QUOTED && beginning.length() == written.length()
                ? line
                : line.substring(0, Math.min(line.length(), QUOTED)) + "…";
    }

    /** "possible are a, b, c", and "is b meant?" where one of them is close to what was written. */
    public static String possible(String written, Collection<String> possible) {
        if (possible.isEmpty()) {
            return "remove it, nothing can stand here";
        }
        String list = possible.size() == 1
                ? "possible is only " + possible.iterator().next()
                : "possible are " + possible.stream().limit(LISTED).collect(Collectors.joining(", "))
                        + (possible.size() > LISTED ? ", …" : "");
        return closest(written, possible)
                .map(word -> list + " (is " + word + " meant?)")
                .orElse(list);
    }

    private static Optional<String> closest(String written, Collection<String> possible) {
        String closest = null;
        int least = MISTYPED + 1;
        for (String word : possible) {
            int distance = distance(bare(written), bare(word));
            // A short word is within reach of anything: at least half of it has to be right.
            if (distance < least && distance * 2 <= bare(word).length()) {
                least = distance;
                closest = word;
            }
        }
        return Optional.ofNullable(closest);
    }

    /** An element is listed as {@code <name>}; the brackets are no part of the word. */
    private static String bare(String word) {
        String bare = word.startsWith("<") && word.endsWith(">") ? word.substring(1, word.length() - 1) : word;
        return bare.toLowerCase(Locale.ROOT);
    }

    /** The Levenshtein distance, or more than {@link #MISTYPED} as soon as it must be more. */
    private static int distance(String one, String other) {
        if (Math.abs(one.length() - other.length()) > MISTYPED) {
            return MISTYPED + 1;
        }
        int[] above = new int[other.length() + 1];
        for (int column = 0; column < above.length; column++) {
            above[column] = column;
        }
        for (int row = 1; row <= one.length(); row++) {
            int[] current = new int[above.length];
            current[0] = row;
            for (int column = 1; column < above.length; column++) {
                int replaced = above[column - 1] + (one.charAt(row - 1) == other.charAt(column - 1) ? 0 : 1);
                current[column] = Math.min(replaced, Math.min(above[column], current[column - 1]) + 1);
            }
            above = current;
        }
        return above[other.length()];
    }
}
