/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.codec.binary.Hex;
import org.rempart.message.Comments;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * Takes the inside out of a trace field (RFC 5321, section 4.4) and leaves the hop: its protocol, its id and its date,
 * which the spam filters and the loop detection of others need. An internal hop becomes
 *
 * <pre>{@code
 * Received: by mail.example.com with ESMTPSA id 4XyZ1234; Tue, 24 Nov 2026 20:50:07 +0000
 * }</pre>
 *
 * and keeps {@code from} only where that names a host and an address of the outside which did not submit the mail. A hop
 * is internal when its {@code by} is ours, or a name or address that the outside can't know, or is missing. All other
 * hops are of the outside, whatever they say, also that they took a submission (RFC 3848, the types that end in A): they keep
 * all, but for an inner address or the name of an inner host, which is neutralised where it stands.
 */
final class ReceivedRewriter {
    private static final int LINE = 78;

    private static final int LONGEST_NAME = 255;

    private static final Set<String> KEYWORDS = Set.of("from", "by", "via", "with", "id", "for");

    /** The registered transmission types (RFC 3848, RFC 6531), and SMTPA as some write it: other words name products. */
    private static final Pattern PROTOCOL = Pattern.compile("(?:UTF8)?(?:E?SMTP|LMTP)S?A?", Pattern.CASE_INSENSITIVE);

    /** The types of RFC 3848 that end in A, what older servers write for them, and webmail. */
    private static final Pattern SUBMISSION =
            Pattern.compile("(?:(?:UTF8)?(?:E?SMTP|LMTP)S?A|ASMTP|HTTPS?)", Pattern.CASE_INSENSITIVE);

    /** In a comment: Postfix's "Authenticated sender", Sendmail's "authenticated bits=0". */
    private static final Pattern AUTHENTICATED = Pattern.compile("\\bauthenticated\\b", Pattern.CASE_INSENSITIVE);

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern VERSION = Pattern.compile("[0-9.]{1,64}");
    private static final Pattern ADDRESS_CHARACTERS = Pattern.compile("[0-9A-Fa-f:.]{2,64}");
    private static final Pattern HOST_CHARACTERS = Pattern.compile("[A-Za-z0-9_.-]{1," + LONGEST_NAME + "}");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern DATE = Pattern.compile("((?:[A-Za-z]{3},?\\s*)?\\d{1,2}\\s+[A-Za-z]{3}\\s+\\d{2,4}\\s+"
            + "\\d{1,2}:\\d{2}(?::\\d{2})?(?:\\.\\d{1,9})?)(?:\\s*([+-]\\d{1,2}:?\\d{2}(?!\\d)|[A-Z]{1,5}))?");

    /** What stands in the place of a date that nobody understands. */
    private static final int LONGEST_DATE = 100;

    /** Names of zones that RFC 5322, section 4.3, does not know, and that mean one thing. */
    private static final Map<String, String> ZONES = Map.ofEntries(
            Map.entry("UTC", "+0000"),
            Map.entry("WET", "+0000"),
            Map.entry("WEST", "+0100"),
            Map.entry("CET", "+0100"),
            Map.entry("MET", "+0100"),
            Map.entry("CEST", "+0200"),
            Map.entry("MEST", "+0200"),
            Map.entry("EET", "+0200"),
            Map.entry("EEST", "+0300"),
            Map.entry("MSK", "+0300"),
            Map.entry("HKT", "+0800"),
            Map.entry("AWST", "+0800"),
            Map.entry("JST", "+0900"),
            Map.entry("KST", "+0900"),
            Map.entry("AEST", "+1000"),
            Map.entry("AEDT", "+1100"),
            Map.entry("NZST", "+1200"),
            Map.entry("NZDT", "+1300"),
            Map.entry("AKST", "-0900"),
            Map.entry("AKDT", "-0800"),
            Map.entry("HST", "-1000"));

    /** Makes the digest of an id one that can't be found again by guessing ids. */
    private static final byte[] SALT = salt();

    private static byte[] salt() {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        return salt;
    }

    private final InnerNames names;
    private final String publicName;

