/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** What is to become of one file: edits of its text, and what a person has to do in it. */
public final class Draft {
    private final SourceText before;
    private final boolean isNew;
    private final List<Edit> edits = new ArrayList<>();
    private final List<Note> notes = new ArrayList<>();

    private Draft(SourceText before, boolean isNew) {
        this.before = before;
        this.isNew = isNew;
    }

    public static Draft of(SourceText before) {
        return new Draft(before, false);
    }

    /** A file that is not there yet. */
    public static Draft create(String name, byte[] bytes, String reason) {
        Draft draft = new Draft(SourceText.of(name, new byte[0]), true);
        draft.replace(0, 0, SourceText.of(name, bytes).text(), reason);
        return draft;
    }

    public String name() {
        return before.name();
    }

    public SourceText before() {
        return before;
    }

    public boolean isNew() {
        return isNew;
    }

    public void replace(int start, int end, String with, String reason) {
        edits.add(new Edit(start, end, with, reason));
    }

    /** Says what a person has to do at a place that is left as it is. */
    public void note(int position, String text) {
        notes.add(new Note(before.name(), before.line(position), text));
    }

    public List<Note> notes() {
        return Collections.unmodifiableList(notes);
    }

    /** In the order of the text; several at one place in the order in which they were made, insertions first. */
    public List<Edit> edits() {
        List<Edit> sorted = new ArrayList<>(edits);
        sorted.sort(Comparator.comparingInt(Edit::start).thenComparing(edit -> edit.start() != edit.end()));
        return sorted;
    }

    public boolean changes() {
        return !edits.isEmpty();
    }

    /**
     * The text with all edits made.
     *
     * @throws IllegalStateException when two of them are about the same characters
     */
    public SourceText after() {
        return before.with(between(0, before.text().length(), edits()));
    }

    /** What becomes of a part, by those of the edits that are given. */
    String between(int start, int end, List<Edit> inside) {
        StringBuilder text = new StringBuilder();
        int at = start;
        for (Edit edit : inside) {
            if (edit.start() < at) {
                throw new IllegalStateException(before.name() + ":" + before.line(edit.start())
                        + ": two edits of the same place, the second one: " + edit.reason());
            }
            text.append(before.text(), at, edit.start()).append(edit.with());
            at = edit.end();
        }
        return text.append(before.text(), at, end).toString();
    }
}
