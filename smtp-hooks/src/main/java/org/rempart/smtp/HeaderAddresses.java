/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.IDN;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.codec.DecoderUtil;
import org.apache.james.mime4j.dom.address.Mailbox;
import org.apache.james.mime4j.field.address.LenientAddressParser;

/**
 * The addresses that an originator field (RFC 5322, section 3.6.2) shows to anybody. Mail programs read such a field in
 * more than one way, and some show only the display name; so this is not one parser's opinion but everything that could
 * be taken for an address:
 *
 * <ul>
 *   <li>the mailboxes that Mime4j finds, those of groups included;
 *   <li>what stands at both sides of any {@code @} outside comments and quoted strings;
 *   <li>whatever looks like an address with a domain name once comments, quoted strings and encoded words (RFC 2047) are
 *       opened and look-alike characters are folded (Unicode NFKC).
 * </ul>
 *
 * Domains are compared by their A-labels (RFC 5890).
 */
final class HeaderAddresses {
    private static final Pattern STAND_IN = Pattern.compile("\\{([0-9a-f]{4})\\}");

    /** Longer ones are no address list that a person wrote. */
    private static final int MAX_LENGTH = 16 * 1024;

    /** Characters that end an atom (RFC 5322, section 3.2.3; the dot counts as part of it here). */
    private static final String SPECIALS = "()<>[]:;@\\,\"";

    private HeaderAddresses() {}

    /**
     * Reads a field.
     *
     * @param value unfolded
     * @return at least one address
     * @throws UnreadableHeaderException when there is no address in it, or no telling which
     */
    static Set<MailAddress> of(String value) throws UnreadableHeaderException {
        if (value.length() > MAX_LENGTH) {
            throw new UnreadableHeaderException("an address field of " + value.length() + " characters");
        }
        Set<MailAddress> found = new LinkedHashSet<>();
        addMailboxes(value, found);
        if (found.isEmpty()) {
            throw new UnreadableHeaderException("an address field without an address");
        }
        addStructural(tokens(value), found);
        addLookalikes(value, found);
        addLookalikes(DecoderUtil.decodeEncodedWords(value, DecodeMonitor.SILENT), found);
        return found;
    }

    /** What a field shows, as far as it can be told. */
    static final class Shown {
        /** The addresses that the message is from. */
        final Set<MailAddress> mailboxes = new LinkedHashSet<>();
        /** All that could be taken for an address, in display names and comments too. */
        final Set<MailAddress> all = new LinkedHashSet<>();
        /** Whether all of the field could be read. */
        boolean whole = true;
    }

    @FunctionalInterface
    private interface Scan {
        void into(Set<MailAddress> found) throws UnreadableHeaderException;
    }

    /**
     * Reads a field that need not be one that we would send: what can't be read keeps nothing else from being found.
     *
     * @param value unfolded
     */
    static Shown shownBy(String value) {
        Shown shown = new Shown();
        String start = value.substring(0, Math.min(value.length(), MAX_LENGTH));
        shown.whole = start.length() == value.length();
        scan(shown, shown.mailboxes, found -> addMailboxes(start, found));
        scan(shown, shown.mailboxes, found -> addStructural(tokens(start), found));
        shown.all.addAll(shown.mailboxes);
        scan(shown, shown.all, found -> addLookalikes(start, found));
        scan(
                shown,
                shown.all,
                found -> addLookalikes(DecoderUtil.decodeEncodedWords(start, DecodeMonitor.SILENT), found));
        return shown;
    }

    private static void scan(Shown shown, Set<MailAddress> found, Scan scan) {
        try {
            scan.into(found);
        } catch (UnreadableHeaderException unreadable) {
            shown.whole = false;
        }
    }

    private static void addMailboxes(String value, Set<MailAddress> found) throws UnreadableHeaderException {
        for (Mailbox mailbox :
                LenientAddressParser.DEFAULT.parseAddressList(inAscii(value)).flatten()) {
            if (mailbox.getLocalPart() == null || mailbox.getDomain() == null) {
                throw new UnreadableHeaderException("an address without a domain");
            }
            found.add(address(fromAscii(mailbox.getLocalPart()), fromAscii(mailbox.getDomain())));
        }
    }

