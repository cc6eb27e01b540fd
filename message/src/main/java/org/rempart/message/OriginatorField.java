/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.policy.DomainNames;

/**
 * The addresses that an originator field (RFC 5322, section 3.6.2) shows to anybody. Mail programs read such a field in
 * more than one way, and some show only the display name; so this is not one parser's opinion but everything that could
 * be taken for an address:
 *
 * <ul>
 *   <li>{@link #mailboxes}: what stands at both sides of any at sign outside comments and quoted strings, in groups and
 *       routes too. A quote or parenthesis that nothing closes counts as none.
 *   <li>{@link #names}: whatever looks like an address with a domain name in display names, comments and quoted strings, once
 *       encoded words (RFC 2047) are opened ({@link Lookalikes}).
 * </ul>
 *
 * The time is proportional to the text, of which there is a bound; how deep comments and groups nest does not matter.
 */
public final class OriginatorField {
    /** More than an address list that a person wrote holds; at most as many are found. */
    static final int MOST_ADDRESSES = 500;

    /** At signs that are looked at, since the same address may stand there again and again. */
    static final int MOST_SIGNS = 8 * MOST_ADDRESSES;

    /** Characters that end an atom (RFC 5322, section 3.2.3; the dot counts as part of it here). */
    private static final String SPECIALS = "()<>[]:;@\\,\"";

    private final Set<ShownAddress> mailboxes = new LinkedHashSet<>();
    private final Set<ShownAddress> names = new LinkedHashSet<>();
    private final Set<ShownAddress> hints = new LinkedHashSet<>();
    private boolean unqualified;
    private String fault;

    private OriginatorField() {}

    /**
     * Reads a field.
     *
     * @param value unfolded, its bytes decoded
     */
    static OriginatorField of(String value) {
        OriginatorField field = new OriginatorField();
        field.readMailboxes(field.tokens(value));
        Lookalikes lookalikes = Lookalikes.in(value, MOST_ADDRESSES);
        field.names.addAll(lookalikes.found());
        field.names.removeAll(field.mailboxes);
        field.hints.addAll(lookalikes.hints());
        field.hints.removeAll(field.mailboxes);
        if (field.mailboxes.size() + field.names.size() >= MOST_ADDRESSES) {
            field.fault("an address field with too many addresses");
        }
        return field;
    }

    /** The addresses that the message is from. One without a domain is among them where there is no other. */
    public Set<ShownAddress> mailboxes() {
        return mailboxes;
    }

    /** What looks like an address elsewhere in the field. */
    public Set<ShownAddress> names() {
        return names;
    }

    /** What reads like an address, as {@code bob at example.com} does, which an honest person may write, too. */
    public Set<ShownAddress> hints() {
        return hints;
    }

    /** Whether a part of the list is an address without a domain, or a name with a comma that nobody has quoted. */
    public boolean isUnqualified() {
        return unqualified;
    }

    /** Why two readers could understand the field in two ways, or in none; empty when they can't. */
    public Optional<String> fault() {
        return Optional.ofNullable(fault);
    }

    private void fault(String reason) {
        if (fault == null) {
            fault = reason;
        }
    }

    private static final class Token {
        final String text;
        final boolean isWord;

        Token(String text, boolean isWord) {
            this.text = text;
            this.isWord = isWord;
        }

        boolean is(String special) {
            return !isWord && text.equals(special);
        }
    }

