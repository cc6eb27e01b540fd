/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** A client of POP3 (RFC 1939, 2449, 2595, 5034), up to the login. */
public final class Pop3 extends Dialogue {
    private String last = "";

    Pop3(Wire wire) {
        super(wire);
    }

    @Override
    String greeting() throws IOException {
        String line = wire().line(wire().replyBy(), LINE);
        if (!line.startsWith("+OK")) {
            if (line.startsWith("-ERR")) {
                throw turnedAway(line);
            }
            throw new IOException("not a greeting of POP3: " + Printable.line(line, 80));
        }
        last = line;
        return line;
    }

    @Override
    public String capabilities() throws IOException {
        if (!command("CAPA", "CAPA").startsWith("+OK")) {
            return "";
        }
        StringBuilder all = new StringBuilder();
        long end = wire().replyBy();
        while (all.length() < Budget.REPLY_BYTES) {
            String line = wire().line(end, LINE);
            if (line.equals(".")) {
                return all.toString().toUpperCase(Locale.ROOT);
            }
            all.append(line).append('\n');
        }
        throw new IOException("the server's reply does not end");
    }

    @Override
    public boolean announcesStartTls(String capabilities) {
        return has(capabilities, "STLS");
    }

    @Override
    public boolean announcesLogin(String capabilities) {
        // "SASL" alone lists no mechanism (RFC 5034, section 3): Dovecot says so before TLS.
        return has(capabilities, "USER") || capabilities.lines().anyMatch(line -> line.matches("SASL +\\S.*"));
    }

    private static boolean has(String capabilities, String name) {
        for (String line : capabilities.split("\n", -1)) {
            if (line.equals(name) || line.startsWith(name + " ")) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean startTlsTaken(String after) throws IOException {
        if (after.isEmpty()) {
            return command("STLS", "STLS").startsWith("+OK");
        }
        return command("STLS\r\n" + after, "STLS\\r\\n" + after + "  (in one packet)")
                .startsWith("+OK");
    }

    @Override
    public String harmlessCommand() {
        return "CAPA";
    }

    @Override
    public Login askForLogin() throws IOException {
        // USER alone is no login yet, but its acceptance is the demand for the password (RFC 1939, section 7).
        if (command("USER rempart-audit", "USER rempart-audit").startsWith("+OK")) {
            return Login.ASKED;
        }
        if (command("AUTH PLAIN", "AUTH PLAIN").startsWith("+ ") || last.equals("+")) {
            command("*", "*");
            return Login.ASKED;
        }
        return Login.REFUSED;
    }

    @Override
    public Login login(String user, String password) throws IOException {
        String answer = command("AUTH PLAIN", "AUTH PLAIN");
        if (answer.startsWith("+ ") || answer.equals("+")) {
            String secret = Base64.getEncoder()
                    .encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
            answer = command(secret, "(credentials of " + user + ")");
        } else {
            answer = command("USER " + user, "USER " + user);
            if (!answer.startsWith("+OK")) {
                return Login.REFUSED;
            }
            answer = command("PASS " + password, "PASS (password)");
        }
        if (answer.startsWith("+OK")) {
            return Login.ACCEPTED;
        }
        return answer.contains("[SYS/TEMP]") ? Login.UNCLEAR : Login.WRONG;
    }

    @Override
    public String answer() {
        return last;
    }

    private String command(String line, String shown) throws IOException {
        sendLine(line, shown);
        last = wire().line(wire().replyBy(), LINE);
        return last;
    }
}