    /**
     * The field in ASCII: Mime4j from 0.8.10 on cuts off the end of a field for each byte that UTF-8 needs more. The
     * stand-in is made of characters that an atom may hold. Who writes it himself hides nothing by it, since the other
     * scans see the field as it is.
     */
    private static String inAscii(String value) {
        StringBuilder ascii = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 128) {
                ascii.append(c);
            } else {
                ascii.append(String.format(Locale.ROOT, "{%04x}", (int) c));
            }
        }
        return ascii.toString();
    }

    private static String fromAscii(String word) {
        return STAND_IN.matcher(word)
                .replaceAll(
                        match -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 16))));
    }

    private static void addStructural(List<Token> tokens, Set<MailAddress> found) throws UnreadableHeaderException {
        for (int i = 0; i < tokens.size(); i++) {
            if (!tokens.get(i).is("@")) {
                continue;
            }
            boolean between = i > 0 && i + 1 < tokens.size() && tokens.get(i - 1).isWord && tokens.get(i + 1).isWord;
            if (!between) {
                throw new UnreadableHeaderException("an @ that is part of no address");
            }
            found.add(address(tokens.get(i - 1).text, tokens.get(i + 1).text));
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
    private static List<Token> tokens(String value) throws UnreadableHeaderException {
        List<Token> tokens = new ArrayList<>();
        int i = 0;
        while (i < value.length()) {
            char c = value.charAt(i);
            if (isSpace(c)) {
                i++;
            } else if (c == '(') {
                i = endOfComment(value, i);
            } else if (c == '"') {
                StringBuilder text = new StringBuilder();
                i = endOfQuoted(value, i, text);
                tokens.add(new Token(text.toString(), true));
            } else if (c == '[') {
                int end = value.indexOf(']', i);
                if (end < 0) {
                    throw new UnreadableHeaderException("an unfinished [ in an address field");
                }
                tokens.add(new Token(value.substring(i, end + 1), true));
                i = end + 1;
            } else if (SPECIALS.indexOf(c) >= 0) {
                tokens.add(new Token(String.valueOf(c), false));
                i++;
            } else {
                int end = i;
                while (end < value.length() && isAtom(value.charAt(end))) {
                    end++;
                }
                tokens.add(new Token(value.substring(i, end), true));
                i = end;
            }
        }
        return tokens;
    }

    private static int endOfComment(String value, int start) throws UnreadableHeaderException {
        int depth = 0;
        for (int i = start; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '(') {
                depth++;
            } else if (c == ')' && --depth == 0) {
                return i + 1;
            }
        }
        throw new UnreadableHeaderException("an unfinished comment in an address field");
    }

    private static int endOfQuoted(String value, int start, StringBuilder text) throws UnreadableHeaderException {
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
        throw new UnreadableHeaderException("an unfinished quoted string in an address field");
    }

    private static void addLookalikes(String text, Set<MailAddress> found) throws UnreadableHeaderException {
        String folded = Normalizer.normalize(text, Normalizer.Form.NFKC)
                .codePoints()
                // Characters without a glyph, which only break a comparison.
                .filter(c -> Character.getType(c) != Character.FORMAT)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        for (int at = folded.indexOf('@'); at >= 0; at = folded.indexOf('@', at + 1)) {
            int start = at;
            while (start > 0 && isAtom(folded.charAt(start - 1))) {
                start--;
            }
            int end = at + 1;
            while (end < folded.length() && isAtom(folded.charAt(end))) {
                end++;
            }
            String domain = withoutFinalDot(folded.substring(at + 1, end));
            if (start < at && looksLikeDomain(domain)) {
                found.add(address(folded.substring(start, at), domain));
            }
        }
    }

    /** Whether there are labels, and a last one that a top-level domain could be called. */
    private static boolean looksLikeDomain(String text) {
        int dot = text.lastIndexOf('.');
        return dot > 0 && text.substring(dot + 1).chars().anyMatch(Character::isLetter);
    }

    private static MailAddress address(String localPart, String domain) throws UnreadableHeaderException {
        try {
            String ascii = domain.startsWith("[")
                    ? domain
                    : IDN.toASCII(withoutFinalDot(domain), IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
            return new MailAddress(localPart, ascii);
        } catch (AddressException | IllegalArgumentException invalid) {
            throw new UnreadableHeaderException("an invalid address: " + localPart + "@" + domain);
        }
    }

    private static String withoutFinalDot(String domain) {
        return domain.endsWith(".") ? domain.substring(0, domain.length() - 1) : domain;
    }

    private static boolean isAtom(char c) {
        return !isSpace(c) && SPECIALS.indexOf(c) < 0;
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }
}