    /** Atoms, quoted strings (opened), domain literals and special characters; comments and white space are left out. */
    private List<Token> tokens(String value) {
        List<Token> tokens = new ArrayList<>();
        // What has turned out to have no end: it is looked for only once.
        boolean openComment = false;
        boolean openQuote = false;
        boolean openLiteral = false;
        int i = 0;
        while (i < value.length()) {
            char c = value.charAt(i);
            int end = i + 1;
            if (isSpace(c)) {
                i = end;
                continue;
            }
            if (c == '(' && !openComment) {
                end = Comments.close(value, i);
                openComment = end < 0;
                if (!openComment) {
                    i = end;
                    continue;
                }
                fault("an unfinished comment in an address field");
                end = i + 1;
            } else if (c == '"' && !openQuote) {
                StringBuilder text = new StringBuilder();
                end = endOfQuoted(value, i, text);
                openQuote = end < 0;
                if (!openQuote) {
                    tokens.add(new Token(text.toString(), true));
                    i = end;
                    continue;
                }
                fault("an unfinished quoted string in an address field");
                end = i + 1;
            } else if (c == '[' && !openLiteral) {
                int close = value.indexOf(']', i);
                openLiteral = close < 0;
                if (!openLiteral) {
                    tokens.add(new Token(value.substring(i, close + 1).replaceAll("\\s", ""), true));
                    i = close + 1;
                    continue;
                }
                fault("an unfinished [ in an address field");
            }
            if (c == '\\' || c == '(' || c == ')' || c == '"') {
                // Between words, it is what a lenient reader passes over.
                end = i + 1;
            } else if (SPECIALS.indexOf(c) >= 0) {
                tokens.add(new Token(String.valueOf(c), false));
            } else {
                while (end < value.length() && isAtom(value.charAt(end))) {
                    end++;
                }
                tokens.add(new Token(value.substring(i, end), true));
            }
            i = end;
        }
        return tokens;
    }

    private static int endOfQuoted(String value, int start, StringBuilder text) {
        for (int i = start + 1; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"') {
                return i + 1;
            }
            if (c == '\\' && i + 1 < value.length()) {
                i++;
            }
            text.append(value.charAt(i));
        }
        return -1;
    }

    private void readMailboxes(List<Token> tokens) {
        int left = MOST_SIGNS;
        for (int i = 0; i < tokens.size() && mailboxes.size() < MOST_ADDRESSES; i++) {
            if (tokens.get(i).is("@")) {
                if (left-- == 0) {
                    fault("an address field with too many addresses");
                    return;
                }
                String local = left(tokens, i - 1);
                String domain = right(tokens, i + 1);
                if (local.isEmpty() || domain.isEmpty()) {
                    fault("an @ that is part of no address");
                }
                if (!domain.isEmpty()) {
                    mailboxes.add(new ShownAddress(local, DomainNames.comparable(domain)));
                }
            }
        }
        String without = unqualified(tokens);
        if (!without.isEmpty()) {
            unqualified = true;
            if (mailboxes.isEmpty()) {
                mailboxes.add(new ShownAddress(without, ""));
            }
        } else if (mailboxes.isEmpty()) {
            fault("an address field without an address");
        }
    }

    /** The words up to here that dots join, with white space or comments around them (RFC 5322, section 4.4). */
    private static String left(List<Token> tokens, int last) {
        String local = "";
        for (int i = last; i >= 0 && tokens.get(i).isWord && local.length() < DomainNames.LONGEST; i--) {
            String word = tokens.get(i).text;
            if (!local.isEmpty() && !local.startsWith(".") && !word.endsWith(".")) {
                break;
            }
            local = word + local;
        }
        return local;
    }

    private static String right(List<Token> tokens, int first) {
        StringBuilder domain = new StringBuilder();
        for (int i = first; i < tokens.size() && tokens.get(i).isWord && domain.length() <= DomainNames.LONGEST; i++) {
            String word = tokens.get(i).text;
            if (domain.length() > 0 && domain.charAt(domain.length() - 1) != '.' && !word.startsWith(".")) {
                break;
            }
            domain.append(word);
        }
        return domain.toString();
    }

    /** The first address of the list without an at sign; empty when there is none. */
    private static String unqualified(List<Token> tokens) {
        String found = "";
        String word = "";
        boolean qualified = false;
        boolean bracketed = false;
        for (int i = 0; i <= tokens.size(); i++) {
            Token token = i < tokens.size() ? tokens.get(i) : new Token(",", false);
            if (token.is(",") || token.is(";")) {
                found = found.isEmpty() && !qualified ? word : found;
                word = "";
                qualified = false;
                bracketed = false;
            } else if (token.is(":")) {
                // It was a group's name.
                word = "";
            } else if (token.is("@")) {
                qualified = true;
            } else if (token.is("<")) {
                bracketed = true;
                word = "";
            } else if (token.isWord && !(bracketed && i > 0 && tokens.get(i - 1).is(">"))) {
                word = token.text;
            }
        }
        return found;
    }

    private static boolean isAtom(char c) {
        return !isSpace(c) && SPECIALS.indexOf(c) < 0;
    }

    static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }
}
