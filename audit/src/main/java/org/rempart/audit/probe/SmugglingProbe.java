/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/**
 * Whether something else than CRLF.CRLF ends a message (SMTP smuggling, CVE-2023-51764 and its kin): on the way in, by a
 * message that is left without its end, so that nothing is delivered unless the server is wrong; on the way out, by what
 * arrives at the sink.
 */
final class SmugglingProbe implements Probe {
    private static final String INBOUND = "smuggling.inbound";
    private static final String OUTBOUND = "smuggling.outbound";
    private static final Duration ANSWER = Duration.ofMillis(600);

    /** Ends that are none (RFC 5321, section 4.1.1.4), with names for them. */
    private static final Map<String, String> ENDS = new LinkedHashMap<>();

    static {
        ENDS.put("LF.LF", "\n.\n");
        ENDS.put("LF.CRLF", "\n.\r\n");
        ENDS.put("CRLF.LF", "\r\n.\n");
        ENDS.put("CR.CR", "\r.\r");
        ENDS.put("CR.CRLF", "\r.\r\n");
        ENDS.put("CRLF.CR", "\r\n.\r");
        ENDS.put("LF.CR", "\n.\r");
        ENDS.put("CR.LF", "\r.\n");
        ENDS.put("CRLF NUL .CRLF", "\r\n\0.\r\n");
        ENDS.put("CRLF.NUL CRLF", "\r\n.\0\r\n");
        ENDS.put("CRCRLF.CRCRLF", "\r\r\n.\r\r\n");
    }

    @Override
    public String name() {
        return "smuggling";
    }

    @Override
    public Set<String> checks() {
        return Set.of(INBOUND, OUTBOUND);
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        Optional<Listener> mx = plan.listeners().stream()
                .filter(listener -> listener.service() == Service.SMTP)
                .findFirst();
        if (mx.isPresent() && plan.recipient().isPresent()) {
            inbound(plan, mx.get(), budget, findings);
        }
        if (plan.account().isPresent() && plan.sink().isPresent()) {
            outbound(plan, budget, findings);
        }
    }

    /** What a server made of an end that is none. */
    private enum Fate {
        SILENT,
        REFUSED,
        ENDED
    }

    private record Trial(Fate fate, String text) {}

    private static void inbound(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        List<String> ended = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        int silent = 0;
        List<Callable<Trial>> trials = new ArrayList<>();
        ENDS.forEach((name, end) -> trials.add(() -> trial(plan, listener, budget, name, end)));
        for (Trial trial : ProbeSupport.sideBySide(trials)) {
            switch (trial.fate()) {
                case SILENT -> silent++;
                case REFUSED -> refusals.add(trial.text());
                case ENDED -> ended.add(trial.text());
            }
        }
        findings.decide(
                INBOUND,
                subject,
                ended.isEmpty(),
                ended.isEmpty()
                        ? silent + " false ends were no end, " + refusals.size() + " were refused"
                        : ended.size() + " false ends end a message: a second one can be smuggled in behind",
                ended.isEmpty() ? refusals : ended);
    }

    private static Trial trial(Plan plan, Listener listener, Budget budget, String name, String end)
            throws IOException {
        try (Smtp smtp = Smtp.open(listener, budget)) {
            Reply reply = smtp.command("MAIL FROM:<rempart-audit@" + plan.foreign() + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<" + plan.recipient().orElseThrow() + ">");
            }
            if (reply.completed()) {
                reply = smtp.command("DATA");
            }
            if (reply.code() != 354) {
                if (reply.holdsOff()) {
                    throw budget.heldOff(reply.toString());
                }
                throw new IOException(
                        "no message is taken for " + plan.recipient().orElseThrow() + ": " + reply);
            }
            String message = ProbeSupport.message(plan, Tokens.next(), "smuggling, " + name);
            String cut = message.substring(0, message.length() - 2) + end;
            smtp.wire().send(cut.getBytes(StandardCharsets.ISO_8859_1), "(a message that ends with " + name + ")");
            if (!smtp.wire().moreWithin(ANSWER)) {
                return new Trial(Fate.SILENT, "");
            }
            try {
                Reply answer = smtp.reply();
                return new Trial(answer.completed() ? Fate.ENDED : Fate.REFUSED, name + ": < " + answer);
            } catch (java.io.EOFException | java.net.SocketException e) {
                return new Trial(Fate.REFUSED, name + ": the server hangs up");
            }
        }
    }

