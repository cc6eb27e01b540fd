/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.policy.DomainNames;

/**
 * What a person may take for an address in a text, whatever a parser says of it. The text is looked at in several ways: as it
 * stands, with its encoded words opened, without backslashes, with look-alike characters folded (Unicode NFKC) and those
 * without a glyph left out, without white space around at signs and dots and between single letters, as the direction marks
 * in it show it, and with the escapes that web pages use for an at sign.
 */
final class Lookalikes {
    /** Encoded words within encoded words: some programs decode until nothing changes. */
    private static final int MOST_ROUNDS = 3;

    private static final char OVERRIDE = '\u202e';
    private static final char POP = '\u202c';

    private static final Pattern ESCAPED_AT =
            Pattern.compile("%40|&#0{0,4}64;|&#x0{0,4}40;|&commat;", Pattern.CASE_INSENSITIVE);
    private static final Pattern WRITTEN_AT =
            Pattern.compile("\\s?[(\\[{<]\\s?at\\s?[)\\]}>]\\s?|\\sat\\s", Pattern.CASE_INSENSITIVE);
    private static final Pattern WRITTEN_DOT =
            Pattern.compile("\\s?[(\\[{<]\\s?dot\\s?[)\\]}>]\\s?|\\sdot\\s", Pattern.CASE_INSENSITIVE);

    private static final Pattern PUNCTUATION = Pattern.compile("[\"'<>()\\[\\],;:]");
    private static final Pattern SINGLE_LETTERS = Pattern.compile("(?<!\\S)\\S(?:\\s\\S(?!\\S)){3,}+");

    private final Set<ShownAddress> found = new LinkedHashSet<>();
    private final Set<ShownAddress> hints = new LinkedHashSet<>();
    private final int most;
    /** At signs that may still be looked at. */
    private int left;

    private Lookalikes(int most) {
        this.most = most;
        this.left = OriginatorField.MOST_SIGNS;
    }

    /**
     * Finds what looks like an address with a domain name.
     *
     * @param text unfolded
     * @param most how many to look for
     */
    static Lookalikes in(String text, int most) {
        Lookalikes lookalikes = new Lookalikes(most);
        String decoded = text;
        lookalikes.look(text);
        for (int round = 0; round < MOST_ROUNDS; round++) {
            String next = EncodedWords.decode(decoded);
            if (next.equals(decoded)) {
                break;
            }
            decoded = next;
            lookalikes.look(decoded);
        }
        lookalikes.hints.removeAll(lookalikes.found);
        return lookalikes;
    }

    /** What looks like an address. */
    Set<ShownAddress> found() {
        return found;
    }

    /** What reads like one: {@code bob at example.com}. Honest people write so, too. */
    Set<ShownAddress> hints() {
        return hints;
    }

    private void look(String text) {
        String seen = text.indexOf('\\') < 0 ? text : unescaped(text);
        if (seen.indexOf(OVERRIDE) >= 0) {
            scan(folded(turned(seen)), found);
        }
        String folded = folded(seen);
        scan(folded, found);
        if (folded.indexOf('%') >= 0 || folded.indexOf('&') >= 0) {
            scan(ESCAPED_AT.matcher(folded).replaceAll("@"), found);
        }
        String spaced = folded.replaceAll("\\s+", " ");
        String letters = PUNCTUATION.matcher(spaced).replaceAll(" ").replaceAll(" +", " ");
        String joined = SINGLE_LETTERS
                .matcher(letters)
                .replaceAll(run -> Matcher.quoteReplacement(run.group().replace(" ", "")));
        if (!joined.equals(letters)) {
            scan(joined, found);
        }
        String written = WRITTEN_AT.matcher(spaced).replaceAll("@");
        if (!written.equals(spaced)) {
            scan(WRITTEN_DOT.matcher(written).replaceAll("."), hints);
        }
    }

