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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    private static final String LINES = "smuggling.command-lines";
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
        return Set.of(INBOUND, OUTBOUND, LINES);
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        for (Listener listener : plan.speaking(Service.Protocol.SMTP)) {
            commandLines(listener, budget, findings);
        }
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

    /** A line that ends with LF, and one with CR, is no line of SMTP (RFC 5321, section 2.3.8). */
    private static void commandLines(Listener listener, Budget budget, Findings findings) throws IOException {
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

    /** What a server made of an end that is none. */
    private enum Fate {
        SILENT,
        REFUSED,
        ENDED
    }

    private record Trial(Fate fate, String text) {}

    private static void inbound(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        ExecutorService threads = Executors.newFixedThreadPool(ENDS.size(), task -> {
            Thread thread = new Thread(task, "smuggling");
            thread.setDaemon(true);
            return thread;
        });
        List<String> ended = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        int silent = 0;
        try {
            List<Callable<Trial>> trials = new ArrayList<>();
            ENDS.forEach((name, end) -> trials.add(() -> trial(plan, listener, budget, name, end)));
            for (Future<Trial> future : threads.invokeAll(trials)) {
                Trial trial = future.get();
                switch (trial.fate()) {
                    case SILENT -> silent++;
                    case REFUSED -> refusals.add(trial.text());
                    case ENDED -> ended.add(trial.text());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        } finally {
            threads.shutdownNow();
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
        String own = plan.account().get().name();
        List<String> passed = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        Map<String, String> sent = new LinkedHashMap<>();
        for (String name : List.of("LF.LF", "LF.CRLF", "CR.CR", "CR.CRLF", "CRLF NUL .CRLF")) {
            String token = Tokens.next();
            try (Smtp smtp =
                    IdentityProbe.login(listener, budget, plan.account().get())) {
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
                    refused.add(name + ": the server hangs up");
                    continue;
                }
                if (reply.completed()) {
                    sent.put(name, token);
                } else {
                    refused.add(name + ": < " + reply);
                }
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
}
