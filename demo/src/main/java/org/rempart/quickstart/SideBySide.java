/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.rempart.quickstart.RawMessage.Field;

/**
 * Two headers in two columns, equal fields on equal lines, in the manner of {@code diff --side-by-side}: between them
 * stands {@code <} where only the left one has the field, {@code >} where only the right one has it, {@code ~} where both
 * have it with different text.
 */
final class SideBySide {
    private static final int MIN_COLUMN = 20;
    private static final String CONTINUED = "  ";

    private SideBySide() {}

    /** How the two sides of a row relate. */
    enum Mark {
        SAME(' '),
        LEFT_ONLY('<'),
        RIGHT_ONLY('>'),
        CHANGED('~');

        private final char sign;

        Mark(char sign) {
            this.sign = sign;
        }
    }

    /**
     * A line of the table.
     *
     * @param mark how the field on it differs
     * @param text both columns with the mark between them
     */
    record Line(Mark mark, String text) {}

    /**
     * Sets two headers side by side.
     *
     * @param width columns of the terminal for the whole table
     */
    static List<Line> render(List<Field> left, List<Field> right, int width) {
        int column = Math.max(MIN_COLUMN, (width - 3) / 2);
        List<Line> lines = new ArrayList<>();
        for (Row row : rows(left, right)) {
            Iterator<String> l = wrap(row.left, column).iterator();
            Iterator<String> r = wrap(row.right, column).iterator();
            while (l.hasNext() || r.hasNext()) {
                String leftText = l.hasNext() ? l.next() : "";
                String rightText = r.hasNext() ? r.next() : "";
                String text = leftText + " ".repeat(column - leftText.length()) + " " + row.mark.sign + " " + rightText;
                lines.add(new Line(row.mark, text.stripTrailing()));
            }
        }
        return lines;
    }

    /** Printable text in pieces of at most {@code width} characters, broken at spaces where there are any. */
    private static List<String> wrap(String textOrNull, int width) {
        List<String> pieces = new ArrayList<>();
        String rest = textOrNull == null ? "" : textOrNull.replace('\t', ' ').replaceAll("[^\\x20-\\x7E]", "?");
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int end = space > CONTINUED.length() + 1 ? space : width;
            pieces.add(rest.substring(0, end).stripTrailing());
            rest = CONTINUED + rest.substring(end).stripLeading();
        }
        if (!rest.isEmpty()) {
            pieces.add(rest);
        }
        return pieces;
    }

    private static final class Row {
        private final Mark mark;
        private final String left;
        private final String right;

        private Row(Mark mark, String left, String right) {
            this.mark = mark;
            this.left = left;
            this.right = right;
        }
    }

    /** Aligned by the longest common subsequence; fields between two common ones are paired by name. */
    private static List<Row> rows(List<Field> left, List<Field> right) {
        int[][] common = new int[left.size() + 1][right.size() + 1];
        for (int i = left.size() - 1; i >= 0; i--) {
            for (int j = right.size() - 1; j >= 0; j--) {
                common[i][j] = left.get(i).equals(right.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<Row> rows = new ArrayList<>();
        List<Field> onlyLeft = new ArrayList<>();
        List<Field> onlyRight = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < left.size() || j < right.size()) {
            if (i < left.size() && j < right.size() && left.get(i).equals(right.get(j))) {
                addDifferences(rows, onlyLeft, onlyRight);
                rows.add(new Row(Mark.SAME, left.get(i).text(), right.get(j).text()));
                i++;
                j++;
            } else if (j == right.size() || (i < left.size() && common[i + 1][j] >= common[i][j + 1])) {
                onlyLeft.add(left.get(i++));
            } else {
                onlyRight.add(right.get(j++));
            }
        }
        addDifferences(rows, onlyLeft, onlyRight);
        return rows;
    }

    private static void addDifferences(List<Row> rows, List<Field> onlyLeft, List<Field> onlyRight) {
        for (Field field : onlyLeft) {
            int partner = -1;
            for (int k = 0; k < onlyRight.size() && partner < 0; k++) {
                partner = onlyRight.get(k).isNamed(field.name()) ? k : -1;
            }
            if (partner < 0) {
                rows.add(new Row(Mark.LEFT_ONLY, field.text(), null));
            } else {
                // What stands before the partner on the right keeps its place.
                for (Field before : onlyRight.subList(0, partner)) {
                    rows.add(new Row(Mark.RIGHT_ONLY, null, before.text()));
                }
                rows.add(new Row(
                        Mark.CHANGED, field.text(), onlyRight.get(partner).text()));
                onlyRight.subList(0, partner + 1).clear();
            }
        }
        for (Field field : onlyRight) {
            rows.add(new Row(Mark.RIGHT_ONLY, null, field.text()));
        }
        onlyLeft.clear();
        onlyRight.clear();
    }
}