    ReceivedRewriter(InnerNames names, String publicName) {
        this.names = names;
        this.publicName = publicName;
    }

    /**
     * Rewrites a trace field.
     *
     * @return the whole field with its line ends, or {@link HeaderBlock#KEEP} when it stays as it is
     */
    byte[] rewrite(HeaderField field) {
        if (!names.mayLookInto(field.end() - field.start())) {
            // Its hop still counts.
            return folded(field.name(), List.of("by " + publicName), field.lineEnd())
                    .getBytes(StandardCharsets.ISO_8859_1);
        }
        String value = field.value();
        Hop hop = Hop.parse(value);
        if (!isInside(hop)) {
            String raw = field.rawValue();
            String neutral = names.neutraliseOfOthers(raw);
            return neutral.equals(raw) ? HeaderBlock.KEEP : field.withRawValue(neutral);
        }
        List<String> parts = new ArrayList<>();
        if (!isSubmission(hop)) {
            from(hop, value, parts);
        }
        parts.add("by " + publicName);
        String with = hop.word("with");
        if (!with.isEmpty()) {
            parts.add("with " + (PROTOCOL.matcher(with).matches() ? with : "SMTP"));
        }
        String id = neutralId(hop.word("id"));
        if (!id.isEmpty()) {
            parts.add("id " + id);
        }
        String date = date(hop);
        if (!date.isEmpty()) {
            int last = parts.size() - 1;
            parts.set(last, parts.get(last) + ";");
            parts.add(date);
        }
        if (String.join(" ", parts).equals(SPACE.matcher(value).replaceAll(" "))) {
            return HeaderBlock.KEEP;
        }
        return folded(field.name(), parts, field.lineEnd()).getBytes(StandardCharsets.ISO_8859_1);
    }

    private boolean isInside(Hop hop) {
        String by = hop.word("by");
        return isAddressLiteral(by) ? names.holdsInnerAddress(by) : names.isInner(hostIn(by));
    }

    /**
     * When the hop was, with a zone that all understand (RFC 5322, section 3.3). What is written in another way stays as it
     * stands behind the semicolon: better a date that few can read than none, or one of another moment.
     */
    private String date(Hop hop) {
        Matcher date = DATE.matcher(hop.date);
        if (date.find()) {
            String time = SPACE.matcher(date.group(1)).replaceAll(" ");
            String zone = date.group(2);
            return zone == null ? time : time + ' ' + numeric(zone);
        }
        if (!hop.dated) {
            return "";
        }
        String stands = names.neutralise(Comments.without(hop.date))
                .replaceAll("[^\\x21-\\x7e]+", " ")
                .trim();
        boolean told = stands.length() <= LONGEST_DATE && stands.chars().anyMatch(c -> c >= '0' && c <= '9');
        return told ? stands : "";
    }

    private static String numeric(String zone) {
        if (zone.charAt(0) != '+' && zone.charAt(0) != '-') {
            return ZONES.getOrDefault(zone, zone);
        }
        String digits = zone.substring(1).replace(":", "");
        return zone.charAt(0) + (digits.length() == 3 ? "0" : "") + digits;
    }

    private static boolean isSubmission(Hop hop) {
        return SUBMISSION.matcher(hop.word("with")).matches();
    }

    private boolean isAddressLiteral(String word) {
        return word.startsWith("[")
                || (ADDRESS_CHARACTERS.matcher(word).matches()
                        && !names.addresses(word).isEmpty());
    }

    /** The host name that a word begins with, without a port or whatever else is glued to it; empty when it has none. */
    private static String hostIn(String word) {
        int end = 0;
        while (end < word.length() && isHostCharacter(word.charAt(end))) {
            end++;
        }
        return word.substring(0, end);
    }

    private static boolean isHostCharacter(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '-'
                || c == '_'
                || c > 127;
    }

