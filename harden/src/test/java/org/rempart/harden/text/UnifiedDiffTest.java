/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class UnifiedDiffTest {
    private static final Pattern HUNK = Pattern.compile("@@ -(\\d+)(?:,(\\d+))? \\+(\\d+)(?:,(\\d+))? @@");

    @Test
    void hasItsReasonsAboveTheHunk() {
        Draft draft = Draft.of(SourceText.of("a.xml", "1\n2\n3\n4\n5\n6\n7\n8\n9\n0".getBytes(StandardCharsets.UTF_8)));
        draft.replace(2, 3, "two", "two is a word");
        draft.replace(18, 19, "ten", "so is ten");

        assertThat(UnifiedDiff.of(draft))
                .isEqualTo("--- a.xml\n+++ a.xml\n# two is a word\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n"
                        + "# so is ten\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-0\n\\ No newline at end of file\n+ten\n"
                        + "\\ No newline at end of file\n");
    }

    @Property(tries = 500)
    void appliedToWhatWasGivesWhatIsToBe(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int count) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i >= 0; i--) {
            text.append("line ").append(random.nextInt(5)).append(i > 0 || random.nextBoolean() ? "\n" : "");
        }
        Draft draft = Draft.of(SourceText.of("a", text.toString().getBytes(StandardCharsets.UTF_8)));
        TreeSet<Integer> places = new TreeSet<>();
        while (places.size() < 2 * count && places.size() <= text.length()) {
            places.add(random.nextInt(text.length() + 1));
        }
        while (places.size() > 1) {
            int start = places.pollFirst();
            int end = random.nextBoolean() ? start : places.pollFirst();
            draft.replace(start, end, List.of("", "x", "\n", "new\n", "\nnew").get(random.nextInt(5)), "reason");
        }

        assertThat(patched(text.toString(), UnifiedDiff.of(draft)))
                .isEqualTo(draft.after().text());
    }

    /** What {@code patch} does. */
    private static String patched(String text, String diff) {
        List<String> old = text.isEmpty() ? List.of() : List.of(text.split("(?<=\n)", 0));
        List<String> now = new ArrayList<>();
        int at = 0;
        boolean added = false;
        for (String line : diff.split("(?<=\n)", -1)) {
            Matcher hunk = HUNK.matcher(line.strip());
            if (hunk.matches()) {
                int first = Integer.parseInt(hunk.group(1)) - ("0".equals(hunk.group(2)) ? 0 : 1);
                while (at < first) {
                    now.add(old.get(at++));
                }
                assertThat(now.size()).isEqualTo(Integer.parseInt(hunk.group(3)) - ("0".equals(hunk.group(4)) ? 0 : 1));
            } else if (line.startsWith("\\")) {
                if (added) {
                    now.add(now.remove(now.size() - 1).replaceFirst("\n$", ""));
                }
            } else if (line.startsWith(" ")) {
                now.add(old.get(at++));
            } else if (line.startsWith("-") && !line.startsWith("---")) {
                at++;
            } else if (line.startsWith("+") && !line.startsWith("+++")) {
                now.add(line.substring(1));
            }
            added = line.startsWith("+");
        }
        now.addAll(old.subList(at, old.size()));
        return String.join("", now);
    }
}
