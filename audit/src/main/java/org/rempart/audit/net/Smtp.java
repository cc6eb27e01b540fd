/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** A client of SMTP (RFC 5321), with STARTTLS (RFC 3207) and AUTH (RFC 4954). */
public final class Smtp extends Dialogue {
    /** Says who asks, to anyone who reads the server's log. */
    public static final String NAME = "rempart-audit.invalid";

    private Reply last = new Reply(0, List.of());
    private String greeting = "";
    private int refusals;

    Smtp(Wire wire) {
        super(wire);
    }

    /** As {@link Dialogue#open}, for a listener of SMTP, with EHLO said. */
    public static Smtp open(Listener listener, Budget budget) throws IOException {
        Smtp smtp = (Smtp) Dialogue.open(listener, budget);
        try {
            smtp.capabilities();
            return smtp;
        } catch (IOException | RuntimeException e) {
            smtp.close();
            throw e;
        }
    }

    /** As {@link #open}, under TLS in any case. */
    public static Smtp openSecure(Listener listener, Budget budget) throws IOException {
        return (Smtp) Dialogue.openSecure(listener, budget);
    }

    @Override
    String greeting() throws IOException {
        Reply reply = reply();
        if (!reply.completed()) {
            if (reply.transientFailure()) {
                throw turnedAway(reply.toString());
            }
            throw new IOException("the server greets with " + reply);
        }
        greeting = reply.text();
        return greeting;
    }

    /** What the server greeted with. */
    public String greetingText() {
        return greeting;
    }

    @Override
    public String capabilities() throws IOException {
        Reply reply = command("EHLO " + NAME);
        if (!reply.completed()) {
            // Not even a rate limit is a reason to go back to HELO: without EHLO there is no STARTTLS to find.
            throw new IOException("EHLO is answered " + reply);
        }
        return String.join("\n", reply.lines());
    }

    /** The arguments of an EHLO keyword, upper case; null if it isn't there. */
    public static String keyword(String capabilities, String name) {
        for (String line : capabilities.split("\n", -1)) {
            String upper = line.strip().toUpperCase(Locale.ROOT);
            if (upper.equals(name) || upper.startsWith(name + " ") || upper.startsWith(name + "=")) {
                return upper.substring(name.length()).replace('=', ' ').strip();
            }
        }
        return null;
    }

    @Override
    public boolean announcesStartTls(String capabilities) {
        return keyword(capabilities, "STARTTLS") != null;
    }

    @Override
    public boolean announcesLogin(String capabilities) {
        String mechanisms = keyword(capabilities, "AUTH");
        return mechanisms != null && !mechanisms.isEmpty();
    }

    @Override
    public boolean startTlsTaken(String after) throws IOException {
        if (after.isEmpty()) {
            sendLine("STARTTLS");
        } else {
            sendLine("STARTTLS\r\n" + after, "STARTTLS\\r\\n" + after + "  (in one packet)");
        }
        return reply().code() == 220;
    }

    @Override
    public String harmlessCommand() {
        return "NOOP";
    }

    @Override
    public Login askForLogin() throws IOException {
        Reply reply = command("AUTH PLAIN");
        if (reply.code() == 334) {
            command("*");
            return Login.ASKED;
        }
        if (reply.code() == 235) {
            return Login.ACCEPTED;
        }
        return reply.transientFailure() ? Login.UNCLEAR : Login.REFUSED;
    }

    @Override
    public Login login(String user, String password) throws IOException {
        String secret =
                Base64.getEncoder().encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
        sendLine("AUTH PLAIN " + secret, "AUTH PLAIN (credentials of " + user + ")");
        Reply reply = reply();
        if (reply.code() == 334) {
            sendLine(secret, "(credentials of " + user + ")");
            reply = reply();
        }
        if (reply.code() == 504 || (reply.code() == 334)) {
            return Login.REFUSED;
        }
        return switch (reply.code()) {
            case 235 -> Login.ACCEPTED;
            // 534 and 535 are said of a password that was looked at; 454 of a directory that is away, or a brake.
            case 535 -> Login.WRONG;
            default -> reply.transientFailure() ? Login.UNCLEAR : Login.REFUSED;
        };
    }

    @Override
    public String answer() {
        return last.toString();
    }

    /** The last reply. */
    public Reply lastReply() {
        return last;
    }

    /** How many commands were refused on this connection: servers end one that has too many. */
    public int refusals() {
        return refusals;
    }

    /** Sends a line and reads the reply. */
    public Reply command(String line) throws IOException {
        sendLine(line);
        return reply();
    }

    /** Sends lines in one packet (RFC 2920) and reads a reply for each. What the server ends early is left out. */
    public List<Reply> pipeline(List<String> lines) throws IOException {
        for (String line : lines) {
            wire().transcript().sent(line);
        }
        wire().write((String.join("\r\n", lines) + "\r\n").getBytes(StandardCharsets.UTF_8));
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            try {
                replies.add(reply());
            } catch (java.io.EOFException e) {
                break;
            }
            if (replies.get(i).code() == 421) {
                break;
            }
        }
        return replies;
    }

    /** Reads one reply, however many lines. */
    public Reply reply() throws IOException {
        long end = wire().replyBy();
        List<String> lines = new ArrayList<>();
        int bytes = 0;
        while (true) {
            String line = wire().line(end, LINE);
            bytes += line.length() + 2;
            if (bytes > Budget.REPLY_BYTES) {
                throw new IOException("the server's reply does not end after " + Budget.REPLY_BYTES + " bytes");
            }
            if (line.length() < 3 || !line.substring(0, 3).chars().allMatch(c -> c >= '0' && c <= '9')) {
                throw new IOException("not a reply of SMTP: " + Printable.line(line, 80));
            }
            lines.add(line.length() > 4 ? line.substring(4) : "");
            if (line.length() == 3 || line.charAt(3) != '-') {
                last = new Reply(Integer.parseInt(line.substring(0, 3)), lines);
                if (last.code() >= 400) {
                    refusals++;
                }
                return last;
            }
        }
    }

    /** Sends a message's bytes after DATA: dots doubled, the end added. Returns the reply to it. */
    public Reply message(String message, String shown) throws IOException {
        String stuffed = ("\r\n" + message).replace("\r\n.", "\r\n..").substring(2);
        wire().send(
                        (stuffed + (stuffed.endsWith("\r\n") ? "" : "\r\n") + ".\r\n").getBytes(StandardCharsets.UTF_8),
                        shown);
        return reply();
    }

    /** QUIT, for conversations after which the server may count how they ended. */
    public void quit() {
        try {
            command("QUIT");
        } catch (IOException e) {
            transcript().note("QUIT: " + e.getMessage());
        }
    }
}
