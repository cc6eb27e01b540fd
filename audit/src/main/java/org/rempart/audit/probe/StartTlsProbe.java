/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/**
 * STARTTLS: that it is there, stays there, takes nothing over from before TLS (CVE-2011-0411, CVE-2021-38371), and that what
 * was said before it is forgotten (RFC 3207, section 4.2).
 */
final class StartTlsProbe extends ListenerProbe {
    private static final String OFFERED = "starttls.offered";
    private static final String STEADY = "starttls.steady";
    private static final String INJECTION = "starttls.injection";
    private static final String STATE = "starttls.state";

    /** What was slipped in is answered at once, or not at all. */
    private static final Duration ANSWER = Duration.ofMillis(700);

    @Override
    public String name() {
        return "STARTTLS";
    }

    @Override
    public Set<String> checks() {
        return Set.of(OFFERED, STEADY, INJECTION, STATE);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return !listener.service().direct();
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return listener.service().protocol() == Service.Protocol.SMTP
                ? Set.of(OFFERED, STEADY, INJECTION, STATE)
                : Set.of(OFFERED, STEADY, INJECTION);
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        boolean announced;
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            announced = dialogue.announcesStartTls(dialogue.capabilities());
            List<String> said = dialogue.transcript().last(20);
            boolean again = announcedAgain(dialogue, announced);
            boolean taken;
            try {
                taken = dialogue.startTls().isPresent();
            } catch (SSLException | EOFException e) {
                findings.fail(
                        OFFERED,
                        subject,
                        "STARTTLS is taken, and no handshake succeeds: " + e.getMessage(),
                        dialogue.transcript().last(4));
                return;
            }
            if (!taken) {
                findings.fail(
                        OFFERED,
                        subject,
                        announced ? "STARTTLS is announced and not taken" : "there is no TLS",
                        announced ? dialogue.transcript().last(4) : said);
                if (!announced) {
                    return;
                }
            } else if (!announced) {
                findings.fail(OFFERED, subject, "STARTTLS works, but is not announced: no client uses it", said);
            } else {
                findings.pass(OFFERED, subject, "STARTTLS is announced and works");
            }
            if (announced != again) {
                findings.fail(
                        STEADY,
                        subject,
                        "STARTTLS is announced at one time, and not at another",
                        dialogue.transcript().last(40));
            } else if (taken) {
                boolean stillThere = dialogue.announcesStartTls(dialogue.capabilities());
                findings.add(
                        STEADY,
                        subject,
                        stillThere ? Verdict.WARN : Verdict.PASS,
                        stillThere
                                ? "STARTTLS is announced under TLS, too (RFC 3207, section 4.2 forbids it)"
                                : "the announcement stays, and ends with TLS",
                        stillThere ? dialogue.transcript().last(12) : List.of());
            }
            if (!taken) {
                return;
            }
        }
        injection(listener, budget, findings);
        if (listener.service().protocol() == Service.Protocol.SMTP) {
            state(plan, listener, budget, findings);
        }
    }

    /** OpenSMTPD takes EHLO once; RFC 5321, section 4.1.4, has it taken at any time. */
    private static boolean announcedAgain(Dialogue dialogue, boolean announced) throws IOException {
        try {
            return dialogue.announcesStartTls(dialogue.capabilities());
        } catch (IOException e) {
            if (dialogue instanceof Smtp smtp && smtp.lastReply().code() == 503) {
                return announced;
            }
            throw e;
        }
    }

    private static void injection(Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            dialogue.capabilities();
            boolean taken;
            try {
                taken = dialogue.startTlsTaken(dialogue.harmlessCommand() + "\r\n");
            } catch (EOFException | java.net.SocketException e) {
                findings.pass(INJECTION, subject, "a command behind STARTTLS ends the connection");
                return;
            }
            if (!taken) {
                findings.pass(INJECTION, subject, "STARTTLS with a command behind it is refused: " + dialogue.answer());
                return;
            }
            String clear = dialogue.wire().takeUnread();
            try {
                dialogue.makeTls();
            } catch (IOException e) {
                findings.pass(
                        INJECTION,
                        subject,
                        "with a command behind STARTTLS there is no TLS: what was slipped in is not used");
                return;
            }
            boolean more;
            if (listener.service().protocol() == Service.Protocol.SIEVE) {
                try {
                    dialogue.afterTls();
                } catch (IOException e) {
                    findings.pass(INJECTION, subject, "the connection ends after it");
                    return;
                }
            }
            more = dialogue.wire().moreWithin(ANSWER);
            if (more) {
                String first = firstLine(dialogue);
                findings.fail(
                        INJECTION,
                        subject,
                        "a command that was sent before TLS is answered under TLS: anyone on the way can slip one in",
                        append(dialogue.transcript().last(6), "< " + first + "   (under TLS)"));
            } else if (!clear.isEmpty()) {
                findings.warn(
                        INJECTION,
                        subject,
                        "the command behind STARTTLS is carried out in the clear, after the server has agreed to TLS",
                        append(dialogue.transcript().last(6), "< " + clear));
            } else {
                findings.pass(INJECTION, subject, "what was sent before TLS is thrown away");
            }
        }
    }

    private static String firstLine(Dialogue dialogue) {
        try {
            StringBuilder line = new StringBuilder();
            long end = dialogue.wire().replyBy();
            for (int b = dialogue.wire().read(end); b >= 0 && b != '\n' && line.length() < 200; ) {
                line.append((char) b);
                b = dialogue.wire().read(end);
            }
            return line.toString();
        } catch (IOException e) {
            return "(" + e.getMessage() + ")";
        }
    }

    private static List<String> append(List<String> lines, String line) {
        List<String> all = new java.util.ArrayList<>(lines);
        all.add(line);
        return all;
    }

    /** A transaction that was begun before TLS must be gone: RCPT without MAIL gets 503. */
    private static void state(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        try (Smtp smtp = Smtp.open(listener, budget)) {
            Reply mail = smtp.command("MAIL FROM:<>");
            if (!mail.completed()) {
                findings.pass(STATE, subject, "no transaction begins before TLS: " + mail);
                return;
            }
            if (smtp.startTls().isEmpty()) {
                findings.pass(STATE, subject, "no STARTTLS within a transaction: " + smtp.lastReply());
                return;
            }
            Reply reply = smtp.command("RCPT TO:<postmaster"
                    + plan.domain().map(domain -> "@" + domain).orElse("") + ">");
            boolean kept = reply.code() != 503
                    && (reply.completed() || reply.code() == 550 || reply.code() == 551 || reply.code() == 554)
                    && !reply.text().toLowerCase(java.util.Locale.ROOT).matches(".*(ehlo|helo|mail|sequence).*");
            findings.decide(
                    STATE,
                    subject,
                    !kept,
                    kept
                            ? "a transaction that began in the clear goes on under TLS"
                            : "what was said before TLS is forgotten: " + reply,
                    kept ? smtp.transcript().last(8) : List.of());
        }
    }
}
