/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Dialogue.Login;
import org.rempart.audit.net.Imap;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/**
 * Where a login is offered, and where one is really taken: announced or not, it is tried without TLS on every listener. The
 * user's password never goes over such a connection; asking for the login and giving it up is enough.
 */
final class AuthProbe extends ListenerProbe {
    static final String OFFERED = "auth.clear-offered";
    static final String TAKEN = "auth.clear-taken";
    static final String MX = "auth.on-mx";
    static final String REQUIRED = "auth.required";
    static final String MECHANISMS = "auth.mechanisms";
    static final String VRFY = "auth.users-told";

    /** Mechanisms that a login under TLS should no longer be made with, and why. */
    private static final List<String> OLD = List.of("CRAM-MD5", "DIGEST-MD5", "NTLM", "APOP", "KERBEROS_V4", "SKEY");

    @Override
    public String name() {
        return "logins";
    }

    @Override
    public Set<String> checks() {
        return Set.of(OFFERED, TAKEN, MX, REQUIRED, MECHANISMS, VRFY);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return true;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return listener.service().direct() ? Set.of(MECHANISMS) : Set.of(OFFERED, TAKEN);
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        if (!listener.service().direct()) {
            clear(listener, budget, findings);
        }
        secure(listener, budget, findings);
        if (listener.service() == Service.SUBMISSION || listener.service() == Service.SUBMISSIONS) {
            required(plan, listener, budget, findings);
        }
        if (listener.service() == Service.SMTP) {
            verify(plan, listener, budget, findings);
        }
    }

