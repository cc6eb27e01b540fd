/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** A client of IMAP (RFC 9051), up to the login. */
public final class Imap extends Dialogue {
    private int tag;
    private String last = "";

    Imap(Wire wire) {
        super(wire);
    }

    @Override
    String greeting() throws IOException {
        String line = wire().line(wire().replyBy(), LINE);
        if (line.regionMatches(true, 0, "* BYE", 0, 5)) {
            throw turnedAway(line);
        }
        if (!line.startsWith("* ")) {
            throw new IOException("not a greeting of IMAP: " + Printable.line(line, 80));
        }
        last = line;
        return line;
    }

    @Override
    public String capabilities() throws IOException {
        return command("CAPABILITY", "CAPABILITY");
    }

    @Override
    public boolean announcesStartTls(String capabilities) {
        return words(capabilities).contains(" STARTTLS ");
    }

    @Override
    public boolean announcesLogin(String capabilities) {
        String words = words(capabilities);
        return words.contains(" AUTH=PLAIN ") || words.contains(" AUTH=LOGIN ") || !words.contains(" LOGINDISABLED ");
    }

    private static String words(String capabilities) {
        StringBuilder words = new StringBuilder(" ");
        for (String line : capabilities.split("\n", -1)) {
            if (line.regionMatches(true, 0, "* CAPABILITY", 0, 12)) {
                words.append(line.substring(12).strip()).append(' ');
            }
        }
        return words.toString().toUpperCase(Locale.ROOT).replaceAll("\\s+", " ");
    }

    @Override
    public boolean startTlsTaken(String after) throws IOException {
        String mine = nextTag();
        if (after.isEmpty()) {
            sendLine(mine + " STARTTLS");
        } else {
            sendLine(mine + " STARTTLS\r\n" + after, mine + " STARTTLS\\r\\n" + after + "  (in one packet)");
        }
        return until(mine, false).startsWith("OK");
    }

    @Override
    public String harmlessCommand() {
        return "inj NOOP";
    }

    @Override
    public Login askForLogin() throws IOException {
        String mine = nextTag();
        sendLine(mine + " AUTHENTICATE PLAIN");
        String answer = until(mine, true);
        if (answer.startsWith("+")) {
            sendLine("*");
            until(mine, false);
            return Login.ASKED;
        }
        return answer.startsWith("OK") ? Login.ACCEPTED : Login.REFUSED;
    }

    @Override
    public Login login(String user, String password) throws IOException {
        String mine = nextTag();
        sendLine(mine + " AUTHENTICATE PLAIN");
        String answer = until(mine, true);
        if (answer.startsWith("+")) {
            String secret = Base64.getEncoder()
                    .encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
            sendLine(secret, "(credentials of " + user + ")");
            answer = until(mine, false);
        } else {
            mine = nextTag();
            sendLine(
                    mine + " LOGIN " + quoted(user) + " " + quoted(password),
                    mine + " LOGIN (credentials of " + user + ")");
            answer = until(mine, false);
        }
        if (answer.startsWith("OK")) {
            return Login.ACCEPTED;
        }
        String upper = answer.toUpperCase(Locale.ROOT);
        if (answer.startsWith("BAD") || forbids(upper)) {
            return Login.REFUSED;
        }
        return upper.contains("[UNAVAILABLE]") ? Login.UNCLEAR : Login.WRONG;
    }

    private String nextTag() {
        tag++;
        return "a" + tag;
    }

    /** Whether the answer is about the connection, not about the password. */
    public static boolean forbids(String answer) {
        String upper = answer.toUpperCase(Locale.ROOT);
        for (String word : new String[] {
            "PRIVACYREQUIRED",
            "TLS",
            "SSL",
            "ENCRYPT",
            "DISABLED",
            "DISALLOWED",
            "NOT ALLOWED",
            "NOT PERMITTED",
            "NOT AVAILABLE",
            "NOT ENABLED",
            "INSECURE",
            "PLAINTEXT",
            "UNSUPPORTED",
            "NOT SUPPORTED"
        }) {
            if (upper.contains(word)) {
                return true;
            }
        }
        return false;
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    @Override
    public String answer() {
        return last;
    }

    /** Sends a command and returns all lines of its answer. */
    public String command(String line, String shown) throws IOException {
        String mine = nextTag();
        sendLine(mine + " " + line, mine + " " + shown);
        StringBuilder all = new StringBuilder();
        long end = wire().replyBy();
        while (true) {
            String answer = wire().line(end, LINE);
            all.append(answer).append('\n');
            if (all.length() > 16 * Budget.REPLY_BYTES) {
                throw new IOException("the server's reply does not end");
            }
            if (answer.startsWith(mine + " ")) {
                last = answer.substring(mine.length() + 1);
                return all.toString();
            }
        }
    }

    private String until(String mine, boolean orContinuation) throws IOException {
        long end = wire().replyBy();
        int bytes = 0;
        while (true) {
            String line = wire().line(end, LINE);
            bytes += line.length();
            if (bytes > Budget.REPLY_BYTES) {
                throw new IOException("the server's reply does not end");
            }
            if (orContinuation && line.startsWith("+")) {
                last = line;
                return line;
            }
            if (line.startsWith(mine + " ")) {
                last = line.substring(mine.length() + 1);
                return last;
            }
        }
    }
}
