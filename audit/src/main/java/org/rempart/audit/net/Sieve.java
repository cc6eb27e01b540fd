/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** A client of ManageSieve (RFC 5804), up to the login. */
public final class Sieve extends Dialogue {
    private String last = "";
    private String capabilities = "";

    Sieve(Wire wire) {
        super(wire);
    }

    @Override
    String greeting() throws IOException {
        capabilities = untilEnd();
        if (last.startsWith("BYE")) {
            throw turnedAway(last);
        }
        return capabilities;
    }

    @Override
    public String capabilities() throws IOException {
        sendLine("CAPABILITY");
        capabilities = untilEnd();
        return capabilities;
    }

    @Override
    public boolean announcesStartTls(String text) {
        return text.toUpperCase(Locale.ROOT).contains("\"STARTTLS\"");
    }

    @Override
    public boolean announcesLogin(String text) {
        for (String line : text.split("\n", -1)) {
            String upper = line.toUpperCase(Locale.ROOT).strip();
            if (upper.startsWith("\"SASL\"")) {
                String mechanisms = upper.substring(6).replace("\"", "").strip();
                // Mechanisms that never tell the password may be offered in the clear.
                for (String mechanism : mechanisms.split("\\s+", -1)) {
                    if (mechanism.equals("PLAIN") || mechanism.equals("LOGIN") || mechanism.equals("XOAUTH2")) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    @Override
    public boolean startTlsTaken(String after) throws IOException {
        if (after.isEmpty()) {
            sendLine("STARTTLS");
        } else {
            sendLine("STARTTLS\r\n" + after, "STARTTLS\\r\\n" + after + "  (in one packet)");
        }
        untilEnd();
        return last.startsWith("OK");
    }

    @Override
    public String harmlessCommand() {
        return "NOOP \"inj\"";
    }

    @Override
    public void afterTls() throws IOException {
        capabilities = untilEnd();
    }

    @Override
    public Login askForLogin() throws IOException {
        sendLine("AUTHENTICATE \"PLAIN\"");
        String line = wire().line(wire().replyBy(), LINE);
        if (line.startsWith("{") || line.startsWith("\"")) {
            if (line.startsWith("{")) {
                wire().line(wire().replyBy(), LINE);
            }
            sendLine("\"*\"");
            untilEnd();
            return Login.ASKED;
        }
        last = line.toUpperCase(Locale.ROOT);
        return last.startsWith("OK") ? Login.ACCEPTED : Login.REFUSED;
    }

    @Override
    public Login login(String user, String password) throws IOException {
        String secret =
                Base64.getEncoder().encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
        sendLine("AUTHENTICATE \"PLAIN\" \"" + secret + "\"", "AUTHENTICATE \"PLAIN\" (credentials of " + user + ")");
        untilEnd();
        if (last.startsWith("OK")) {
            return Login.ACCEPTED;
        }
        if (last.contains("ENCRYPT-NEEDED") || last.contains("TLS")) {
            return Login.REFUSED;
        }
        return last.contains("TRYLATER") ? Login.UNCLEAR : Login.WRONG;
    }

    @Override
    public String answer() {
        return last;
    }

    private String untilEnd() throws IOException {
        StringBuilder all = new StringBuilder();
        long end = wire().replyBy();
        while (all.length() < Budget.REPLY_BYTES) {
            String line = wire().line(end, LINE);
            String upper = line.toUpperCase(Locale.ROOT);
            if (upper.startsWith("OK") || upper.startsWith("NO") || upper.startsWith("BYE")) {
                last = upper;
                return all.toString();
            }
            all.append(line).append('\n');
        }
        throw new IOException("the server's reply does not end");
    }
}