    /** Keeps where the hop came from when both the name and the address are of the outside, and nobody logged in there. */
    private void from(Hop hop, String value, List<String> parts) {
        String host = hop.word("from");
        if (isAddressLiteral(host)
                || names.isInner(host)
                || !HOST_CHARACTERS.matcher(host).matches()) {
            return;
        }
        List<InetAddress> addresses = names.addresses(hop.clause("from"));
        boolean outside = !addresses.isEmpty() && addresses.stream().noneMatch(InnerNames::isInner);
        if (outside && !AUTHENTICATED.matcher(value).find()) {
            InetAddress address = addresses.get(0);
            String literal = (address instanceof Inet6Address ? "IPv6:" : "") + address.getHostAddress();
            parts.add("from " + host + " ([" + literal + "])");
        }
    }

    /** An id without what may tell of a host or a version; the same one each time while the server runs. */
    private static String neutralId(String word) {
        String id = word.startsWith("<") ? word.substring(1) : word;
        int at = id.indexOf('@');
        id = at >= 0 ? id.substring(0, at) : id;
        if (id.endsWith(">")) {
            id = id.substring(0, id.length() - 1);
        }
        if (ID.matcher(id).matches()) {
            return id;
        }
        // Exchange writes its version there.
        return VERSION.matcher(id).matches() ? "" : digest(id);
    }

    private static String digest(String id) {
        if (id.isEmpty()) {
            return "";
        }
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(SALT);
            byte[] hash = sha.digest(id.getBytes(StandardCharsets.ISO_8859_1));
            return Hex.encodeHexString(Arrays.copyOf(hash, 8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String folded(String name, List<String> parts, String lineEnd) {
        String fold = lineEnd.isEmpty() ? "\r\n" : lineEnd;
        StringBuilder field = new StringBuilder(name).append(':');
        int length = field.length();
        for (String part : parts) {
            if (length + 1 + part.length() > LINE && length > name.length() + 1) {
                field.append(fold);
                length = 0;
            }
            field.append(' ').append(part);
            length += 1 + part.length();
        }
        return field.append(lineEnd).toString();
    }

    /** A trace field, taken apart: its clauses, without what stands in comments there, and its date. */
    private static final class Hop {
        private final Map<String, String> words = new LinkedHashMap<>();
        private final Map<String, StringBuilder> clauses = new LinkedHashMap<>();
        private String date = "";
        private boolean dated;

        static Hop parse(String value) {
            Hop hop = new Hop();
            String keyword = "";
            int semicolon = -1;
            int position = 0;
            while (position < value.length()) {
                char c = value.charAt(position);
                int end;
                if (c == '(') {
                    end = Comments.end(value, position);
                    hop.append(keyword, value.substring(position, end));
                } else if (c == ';') {
                    semicolon = position;
                    end = position + 1;
                    keyword = "";
                } else if (c == ' ' || c == '\t') {
                    end = position + 1;
                } else {
                    end = wordEnd(value, position);
                    String word = value.substring(position, end);
                    String lower = word.toLowerCase(Locale.ROOT);
                    if (KEYWORDS.contains(lower) && semicolon < 0) {
                        keyword = lower;
                    } else if (!keyword.isEmpty()) {
                        hop.words.putIfAbsent(keyword, word);
                        hop.append(keyword, word);
                    }
                }
                position = end;
            }
            hop.dated = semicolon >= 0;
            hop.date = semicolon >= 0 ? value.substring(semicolon + 1) : value;
            return hop;
        }

        private void append(String keyword, String text) {
            clauses.computeIfAbsent(keyword, k -> new StringBuilder())
                    .append(' ')
                    .append(text);
        }

        private static int wordEnd(String value, int start) {
            int i = start;
            boolean quoted = false;
            while (i < value.length()) {
                char c = value.charAt(i);
                if (c == '"') {
                    quoted = !quoted;
                } else if (!quoted && (c == ' ' || c == '\t' || c == ';' || c == '(')) {
                    break;
                }
                i++;
            }
            return i;
        }

        /** The first word behind a keyword; empty when there is none. */
        String word(String keyword) {
            return words.getOrDefault(keyword, "");
        }

        /** All that stands behind a keyword, comments included. */
        String clause(String keyword) {
            return clauses.containsKey(keyword) ? clauses.get(keyword).toString() : "";
        }
    }
}
