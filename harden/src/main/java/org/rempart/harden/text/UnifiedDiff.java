/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A draft as a unified diff, with the reasons of its edits above each hunk. */
public final class UnifiedDiff {
    private static final int CONTEXT = 3;

    private final Draft draft;
    private final List<String> lines;
    private final StringBuilder out = new StringBuilder();

    private UnifiedDiff(Draft draft) {
        this.draft = draft;
        this.lines = lines(draft.before().text());
    }

    /** Lines of the form that {@code diff -u} has; empty when nothing changes. */
    public static String of(Draft draft) {
        UnifiedDiff diff = new UnifiedDiff(draft);
        if (draft.changes()) {
            diff.write();
        }
        return new String(diff.out.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private void write() {
        out.append("--- ").append(draft.isNew() ? "/dev/null" : draft.name()).append('\n');
        out.append("+++ ").append(draft.name()).append('\n');
        List<Change> hunk = new ArrayList<>();
        int shift = 0;
        for (Change change : changes()) {
            if (!hunk.isEmpty() && change.first - hunk.get(hunk.size() - 1).last > 2 * CONTEXT) {
                shift = write(hunk, shift);
                hunk.clear();
            }
            hunk.add(change);
        }
        write(hunk, shift);
    }

    private int write(List<Change> hunk, int shift) {
        int first = Math.max(0, hunk.get(0).first - CONTEXT);
        int last = Math.min(lines.size(), hunk.get(hunk.size() - 1).last + CONTEXT);
        int added = 0;
        Set<String> reasons = new LinkedHashSet<>();
        for (Change change : hunk) {
            added += change.lines.size() - (change.last - change.first);
            reasons.addAll(change.reasons);
        }
        for (String reason : reasons) {
            out.append("# ").append(reason).append('\n');
        }
        out.append("@@ -").append(range(first, last - first));
        out.append(" +").append(range(first + shift, last - first + added)).append(" @@\n");
        int at = first;
        for (Change change : hunk) {
            write(' ', lines.subList(at, change.first));
            write('-', lines.subList(change.first, change.last));
            write('+', change.lines);
            at = change.last;
        }
        write(' ', lines.subList(at, last));
        return shift + added;
    }

    private static String range(int first, int count) {
        return (count == 0 ? first : first + 1) + (count == 1 ? "" : "," + count);
    }

    private void write(char mark, List<String> some) {
        for (String line : some) {
            out.append(mark).append(line);
            if (!line.endsWith("\n")) {
                out.append("\n\\ No newline at end of file\n");
            }
        }
    }

    /** Whole lines that change, in their order. */
    private List<Change> changes() {
        SourceText before = draft.before();
        List<Change> changes = new ArrayList<>();
        List<Edit> together = new ArrayList<>();
        int start = 0;
        int end = -1;
        for (Edit edit : draft.edits()) {
            boolean wholeLines = before.lineStart(edit.start()) == edit.start()
                    && before.lineStart(edit.end()) == edit.end()
                    && (edit.with().isEmpty() || edit.with().endsWith("\n"));
            int from = before.lineStart(edit.start());
            int to = wholeLines ? edit.end() : before.nextLine(edit.end());
            if (end >= 0 && from >= end) {
                add(changes, start, end, together);
                together.clear();
                end = -1;
            }
            start = end < 0 ? from : start;
            end = Math.max(end, to);
            together.add(edit);
        }
        add(changes, start, end, together);
        return changes;
    }

    private void add(List<Change> changes, int start, int end, List<Edit> edits) {
        List<String> now = lines(draft.between(start, end, edits));
        int first = lines(draft.before().text().substring(0, start)).size();
        int last = first + lines(draft.before().text().substring(start, end)).size();
        while (first < last && !now.isEmpty() && lines.get(first).equals(now.get(0))) {
            now.remove(0);
            first++;
        }
        while (first < last && !now.isEmpty() && lines.get(last - 1).equals(now.get(now.size() - 1))) {
            now.remove(now.size() - 1);
            last--;
        }
        Set<String> reasons = new LinkedHashSet<>();
        edits.forEach(edit -> reasons.add(edit.reason()));
        changes.add(new Change(first, last, now, reasons));
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\n', at) + 1;
            end = end == 0 ? text.length() : end;
            lines.add(text.substring(at, end));
            at = end;
        }
        return lines;
    }

    private static final class Change {
        private final int first;
        private final int last;
        private final List<String> lines;
        private final Set<String> reasons;

        private Change(int first, int last, List<String> lines, Set<String> reasons) {
            this.first = first;
            this.last = last;
            this.lines = lines;
            this.reasons = reasons;
        }
    }
}