    /** Without the backslashes of quoted pairs (RFC 5322, section 3.2.1), wherever they stand. */
    private static String unescaped(String text) {
        StringBuilder unescaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 1 < text.length()) {
                i++;
            }
            unescaped.append(text.charAt(i));
        }
        return unescaped.toString();
    }

    /** As it is shown: what a right-to-left override stands before, turned round. */
    private static String turned(String text) {
        StringBuilder turned = new StringBuilder(text.length());
        int position = 0;
        while (position < text.length()) {
            int start = text.indexOf(OVERRIDE, position);
            if (start < 0) {
                break;
            }
            int end = text.indexOf(POP, start);
            end = end < 0 ? text.length() : end;
            turned.append(text, position, start).append(new StringBuilder(text.substring(start + 1, end)).reverse());
            position = end;
        }
        return turned.append(text, Math.min(position, text.length()), text.length())
                .toString();
    }

    private static String folded(String text) {
        boolean ascii = text.chars().allMatch(c -> c >= ' ' && c < 127);
        return ascii
                ? text
                : Normalizer.normalize(text, Normalizer.Form.NFKC)
                        .codePoints()
                        .filter(c -> !isInvisible(c))
                        .map(c -> c == '\u3002' ? '.' : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }

    /** Characters without a glyph, which only break a comparison; white space is none of them. */
    private static boolean isInvisible(int c) {
        return Character.getType(c) == Character.FORMAT
                || (Character.isISOControl(c) && !Character.isWhitespace(c))
                || c == '\u034f'
                || c == '\ufffd'
                || c == '\u115f'
                || c == '\u1160'
                || c == '\u17b4'
                || c == '\u17b5'
                || (c >= '\u180b' && c <= '\u180f')
                || c == '\u3164'
                || (c >= '\ufe00' && c <= '\ufe0f')
                || c == '\uffa0'
                || (c >= 0xe0000 && c <= 0xe0fff);
    }

    private void scan(String text, Set<ShownAddress> into) {
        for (int at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
            if (left-- <= 0 || into.size() >= most) {
                return;
            }
            int localEnd = at > 0 && OriginatorField.isSpace(text.charAt(at - 1)) ? at - 1 : at;
            int start = localEnd;
            while (start > 0 && localEnd - start < DomainNames.LONGEST && isOfLocalPart(text.charAt(start - 1))) {
                start--;
            }
            String domain = domain(text, at + 1);
            if (start < localEnd && looksLikeDomain(domain)) {
                into.add(new ShownAddress(text.substring(start, localEnd), DomainNames.comparable(domain)));
            }
        }
    }

    /** The name that begins here, behind white space and with white space at its dots as long as it is none yet. */
    private static String domain(String text, int from) {
        StringBuilder domain = new StringBuilder();
        for (int i = from; i < text.length() && i - from <= DomainNames.LONGEST; i++) {
            char c = text.charAt(i);
            boolean passed =
                    OriginatorField.isSpace(c) && (i == from || (!looksLikeDomain(domain) && isAtDot(text, i)));
            if (isOfDomain(c)) {
                domain.append(c);
            } else if (!passed) {
                break;
            }
        }
        int end = domain.length();
        while (end > 0 && (domain.charAt(end - 1) == '.' || domain.charAt(end - 1) == '-')) {
            end--;
        }
        return domain.substring(0, end);
    }

    private static boolean isAtDot(String text, int space) {
        return text.charAt(space - 1) == '.' || (space + 1 < text.length() && text.charAt(space + 1) == '.');
    }

    private static boolean isOfLocalPart(char c) {
        return !OriginatorField.isSpace(c) && "()<>[]:;@\\,\"".indexOf(c) < 0;
    }

    private static boolean isOfDomain(char c) {
        return c == '.'
                || c == '-'
                || c == '_'
                || Character.isLetterOrDigit(c)
                || Character.isSurrogate(c)
                || isMark(c);
    }

    private static boolean isMark(char c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK;
    }

    /** Whether there are labels, and a last one that a top-level domain could be called. */
    private static boolean looksLikeDomain(CharSequence name) {
        String text = name.toString();
        int dot = text.lastIndexOf('.');
        return dot > 0 && text.substring(dot + 1).chars().anyMatch(Character::isLetter);
    }
}
