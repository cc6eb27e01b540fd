/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.message.Comments;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * Takes the inside out of the values of fields that leave: addresses that no network outside routes, names of inner hosts,
 * the mail program in a comment. Only these pieces change; the rest of the field is the same bytes.
 *
 * <table>
 *   <caption>The fields</caption>
 *   <tr><td>{@code Message-ID}, {@code Resent-Message-ID}</td><td>an id that names an inner host gets the form of
 *       {@link MessageIds}</td></tr>
 *   <tr><td>{@code In-Reply-To}, {@code References}</td><td>the same for ids that name a host of ours: one below our domains
 *       or within the inner ones of the policy. Those of others stay whatever they are, since the others look for them</td>
 *   </tr>
 *   <tr><td>{@code MIME-Version}</td><td>loses its comments (RFC 2045, section 4)</td></tr>
 *   <tr><td>{@code X-Received}</td><td>as a trace field</td></tr>
 *   <tr><td>{@code Authentication-Results} (RFC 8601) and what servers make of those of others, {@code Received-SPF} (RFC 7208, section 9.1)</td><td>an inner address
 *       becomes one of those for documentation (RFC 5737, RFC 3849), which nobody has; an inner host name the public name
 *   </td></tr>
 * </table>
 */
final class ValueRewriter {
    /** Names of one label are hosts behind these keys, and before the colon of SPF's comment. */
    private static final Pattern KEYED_HOST =
            Pattern.compile("(\\b(?:helo|receiver)=)([A-Za-z0-9_-]++)(?![.])", Pattern.CASE_INSENSITIVE);

    private static final Pattern SPF_COMMENT = Pattern.compile("(\\()([A-Za-z0-9_-]++)(?=:\\s)");

    private static final int LONGEST_LINE = 998;

    /** More ids than the header of any mail holds; each costs a little, and a header may hold millions. */
    private static final int MOST_IDS = 1000;

    private final InnerNames names;
    private final ReceivedRewriter received;
    private final MessageIds ids;
    private final String publicName;
    private int idsWritten;

    ValueRewriter(InnerNames names, ReceivedRewriter received, MessageIds ids, String publicName) {
        this.names = names;
        this.received = received;
        this.ids = ids;
        this.publicName = publicName;
    }

    /**
     * Rewrites a field that leaves.
     *
     * @param name its name in lower case
     * @return the whole field, {@link HeaderBlock#KEEP} when it stays as it is, or null when it goes, since it may not be
     *     looked into ({@link InnerNames#mayLookInto})
     */
    byte[] rewrite(HeaderField field, String name) {
        switch (name) {
            case "message-id":
            case "resent-message-id":
                return !mayLookInto(field)
                        ? null
                        : changed(field, MessageIds.replaceAll(field.rawValue(), this::outerOfAny));
            case "in-reply-to":
            case "references":
                return references(field);
            case "mime-version":
                return field.value().indexOf('(') < 0
                        ? HeaderBlock.KEEP
                        : changed(field, " " + Comments.without(field.value()).trim() + field.lineEnd());
            case "x-received":
                return received.rewrite(field);
            case "received-spf":
                return !mayLookInto(field)
                        ? null
                        : changed(
                                field, oneLabel(SPF_COMMENT, oneLabel(KEYED_HOST, names.neutralise(field.rawValue()))));
            default:
                // Also those that a server keeps of another: Authentication-Results-Original and its like.
                return name.contains("authentication-results") && !name.startsWith("arc-")
                        ? results(field)
                        : HeaderBlock.KEEP;
        }
    }

    /** Rewrites a field that names messages, of which some may be ours. */
    private byte[] references(HeaderField field) {
        if (!mayLookInto(field)) {
            return null;
        }
        String raw = field.rawValue();
        String replaced = MessageIds.replaceAll(raw, this::outerOfOurs);
        return replaced.equals(raw)
                ? HeaderBlock.KEEP
                : field.withRawValue(
                        folded(replaced, field.lineEnd(), field.name().length() + 1));
    }

