/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/** Whether something else than CRLF ends a command: LF or CR alone is no line of SMTP (RFC 5321, section 2.3.8). */
final class CommandLinesProbe extends ListenerProbe {
    private static final String LINES = "smuggling.command-lines";
    private static final Duration ANSWER = Duration.ofMillis(600);

    @Override
    public String name() {
        return "ends of commands";
    }

    @Override
    public Set<String> checks() {
        return Set.of(LINES);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return listener.service().protocol() == Service.Protocol.SMTP;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return checks();
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        try (Smtp smtp = Smtp.open(listener, budget)) {
            smtp.wire().send("NOOP\rNOOP\r\n".getBytes(StandardCharsets.US_ASCII), "NOOP\\rNOOP\\r\\n");
            Reply reply = smtp.reply();
            boolean two = reply.completed() && smtp.wire().moreWithin(Duration.ofMillis(200));
            if (two) {
                findings.fail(
                        LINES,
                        subject,
                        "a CR alone ends a command",
                        smtp.transcript().last(4));
                return;
            }
        } catch (java.io.EOFException | java.net.SocketException e) {
            // The server hangs up at a bare CR: as it may.
        }
        try (Smtp smtp = Smtp.open(listener, budget)) {
            smtp.wire().send("NOOP\n".getBytes(StandardCharsets.US_ASCII), "NOOP\\n");
            if (!smtp.wire().moreWithin(ANSWER)) {
                findings.pass(LINES, subject, "neither CR nor LF alone ends a command");
                return;
            }
            Reply reply = smtp.reply();
            findings.add(
                    LINES,
                    subject,
                    reply.completed() ? Verdict.WARN : Verdict.PASS,
                    reply.completed() ? "LF alone ends a command" : "LF alone does not end a command: " + reply,
                    reply.completed() ? smtp.transcript().last(2) : List.of());
        } catch (java.io.EOFException | java.net.SocketException e) {
            findings.pass(LINES, subject, "the server hangs up at a line without CR");
        }
    }
}
