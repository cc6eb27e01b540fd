/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.util.List;
import java.util.Random;

/** Commands of IMAP (RFC 3501, section 9, and what extensions add), right, nearly right and wrong. */
final class ImapGrammar {
    private static final List<String> MAILBOXES =
            choices("INBOX | inbox | a | b.c | \"\" | \"a b\" | & | \"A&B\" | &AOQ- | &AO | .. | . | a..b | "
                    + "#private.x | #user.{other}.INBOX | \"#user.{other}.INBOX\" | #user.{other} | {other} | "
                    + "{1}\r\na | {3+}\r\na b | {0+}\r\n | {2+}\r\n\u00c3\u00a4 | * | % | \"\\\"\" | NIL | a/b | ~ | "
                    + "../{other}/INBOX | /etc/passwd");
    private static final List<String> SETS =
            choices("1 | 1:* | * | *:1 | 1:3 | 3:1 | 1,2,4 | 1:2,2:3 | 0 | 0:* | 4294967295 | 4294967296 | -1 | "
                    + "1: | :1 | 1, | , | $ | 999999999999999999999 | 1:4294967295 | a");
    private static final List<String> FLAGS =
            choices("\\Seen | \\Deleted | \\Flagged | \\Recent | \\* | \\Nonsense | $Own | a.b | \u00e4 | \\ | () | "
                    + "\"x\"");
    private static final List<String> ITEMS =
            choices("FLAGS | UID | ALL | FAST | FULL | ENVELOPE | BODY | BODYSTRUCTURE | INTERNALDATE | RFC822 | "
                    + "RFC822.SIZE | RFC822.HEADER | RFC822.TEXT | MODSEQ | EMAILID | THREADID | SAVEDATE | BODY[] | "
                    + "BODY.PEEK[] | BODY[HEADER] | BODY[TEXT] | BODY[1] | BODY[1.1.1] | BODY[0] | BODY[1.MIME] | "
                    + "BODY[MIME] | BODY[HEADER.FIELDS (SUBJECT FROM)] | BODY[HEADER.FIELDS ()] | "
                    + "BODY[HEADER.FIELDS.NOT (SUBJECT)] | BODY[]<0.10> | BODY[]<10.0> | BODY[]<99999.10> | "
                    + "BODY[]<4294967296.1> | BODY[]<0> | BODY[ | BODY[]< | BINARY[1] | BODY.PEEK[1.HEADER] | XYZ");
    private static final List<String> KEYS =
            choices("ALL | UNSEEN | 1:* | UID 1:* | SUBJECT a | SUBJECT \"\" | HEADER X \"\" | HEADER \"\" \"\" | "
                    + "BODY x | TEXT {1+}\r\nx | SINCE 1-Jan-2020 | BEFORE 31-Feb-2020 | ON 1-Foo-2020 | "
                    + "SENTSINCE \"1-Jan-2020\" | LARGER 1 | SMALLER -1 | KEYWORD $Own | NOT ALL | OR ALL ALL | "
                    + "OR ALL | (ALL) | (ALL | () | NOT NOT NOT ALL | MODSEQ 1 | MODSEQ \"/flags/\\\\draft\" all 1 | "
                    + "OLDER 1 | YOUNGER 1 | FROM \u00e4 | CHARSET UTF-8 SUBJECT \u00c3\u00a4 | CHARSET X ALL | "
                    + "RETURN (MIN MAX COUNT) ALL | RETURN () ALL | NEW | OLD | RECENT | UNKEYWORD | $");
    private static final List<String> STATUS =
            choices("MESSAGES | UNSEEN | UIDNEXT | UIDVALIDITY | RECENT | HIGHESTMODSEQ | MAILBOXID | SIZE | XYZ");
    private static final List<String> VERBS =
            choices("NOOP | CHECK | CAPABILITY | NAMESPACE | EXPUNGE | CLOSE | UNSELECT | XYZZY | IDLE | STARTTLS | "
                    + "UNAUTHENTICATE | AUTHENTICATE PLAIN | AUTHENTICATE XOAUTH2 = | AUTHENTICATE | LOGIN a b | "
                    + "LOGIN \"a\" {1+}\r\nb | LOGIN | ENABLE CONDSTORE | ENABLE QRESYNC | ENABLE UTF8=ACCEPT | "
                    + "ENABLE | ID NIL | ID (\"name\" \"x\") | ID (\"a\") | ID () | GETQUOTAROOT INBOX | "
                    + "GETQUOTA \"\" | GETQUOTA #user&{other} | SETQUOTA \"\" (STORAGE 1) | LIST \"\" * | "
                    + "LIST \"\" \"%.%\" | LIST a {1+}\r\n* | LIST (SUBSCRIBED) \"\" * RETURN (CHILDREN) | "
                    + "LIST \"\" (\"a\" \"b\") | LSUB \"\" * | XLIST \"\" * | LIST | UID | UID UID FETCH 1 | "
                    + "GETMETADATA \"\" /private/comment | SETMETADATA INBOX (/private/comment \"x\") | "
                    + "GETMETADATA (DEPTH infinity) INBOX /private");

