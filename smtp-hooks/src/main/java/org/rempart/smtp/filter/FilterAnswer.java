/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.util.List;
import java.util.Objects;
import org.rempart.policy.Wording;

/** What a filter says of a message. Immutable. */
public final class FilterAnswer {
    /** A filter's word, from the mildest on. */
    public enum Verdict {
        ACCEPT,
        /** It is spam, by the filter's mark or action, and not rejected. */
        SPAM,
        /** It is to be put aside, or thrown away. */
        QUARANTINE,
        /** Not now. */
        TEMPFAIL,
        REJECT
    }

    private static final int LONGEST_TEXT = 200;

    private final Verdict verdict;
    private final String status;
    private final String text;
    private final List<HeaderChange> changes;

    private FilterAnswer(Verdict verdict, String status, String text, List<HeaderChange> changes) {
        this.verdict = Objects.requireNonNull(verdict);
        this.status = status;
        this.text = text;
        this.changes = List.copyOf(changes);
    }

    /**
     * An answer.
     *
     * @param said whatever text the filter gives: a reason, or a reply with or without its codes; only one short line of
     *     printable ASCII is kept of it
     * @param changes what of the header is to change, in order
     */
    static FilterAnswer of(Verdict verdict, String said, List<HeaderChange> changes) {
        StringBuilder clean = new StringBuilder();
        String beginning = said.length() > 2 * LONGEST_TEXT ? said.substring(0, 2 * LONGEST_TEXT) : said;
        for (char c : Wording.inOneLine(beginning).toCharArray()) {
            clean.append(c > 126 || c < ' ' ? '?' : c);
        }
        String line =
                clean.toString().replaceFirst("^[245][0-9][0-9]([ -]|$)", "").strip();
        String status = "";
        if (line.matches("[45]\\.[0-9]{1,3}\\.[0-9]{1,3}( .*)?")) {
            int end = line.indexOf(' ');
            status = end < 0 ? line : line.substring(0, end);
            line = end < 0 ? "" : line.substring(end + 1).strip();
        }
        return new FilterAnswer(verdict, status, line.substring(0, Math.min(line.length(), LONGEST_TEXT)), changes);
    }

    public Verdict verdict() {
        return verdict;
    }

    /** What the filter says, in one line of printable ASCII without codes; may be empty. */
    public String text() {
        return text;
    }

    /**
     * What a client is told, behind the reply code: the filter's enhanced status code (RFC 3463) where it is of the class, and
     * its text, or others.
     *
     * @param reply {@code 5} or {@code 4}
     */
    public String reply(char reply) {
        String code = !status.isEmpty() && status.charAt(0) == reply ? status : reply + ".7.1";
        if (!text.isEmpty()) {
            return code + " " + text;
        }
        return code
                + (reply == '5' ? " The message is not wanted here" : " The message is not taken now, try again later");
    }

    /** What of the header is to change, in order. */
    public List<HeaderChange> changes() {
        return changes;
    }
}