    private static void outbound(Plan plan, Budget budget, Findings findings) throws IOException {
        Listener listener =
                IdentityProbe.submission(plan).orElseThrow(() -> new IOException("there is no submission listener"));
        List<String> passed = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        Map<String, String> sent = new LinkedHashMap<>();
        List<Callable<Sent>> work = new ArrayList<>();
        for (String name : List.of("LF.LF", "LF.CRLF", "CR.CR", "CR.CRLF", "CRLF NUL .CRLF")) {
            work.add(() -> send(plan, listener, budget, name));
        }
        for (Sent message : ProbeSupport.sideBySide(work)) {
            if (message.refusal().isPresent()) {
                refused.add(message.name() + ": " + message.refusal().get());
            } else {
                sent.put(message.name(), message.token());
            }
        }
        long end = System.nanoTime() + plan.sinkWait().toNanos();
        for (Map.Entry<String, String> message : sent.entrySet()) {
            Optional<byte[]> arrived =
                    plan.sink().get().await(message.getValue(), Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            if (arrived.isEmpty()) {
                throw new IOException("a message did not arrive at the sink in time");
            }
            String text = new String(arrived.get(), StandardCharsets.ISO_8859_1);
            if (text.contains("before" + ENDS.get(message.getKey()))) {
                passed.add(message.getKey() + " left as it came");
            } else {
                refused.add(message.getKey() + ": made harmless");
            }
        }
        // A NUL is dropped by few; what it hides is no end for the rest.
        boolean onlyNul = passed.stream().allMatch(line -> line.contains("NUL"));
        findings.add(
                OUTBOUND,
                listener.toString(),
                passed.isEmpty() ? Verdict.PASS : onlyNul ? Verdict.WARN : Verdict.FAIL,
                passed.isEmpty()
                        ? "no false end leaves: refused, or made harmless"
                        : "false ends leave: a receiver that takes them for real ones gets forged mail from us",
                passed.isEmpty() ? refused : passed);
    }

    /** A message that was sent with a false end inside, or how the server refused it. */
    private record Sent(String name, String token, Optional<String> refusal) {}

    private static Sent send(Plan plan, Listener listener, Budget budget, String name) throws IOException {
        String own = plan.account().orElseThrow().name();
        String token = Tokens.next();
        try (Smtp smtp = IdentityProbe.login(listener, budget, plan.account().orElseThrow())) {
            Reply reply = smtp.command("MAIL FROM:<" + own + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<rempart-audit@" + plan.foreign() + ">");
            }
            if (reply.completed()) {
                reply = smtp.command("DATA");
            }
            if (reply.code() != 354) {
                throw new IOException("the test message was refused: " + reply);
            }
            String message = ProbeSupport.message("From: <" + own + ">\r\n", plan, token, "smuggling, " + name)
                    + "before" + ENDS.get(name) + "RSET\r\nafter\r\n.\r\n";
            smtp.wire().send(message.getBytes(StandardCharsets.ISO_8859_1), "(a message with " + name + " inside)");
            try {
                reply = smtp.reply();
            } catch (java.io.EOFException | java.net.SocketException e) {
                return new Sent(name, token, Optional.of("the server hangs up"));
            }
            return new Sent(name, token, reply.completed() ? Optional.empty() : Optional.of("< " + reply));
        }
    }
}