    private final Random random;
    private final String other;

    /** @param other an account that is not the client's own */
    ImapGrammar(Random random, String other) {
        this.random = random;
        this.other = other;
    }

    private static List<String> choices(String text) {
        return List.of(text.split(" \\| ", -1));
    }

    /** A command without its tag and the end of its line; a literal in it has its bytes. */
    String command() {
        String command = right().replace("{other}", other);
        int faults = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
        for (int i = 0; i < faults; i++) {
            command = wrong(command);
        }
        return command;
    }

    private String right() {
        switch (random.nextInt(16)) {
            case 0:
            case 1:
                return any(List.of("SELECT ", "EXAMINE "))
                        + any(MAILBOXES)
                        + any(List.of(
                                "", "", " (CONDSTORE)", " (QRESYNC (1 1))", " (QRESYNC (1 1 1:3 (1:2 3:4)))", " ()"));
            case 2:
                return any(List.of("CREATE ", "DELETE ", "SUBSCRIBE ", "UNSUBSCRIBE ", "GETACL ", "MYRIGHTS "))
                        + any(MAILBOXES);
            case 3:
                return "RENAME " + any(MAILBOXES) + " " + any(MAILBOXES);
            case 4:
                return "STATUS " + any(MAILBOXES) + " (" + some(STATUS) + ")";
            case 5:
                return append();
            case 6:
            case 7:
                return uid() + "FETCH " + any(SETS) + " " + any(List.of("(" + some(ITEMS) + ")", any(ITEMS)))
                        + any(List.of("", "", "", " (CHANGEDSINCE 1)", " (CHANGEDSINCE 1 VANISHED)", " (XYZ)"));
            case 8:
                return uid() + "STORE " + any(SETS) + any(List.of(" ", " (UNCHANGEDSINCE 1) ", " (UNCHANGEDSINCE x) "))
                        + any(List.of("+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT", "FLAG")) + " "
                        + any(List.of("(" + some(FLAGS) + ")", any(FLAGS)));
            case 9:
            case 10:
                return uid() + "SEARCH " + some(KEYS);
            case 11:
                return uid() + any(List.of("COPY ", "MOVE ")) + any(SETS) + " " + any(MAILBOXES);
            case 12:
                return "UID EXPUNGE " + any(SETS);
            case 13:
                return "SETACL " + any(MAILBOXES) + " " + any(List.of("{other}", "anyone", "\"\"", "-{other}")) + " "
                        + any(List.of("lrs", "+w", "-x", "\"\"", "zzz"));
            default:
                return any(VERBS);
        }
    }

    private String uid() {
        return random.nextBoolean() ? "UID " : "";
    }

    private String append() {
        String message = any(List.of(
                "",
                "x",
                "Subject: a\r\n\r\nb",
                "Subject: =?x?q?=?=\r\n\r\n",
                "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--",
                "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n",
                "\u0000\u00ff\r\r\n\n"));
        return "APPEND " + any(MAILBOXES) + any(List.of("", " (" + some(FLAGS) + ")"))
                + any(List.of("", " \" 1-Jan-2020 00:00:00 +0000\"", " \"99-Foo-2020 99:00:00 +0000\"")) + " {"
                + message.length()
                + any(List.of("}", "+}")) + "\r\n" + message;
    }

    /** Something that a person, a program or a thief got wrong. */
    private String wrong(String command) {
        int at = random.nextInt(command.length() + 1);
        String before = command.substring(0, at);
        String after = command.substring(at);
        switch (random.nextInt(9)) {
            case 0:
                return before;
            case 1:
                return before
                        + any(List.of(
                                "(", ")", "\"", "[", "]", "<", ">", "\\", "{", "}", "*", "%", " ", "  ", "\t", ":",
                                ","))
                        + after;
            case 2:
                return before
                        + any(List.of("\u0000", "\u0001", "\u007f", "\u0080", "\u00ff", "\r", "\u00ef\u00bb\u00bf"))
                        + after;
            case 3:
                return before + (after.isEmpty() ? "" : after.substring(1));
            case 4:
                return before + before;
            case 5:
                return before + any(SETS) + after;
            case 6:
                return before
                        + any(List.of("(", "NOT ", "a", "1,", "(\"a\" ", "1.")).repeat(1 + random.nextInt(2000))
                        + after;
            case 7:
                return before
                        + any(List.of("{-1}", "{1", "{}", "{1}x", "{99999999999}", "{2147483647+}", "{1++}", "~{1}"))
                        + after;
            default:
                return command.replace(" ", any(List.of("", "  ", "\t")));
        }
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private String some(List<String> choices) {
        StringBuilder some = new StringBuilder(any(choices));
        while (random.nextInt(3) == 0) {
            some.append(' ').append(any(choices));
        }
        return some.toString();
    }
}