    /**
     * Rewrites a field of a disposition notification (RFC 8098, section 3.1).
     *
     * @return as {@link #rewrite}; null for the program that wrote it, and its host
     */
    byte[] notification(HeaderField field) {
        if (field.isNamed("Reporting-UA") || !mayLookInto(field)) {
            return null;
        }
        return field.isNamed("Original-Message-ID")
                ? references(field)
                : changed(field, names.neutralise(field.rawValue()));
    }

    /** With a fold between ids where a line is longer than lines may be (RFC 5322, section 2.1.1). */
    private static String folded(String raw, String lineEnd, int before) {
        StringBuilder folded = new StringBuilder(raw.length());
        int line = before;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '<' && line > 0 && line + idLength(raw, i) > LONGEST_LINE) {
                int text = folded.length();
                while (text > 0 && (folded.charAt(text - 1) == ' ' || folded.charAt(text - 1) == '\t')) {
                    text--;
                }
                folded.setLength(text);
                folded.append(lineEnd.isEmpty() ? "\r\n" : lineEnd).append(' ');
                line = 1;
            }
            folded.append(c);
            line = c == '\n' || c == '\r' ? 0 : line + 1;
        }
        return folded.toString();
    }

    private static int idLength(String raw, int start) {
        int end = raw.indexOf('>', start);
        return (end < 0 ? raw.length() : end + 1) - start;
    }

    private static byte[] changed(HeaderField field, String rawValue) {
        return rawValue.equals(field.rawValue()) ? HeaderBlock.KEEP : field.withRawValue(rawValue);
    }

    private boolean mayLookInto(HeaderField field) {
        return names.mayLookInto(field.end() - field.start());
    }

    private String outerOfAny(String id) {
        String host = MessageIds.host(id);
        return names.isInnerHost(host) || names.holdsInnerAddress(host) ? outer(id) : id;
    }

    private String outerOfOurs(String id) {
        return names.isOwnInnerHost(MessageIds.host(id)) ? outer(id) : id;
    }

    private String outer(String id) {
        idsWritten++;
        return idsWritten > MOST_IDS ? "unknown@" + publicName : ids.outer(id);
    }

    private String oneLabel(Pattern place, String text) {
        return place.matcher(text).replaceAll(found -> Matcher.quoteReplacement(found.group(1) + publicName));
    }

    /**
     * Rewrites the results of our own checks, or of those that saw an inner address; those of others stay.
     *
     * @param field {@code Authentication-Results} or {@code ARC-Authentication-Results}
     */
    byte[] results(HeaderField field) {
        if (!mayLookInto(field)) {
            return null;
        }
        String raw = field.rawValue();
        int[] server = server(raw);
        String name = raw.substring(server[0], server[1]);
        if (!names.isInner(name) && !names.holdsInnerAddress(field.value())) {
            return HeaderBlock.KEEP;
        }
        // Anyone who has no name of his own there is called by his first result.
        boolean inner = !name.isEmpty() && name.indexOf('=') < 0 && names.isInnerHost(name);
        String renamed = inner ? raw.substring(0, server[0]) + publicName + raw.substring(server[1]) : raw;
        return changed(field, oneLabel(KEYED_HOST, names.neutralise(renamed)));
    }

    /** From where to where the server's name stands (RFC 8601, section 2.2; RFC 8617, section 4.1.1: behind the instance). */
    private static int[] server(String raw) {
        int start = nextWord(raw, 0);
        int end = wordEnd(raw, start);
        int behind = nextWord(raw, end);
        if (raw.startsWith("i=", start) && behind < raw.length() && raw.charAt(behind) == ';') {
            start = nextWord(raw, behind + 1);
            end = wordEnd(raw, start);
        }
        return new int[] {start, end};
    }

    private static int nextWord(String raw, int from) {
        int position = from;
        while (position < raw.length() && (raw.charAt(position) == '(' || raw.charAt(position) <= ' ')) {
            position = raw.charAt(position) == '(' ? Comments.end(raw, position) : position + 1;
        }
        return position;
    }

    private static int wordEnd(String raw, int from) {
        int position = from;
        while (position < raw.length() && raw.charAt(position) > ' ' && "();/".indexOf(raw.charAt(position)) < 0) {
            position++;
        }
        return position;
    }
}