    private static void clear(Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        boolean offered;
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            offered = dialogue.announcesLogin(dialogue.capabilities());
            findings.decide(
                    OFFERED,
                    subject,
                    !offered,
                    offered
                            ? "a login is offered without TLS" + sameMachine(dialogue)
                            : "no login is offered without TLS",
                    offered ? dialogue.transcript().last(20) : List.of());
        }
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            dialogue.capabilities();
            Login login = dialogue.askForLogin();
            String mechanism = "PLAIN";
            if (login == Login.REFUSED && dialogue instanceof Smtp smtp) {
                // Refused may be the mechanism alone.
                Reply reply = smtp.command("AUTH LOGIN");
                if (reply.code() == 334) {
                    smtp.command("*");
                    login = Login.ASKED;
                    mechanism = "LOGIN";
                } else if (reply.code() == 235) {
                    login = Login.ACCEPTED;
                }
            }
            List<String> evidence = dialogue.transcript().last(8);
            switch (login) {
                case ASKED ->
                    findings.fail(
                            TAKEN,
                            subject,
                            "the server asks for a password in clear text (" + mechanism + ")"
                                    + (offered ? "" : ", though it does not announce it") + sameMachine(dialogue),
                            evidence);
                case ACCEPTED -> findings.fail(TAKEN, subject, "a login without any password succeeds", evidence);
                case REFUSED, WRONG -> attempt(listener, budget, findings, dialogue.answer());
                case UNCLEAR -> findings.notTestable(TAKEN, subject, "the server can't say now: " + dialogue.answer());
            }
        }
    }

    /** Dovecot, for one, takes a client with the server's own address for safe. */
    private static String sameMachine(Dialogue dialogue) {
        return dialogue.wire().localAddress().equals(dialogue.wire().listener().address())
                ? "; but this is the server's own machine, which some trust: audit from another address (--from)"
                : "";
    }

    /** Some look at a password only when it comes in the same line: one login that is bound to fail shows it. */
    private static void attempt(Listener listener, Budget budget, Findings findings, String refusal)
            throws IOException {
        String subject = listener.toString();
        boolean onlyWholeShows = refusal.startsWith("501")
                || refusal.startsWith("504")
                || (listener.service().protocol() == Service.Protocol.IMAP && !Imap.forbids(refusal));
        if (!onlyWholeShows) {
            findings.pass(TAKEN, subject, "a login without TLS is refused: " + refusal);
            return;
        }
        if (!budget.wrongLogin()) {
            findings.notTestable(
                    TAKEN,
                    subject,
                    "a login is not begun without its password, and two wrong ones are enough for a run");
            return;
        }
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            dialogue.capabilities();
            Login login = dialogue.login("rempart-audit-nobody", "wrong-" + Tokens.next());
            switch (login) {
                case WRONG, ACCEPTED ->
                    findings.fail(
                            TAKEN,
                            subject,
                            "the server looks at a password that comes in clear text: " + dialogue.answer(),
                            dialogue.transcript().last(6));
                case UNCLEAR -> findings.notTestable(TAKEN, subject, "the server can't say now: " + dialogue.answer());
                default -> findings.pass(TAKEN, subject, "a login without TLS is refused: " + dialogue.answer());
            }
        }
    }

    private static void secure(Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            String capabilities = dialogue.capabilities();
            if (!listener.service().direct()) {
                if (dialogue.startTls().isEmpty()) {
                    return;
                }
                capabilities = dialogue.capabilities();
            }
            boolean offered = dialogue.announcesLogin(capabilities);
            if (listener.service() == Service.SMTP) {
                findings.add(
                        MX,
                        subject,
                        offered ? Verdict.WARN : Verdict.PASS,
                        offered
                                ? "passwords can be tried where the whole world connects"
                                : "no login is offered where the whole world connects",
                        offered ? dialogue.transcript().last(15) : List.of());
                if (!offered) {
                    return;
                }
            }
            mechanisms(subject, dialogue, capabilities, findings);
        }
    }

    private static void mechanisms(String subject, Dialogue dialogue, String capabilities, Findings findings) {
        String words = " "
                + capabilities.toUpperCase(Locale.ROOT).replace("AUTH=", " ").replaceAll("[\"\\n\\s]+", " ")
                + " ";
        List<String> old = new ArrayList<>();
        for (String mechanism : OLD) {
            if (words.contains(" " + mechanism + " ")) {
                old.add(mechanism);
            }
        }
        if (words.contains(" ANONYMOUS ")) {
            findings.fail(
                    MECHANISMS,
                    subject,
                    "ANONYMOUS lets anyone in",
                    dialogue.transcript().last(15));
        } else if (!old.isEmpty()) {
            findings.warn(
                    MECHANISMS,
                    subject,
                    String.join(", ", old) + (old.size() == 1 ? " is" : " are")
                            + " offered: broken, and they make the server keep passwords readable",
                    dialogue.transcript().last(15));
        } else {
            findings.pass(MECHANISMS, subject, "no broken mechanism is offered");
        }
    }

    /** Submission without an account: nobody's mail is taken, not even to an address of ours. */
    private static void required(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        String to = plan.recipient()
                .orElse(plan.domain().map(domain -> "postmaster@" + domain).orElse("postmaster"));
        try (Smtp smtp = Smtp.openSecure(listener, budget)) {
            Reply reply =
                    smtp.command("MAIL FROM:<rempart-audit@" + plan.domain().orElse(plan.foreign()) + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<" + to + ">");
            }
            if (reply.completed()) {
                reply = smtp.command("DATA");
            }
            if (reply.code() == 354) {
                findings.fail(
                        REQUIRED,
                        subject,
                        "mail is taken without a login",
                        smtp.transcript().last(6));
            } else if (reply.transientFailure()) {
                findings.notTestable(REQUIRED, subject, "the server can't say now: " + reply);
            } else {
                findings.pass(REQUIRED, subject, "no mail without a login: " + reply);
            }
        }
    }

    /** VRFY and EXPN (RFC 5321, section 3.5.3): 252 tells nothing, 250 and 550 tell who is there. */
    private static void verify(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        try (Smtp smtp = Smtp.open(listener, budget)) {
            String known = plan.recipient()
                    .orElse(plan.domain().map(domain -> "postmaster@" + domain).orElse("postmaster"));
            String nobody = "rempart-audit-" + Tokens.next()
                    + plan.domain().map(domain -> "@" + domain).orElse("");
            Reply there = smtp.command("VRFY " + known);
            Reply absent = smtp.command("VRFY " + nobody);
            Reply list = smtp.command("EXPN postmaster");
            boolean tells = (there.code() == 250 && absent.code() != 250) || list.code() == 250;
            findings.decide(
                    VRFY,
                    subject,
                    !tells,
                    tells ? "VRFY or EXPN tells which addresses there are" : "VRFY and EXPN tell nothing",
                    tells ? smtp.transcript().last(6) : List.of());
        }
    }
}
