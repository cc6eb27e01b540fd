/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.rempart.audit.Account;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Dialogue.Login;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Smtp;

/**
 * How failed logins are answered: two of them, one for a name that nobody has, one (with an account lent) for one that is
 * there. Neither the words nor the time may tell the difference.
 */
final class FailureProbe implements Probe {
    private static final String NAMES = "auth.names-given-away";
    private static final String BRAKE = "auth.brake";

    /** Less is noise of the network; a hash of a password takes as much and more. */
    private static final Duration TELLING = Duration.ofMillis(120);

    /** An answer that takes so long is a brake. */
    private static final Duration SLOW = Duration.ofMillis(900);

    private record Answer(Login login, String text, Duration time) {}

    @Override
    public String name() {
        return "failed logins";
    }

    @Override
    public Set<String> checks() {
        return Set.of(NAMES, BRAKE, RelayProbe.ACCEPTED);
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        Optional<Listener> place = IdentityProbe.forLogins(plan);
        if (place.isEmpty()) {
            return;
        }
        String subject = place.get().toString();
        String absent = "rempart-audit-" + Tokens.next() + domain(plan);
        Optional<Answer> nobody = fail(plan, place.get(), budget, findings, absent);
        // Without an account to compare with, the same name again shows more: a brake may hold the name alone.
        Optional<Answer> somebody = fail(
                plan,
                place.get(),
                budget,
                findings,
                plan.account().map(Account::name).orElse(absent));
        if (nobody.isEmpty() || somebody.isEmpty()) {
            findings.notTestable(NAMES, subject, "two wrong logins were spent before, and more look like an attack");
            findings.notTestable(BRAKE, subject, "two wrong logins were spent before, and more look like an attack");
            return;
        }
        names(plan, findings, subject, nobody.get(), somebody.get());
        brake(plan, place.get(), budget, findings, nobody.get(), somebody.get());
    }

    private static String domain(Plan plan) {
        return plan.domain().map(domain -> "@" + domain).orElse("");
    }

    private static void names(Plan plan, Findings findings, String subject, Answer nobody, Answer somebody) {
        java.util.List<String> evidence = java.util.List.of(
                "nobody: " + nobody.text() + " (" + nobody.time().toMillis() + " ms)",
                "an account: " + somebody.text() + " (" + somebody.time().toMillis() + " ms)");
        if (nobody.text()
                .matches(
                        "(?is).*\\b(no such (user|account)|unknown (user|account)|(user|account) (is )?(unknown|not found)"
                                + "|does(n't| not) exist).*")) {
            findings.fail(NAMES, subject, "the answer says that there is no such account", evidence);
        } else if (plan.account().isEmpty()) {
            findings.add(
                    NAMES,
                    subject,
                    org.rempart.audit.Verdict.NOT_ASKED,
                    "the words tell nothing; whether words or times differ for a real account needs --as",
                    evidence);
        } else if (nobody.login() != Login.WRONG || somebody.login() != Login.WRONG) {
            findings.notTestable(NAMES, subject, "a login was not looked at: " + somebody.text());
        } else if (!nobody.text().equals(somebody.text())) {
            findings.fail(NAMES, subject, "the answers differ, by whether the account is there", evidence);
        } else {
            Duration difference = somebody.time().minus(nobody.time());
            boolean telling = difference.compareTo(TELLING) > 0
                    && somebody.time().toMillis() > 4 * nobody.time().toMillis()
                    && somebody.time().compareTo(SLOW) < 0;
            if (telling) {
                findings.warn(
                        NAMES,
                        subject,
                        "the answer for a real account took much longer: the password of nobody is not hashed (one"
                                + " measurement; it may be chance)",
                        evidence);
            } else {
                findings.pass(NAMES, subject, "the answers to a wrong password and an unknown name are the same");
            }
        }
    }

    /**
     * A brake may hold an account, an address, or both together. The second failure shows the one on the address; the right
     * password, given at once, the one on the account.
     */
    private static void brake(
            Plan plan, Listener listener, Budget budget, Findings findings, Answer first, Answer second)
            throws IOException {
        String subject = listener.toString();
        long slower = second.time().toMillis() - first.time().toMillis();
        if (second.login() == Login.UNCLEAR || second.login() == Login.REFUSED) {
            findings.pass(BRAKE, subject, "after one failure the next login was not looked at: " + second.text());
        } else if (first.time().compareTo(SLOW) >= 0 || slower >= SLOW.toMillis()) {
            findings.pass(
                    BRAKE,
                    subject,
                    "a failed login takes "
                            + Math.max(first.time().toMillis(), second.time().toMillis()) + " ms to be answered");
        } else if (plan.account().isPresent() && held(plan.account().get(), listener, budget)) {
            findings.pass(BRAKE, subject, "right after a failure not even the right password is looked at");
        } else {
            findings.notTestable(
                    BRAKE,
                    subject,
                    "two failures were answered at once; a block after more of them would not show, and is not provoked");
        }
    }

    private static boolean held(Account account, Listener listener, Budget budget) throws IOException {
        try (Dialogue dialogue = Dialogue.openSecure(listener, budget)) {
            dialogue.wire().patience(ProbeSupport.LOGIN);
            long start = System.nanoTime();
            Login login = dialogue.login(account.name(), account.password());
            return login == Login.UNCLEAR
                    || (login == Login.ACCEPTED
                            && Duration.ofNanos(System.nanoTime() - start).compareTo(SLOW) >= 0);
        }
    }

    private static Optional<Answer> fail(Plan plan, Listener listener, Budget budget, Findings findings, String name)
            throws IOException {
        try (Dialogue dialogue = Dialogue.openSecure(listener, budget)) {
            if (!budget.wrongLogin()) {
                return Optional.empty();
            }
            dialogue.wire().patience(ProbeSupport.LOGIN);
            long start = System.nanoTime();
            Login login = dialogue.login(name, "wrong-" + Tokens.next());
            Duration time = Duration.ofNanos(System.nanoTime() - start);
            Answer answer = new Answer(login, dialogue.answer(), time);
            if (dialogue instanceof Smtp smtp && login != Login.ACCEPTED) {
                relay(plan, smtp, findings);
            }
            return Optional.of(answer);
        }
    }

    /** Some servers take an attempt for a success: anyone who failed may relay no more than a stranger. */
    private static void relay(Plan plan, Smtp smtp, Findings findings) throws IOException {
        String subject = smtp.wire().listener() + ", after a failed login";
        if (findings.has(RelayProbe.ACCEPTED, subject)) {
            return;
        }
        try {
            Reply reply =
                    smtp.command("MAIL FROM:<rempart-audit@" + plan.domain().orElse(plan.foreign()) + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<rempart-audit@" + plan.foreign() + ">");
            }
            if (reply.transientFailure()) {
                findings.notTestable(RelayProbe.ACCEPTED, subject, "the server can't say now: " + reply);
            } else {
                findings.decide(
                        RelayProbe.ACCEPTED,
                        subject,
                        !reply.completed(),
                        reply.completed() ? "who failed to log in may relay" : "refused: " + reply,
                        reply.completed() ? smtp.transcript().last(8) : java.util.List.of());
            }
        } catch (java.io.EOFException | java.net.SocketException e) {
            findings.pass(RelayProbe.ACCEPTED, subject, "the server hangs up after a failed login");
        }
    }
}
