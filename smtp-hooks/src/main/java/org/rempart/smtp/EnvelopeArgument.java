/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.james.protocols.api.Response;
import org.rempart.policy.forwards.SenderRewriting;

/**
 * The argument of MAIL or RCPT (RFC 5321, section 4.1.2): {@code FROM:<path> PARAMETER=value …}, read strictly, so that
 * nobody behind reads another address in it.
 *
 * <ul>
 *   <li>A source route is accepted and ignored (section 3.6.1, appendix C).
 *   <li>A quoted local part that needs no quotes is the same without them ({@code "bob"@} is {@code bob@}, section 4.1.2).
 *   <li>A local part has 64 octets at most (section 4.5.3.1.1), a domain 255, a path 256. One that holds the sender of a
 *       forwarded mail ({@link SenderRewriting}) needs more, and has the path's length.
 * </ul>
 */
final class EnvelopeArgument {
    private static final int LONGEST_LOCAL_PART = 64;
    private static final int LONGEST_REWRITTEN = 252;
    private static final int LONGEST_DOMAIN = 255;
    /** With its brackets, and without a source route, which is ignored. */
    private static final int LONGEST_PATH = 256 + LONGEST_LOCAL_PART;

    private static final Pattern ATOMS =
            Pattern.compile("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*");
    private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");
    /** Section 4.1.2: esmtp-value. */
    private static final Pattern VALUE = Pattern.compile("[!-<>-~]+");

    private final String keyword;
    private final String path;
    private final Map<String, String> parameters;

    private EnvelopeArgument(String keyword, String path, Map<String, String> parameters) {
        this.keyword = keyword;
        this.path = path;
        this.parameters = parameters;
    }

    /** Why it can't be read, as the answer that says so. */
    static final class Fault extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient Response answer;

        Fault(String code, String text) {
            super(text);
            this.answer = Answers.answer(code, text);
        }

        Response answer() {
            return answer;
        }
    }

    /**
     * Reads an argument.
     *
     * @param keyword {@code FROM} or {@code TO}
     * @param argument what stands behind the command; null where nothing does
     */
    static EnvelopeArgument read(String keyword, String argument) throws Fault {
        String written = argument == null ? "" : argument.trim();
        if (!written.regionMatches(true, 0, keyword + ":", 0, keyword.length() + 1)) {
            throw new Fault("501", "5.5.4 Usage: " + keyword + ":<address>");
        }
        String rest = written.substring(keyword.length() + 1).trim();
        if (!rest.startsWith("<")) {
            throw new Fault("501", "5.5.4 An address stands in < and >");
        }
        int end = end(rest);
        String behind = rest.substring(end + 1);
        if (!behind.isEmpty() && behind.charAt(0) != ' ') {
            throw new Fault("501", "5.5.4 A space stands before a parameter");
        }
        return new EnvelopeArgument(keyword, path(rest.substring(1, end), keyword), parameters(behind));
    }

    /** Where the path ends: at the first > that is not quoted. */
    private static int end(String text) throws Fault {
        boolean quoted = false;
        for (int i = 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == '>' && !quoted) {
                return i;
            }
        }
        throw new Fault("501", "5.5.4 An address stands in < and >");
    }

    private static String path(String written, String keyword) throws Fault {
        String mailbox = written;
        if (mailbox.startsWith("@")) {
            int route = mailbox.indexOf(':');
            if (route < 0) {
                throw syntax(keyword);
            }
            mailbox = mailbox.substring(route + 1);
        }
        if (mailbox.isEmpty() || mailbox.indexOf('@') < 0) {
            // The null sender, and the postmaster without a domain (section 4.1.1.3); all else James refuses or
            // completes.
            boolean plain = mailbox.isEmpty()
                    || mailbox.startsWith("\"")
                    || ATOMS.matcher(mailbox).matches();
            if (!plain || mailbox.length() > LONGEST_LOCAL_PART) {
                throw syntax(keyword);
            }
            return mailbox;
        }
        int at = mailbox.startsWith("\"") ? quotedEnd(mailbox, keyword) : mailbox.indexOf('@');
        String local = mailbox.substring(0, at);
        String domain = mailbox.substring(at + 1);
        int longest = SenderRewriting.isRewritten(local) ? LONGEST_REWRITTEN : LONGEST_LOCAL_PART;
        if (local.getBytes(StandardCharsets.UTF_8).length > longest
                || domain.length() > LONGEST_DOMAIN
                || mailbox.length() > LONGEST_PATH
                || domain.isEmpty()
                || domain.indexOf('@') >= 0
                || domain.indexOf(' ') >= 0) {
            throw syntax(keyword);
        }
        return unquoted(local) + '@' + domain;
    }

    /** Where the @ stands behind a quoted local part. */
    private static int quotedEnd(String mailbox, String keyword) throws Fault {
        for (int i = 1; i < mailbox.length(); i++) {
            char c = mailbox.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                if (i + 1 < mailbox.length() && mailbox.charAt(i + 1) == '@') {
                    return i + 1;
                }
                break;
            }
        }
        throw syntax(keyword);
    }

    private static String unquoted(String local) {
        if (!local.startsWith("\"")) {
            return local;
        }
        StringBuilder content = new StringBuilder();
        for (int i = 1; i < local.length() - 1; i++) {
            if (local.charAt(i) == '\\') {
                i++;
            }
            content.append(local.charAt(i));
        }
        return ATOMS.matcher(content).matches() ? content.toString() : local;
    }

    private static Fault syntax(String keyword) {
        return keyword.equals("FROM")
                ? new Fault("501", "5.1.7 Syntax error in the sender's address")
                : new Fault("553", "5.1.3 Syntax error in the recipient's address");
    }

    private static Map<String, String> parameters(String text) throws Fault {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String written : text.trim().split(" +", -1)) {
            if (written.isEmpty()) {
                continue;
            }
            int equals = written.indexOf('=');
            String name = (equals < 0 ? written : written.substring(0, equals)).toUpperCase(Locale.ROOT);
            String value = equals < 0 ? "" : written.substring(equals + 1);
            if (!KEYWORD.matcher(name).matches()
                    || (equals >= 0 && !VALUE.matcher(value).matches())) {
                throw new Fault("501", "5.5.4 Syntax error in a parameter");
            }
            if (parameters.put(name, value) != null) {
                throw new Fault("501", "5.5.4 A parameter stands there twice");
            }
        }
        return parameters;
    }

    /** The same with another value for a parameter. */
    EnvelopeArgument with(String parameter, String value) {
        Map<String, String> changed = new LinkedHashMap<>(parameters);
        changed.put(parameter, value);
        return new EnvelopeArgument(keyword, path, changed);
    }

    /** By name in upper case; the value is empty where there is none. */
    Map<String, String> parameters() {
        return parameters;
    }

    /** The argument as James reads it, which has one reading only. */
    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder(keyword).append(":<").append(path).append('>');
        parameters.forEach((name, value) -> {
            text.append(' ').append(name);
            if (!value.isEmpty()) {
                text.append('=').append(value);
            }
        });
        return text.toString();
    }
}
