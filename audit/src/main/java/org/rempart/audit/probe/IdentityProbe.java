/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.rempart.audit.Account;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Dialogue.Login;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/**
 * Whether an account may write as somebody else: in the envelope, and in the header, plainly and in disguises. Messages go
 * to the account itself and to nobody else.
 */
final class IdentityProbe implements Probe {
    private static final String LOGIN = "auth.works";
    private static final String ENVELOPE = "identity.envelope";
    private static final String FROM = "identity.from";
    private static final String DISGUISED = "identity.from-disguised";

    @Override
    public String name() {
        return "senders that an account may use";
    }

    @Override
    public Set<String> checks() {
        return Set.of(LOGIN, ENVELOPE, FROM, DISGUISED);
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        if (plan.account().isEmpty() || plan.domain().isEmpty()) {
            return;
        }
        Account account = plan.account().get();
        Optional<Listener> place = submission(plan);
        Optional<Listener> anywhere = forLogins(plan);
        if (anywhere.isPresent()) {
            try (Dialogue dialogue = Dialogue.openSecure(anywhere.get(), budget)) {
                login(dialogue, account);
                findings.pass(LOGIN, anywhere.get().toString(), "the account " + account.name() + " logs in");
            }
        }
        if (place.isEmpty()) {
            return;
        }
        Listener listener = place.get();
        String self = plan.recipient().orElse(account.name());
        envelope(plan, listener, budget, findings, account, self);
        headers(plan, listener, budget, findings, account, self);
    }

    static Optional<Listener> submission(Plan plan) {
        for (Service service : List.of(Service.SUBMISSIONS, Service.SUBMISSION)) {
            for (Listener listener : plan.listeners()) {
                if (listener.service() == service) {
                    return Optional.of(listener);
                }
            }
        }
        return Optional.empty();
    }

    /** Where a login is tried best: on submission, or else where TLS is there from the first byte. */
    static Optional<Listener> forLogins(Plan plan) {
        List<Listener> clients = plan.listeners().stream()
                .filter(listener -> listener.service().forClients())
                .toList();
        return submission(plan)
                .or(() -> clients.stream()
                        .filter(listener -> listener.service().direct())
                        .findFirst())
                .or(() -> clients.stream().findFirst());
    }

    private static void login(Dialogue dialogue, Account account) throws IOException {
        dialogue.wire().patience(ProbeSupport.LOGIN);
        if (dialogue.login(account.name(), account.password()) != Login.ACCEPTED) {
            throw new IOException("the login of " + account.name() + " fails: " + dialogue.answer());
        }
        dialogue.wire().patience(dialogue.wire().budget().patience());
    }

    /** A connection on which the account has logged in, under TLS. */
    static Smtp login(Listener listener, Budget budget, Account account) throws IOException {
        Smtp smtp = Smtp.openSecure(listener, budget);
        try {
            login(smtp, account);
            return smtp;
        } catch (IOException | RuntimeException e) {
            smtp.close();
            throw e;
        }
    }

    private static String own(Plan plan, Account account) {
        return account.name().contains("@")
                ? account.name()
                : account.name() + "@" + plan.domain().get();
    }

    private static String nobody(Plan plan) {
        return "rempart-audit-nobody@" + plan.domain().get();
    }

    private static void envelope(
            Plan plan, Listener listener, Budget budget, Findings findings, Account account, String self)
            throws IOException {
        String own = own(plan, account);
        String postmaster = "postmaster@" + plan.domain().get();
        Map<String, String> senders = new LinkedHashMap<>();
        senders.put("a foreign address", "rempart-audit@" + plan.foreign());
        senders.put("an address of ours that nobody has", nobody(plan));
        senders.put("a part of the own address", "x." + own);
        plan.other().ifPresent(other -> senders.put("another address of ours", other));
        if (plan.other().isEmpty() && !postmaster.equalsIgnoreCase(own)) {
            senders.put("the postmaster's address", postmaster);
        }
        List<String> taken = new ArrayList<>();
        Smtp smtp = login(listener, budget, account);
        try {
            for (Map.Entry<String, String> sender : senders.entrySet()) {
                Optional<Reply> reply = from(smtp, sender.getValue(), own, self, plan);
                if (reply.isEmpty()) {
                    // Hung up: a refusal, too.
                    smtp.close();
                    smtp = login(listener, budget, account);
                } else if (reply.get().completed()) {
                    taken.add(sender.getKey() + ": > MAIL FROM:<" + sender.getValue() + ">  < " + reply.get());
                } else if (reply.get().transientFailure()) {
                    throw new IOException("the server can't say now: " + reply.get());
                }
            }
        } finally {
            smtp.close();
        }
        if (taken.size() == 1 && taken.get(0).startsWith("the postmaster's address")) {
            // The account may be the postmaster's. Of all addresses of ours this one alone is known to be there.
            findings.add(
                    ENVELOPE,
                    listener.toString(),
                    Verdict.NOT_TESTABLE,
                    "the account may write as " + postmaster + "; if that is not its own address, this is a fault:"
                            + " name an address of somebody else's with --other",
                    taken);
            return;
        }
        findings.decide(
                ENVELOPE,
                listener.toString(),
                taken.isEmpty(),
                taken.isEmpty()
                        ? senders.size() + " envelope senders of others were refused"
                        : "mail with the envelope sender of somebody else was taken",
                taken);
    }

    /** A message with this envelope sender. Returns the last answer; nothing if the server hangs up. */
    private static Optional<Reply> from(Smtp smtp, String sender, String own, String self, Plan plan)
            throws IOException {
        try {
            Reply reply = smtp.command("MAIL FROM:<" + sender + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<" + self + ">");
            }
            if (reply.completed() && smtp.command("DATA").code() == 354) {
                return Optional.of(smtp.message(
                        ProbeSupport.message("From: <" + own + ">\r\n", plan, Tokens.next(), "envelope sender"),
                        "(a message from " + sender + ")"));
            }
            Reply last = smtp.lastReply();
            smtp.command("RSET");
            return Optional.of(last);
        } catch (java.io.EOFException | java.net.SocketException e) {
            return Optional.empty();
        }
    }

    private static void headers(
            Plan plan, Listener listener, Budget budget, Findings findings, Account account, String self)
            throws IOException {
        String own = own(plan, account);
        String other = plan.other().orElse(nobody(plan));
        String foreign = "rempart-audit@" + plan.foreign();
        Map<String, String> plain = new LinkedHashMap<>();
        plain.put("a foreign From", "From: <" + foreign + ">\r\n");
        plain.put("From of another of ours", "From: <" + other + ">\r\n");
        Map<String, String> disguised = new LinkedHashMap<>();
        disguised.put("two From fields", "From: <" + own + ">\r\nFrom: <" + other + ">\r\n");
        disguised.put("two From fields, the foreign one first", "From: <" + foreign + ">\r\nFrom: <" + own + ">\r\n");
        disguised.put("several addresses", "From: <" + own + ">, <" + other + ">\r\n");
        disguised.put("a space before the colon", "From : <" + other + ">\r\n");
        disguised.put("other case", "fROM: <" + other + ">\r\n");
        disguised.put("folded before the address", "From:\r\n <" + other + ">\r\n");
        disguised.put("an address before the own one", "From: " + other + " <" + own + ">, <" + foreign + ">\r\n");
        disguised.put("a group", "From: Boss: <" + other + ">;\r\n");
        disguised.put("a comment with the own one", "From: <" + other + "> (<" + own + ">)\r\n");
        disguised.put("the own one quoted as a name", "From: \"<" + own + ">\" <" + other + ">\r\n");
        disguised.put(
                "an encoded word around it",
                "From: =?utf-8?q?=3C" + own.replace("@", "=40") + "=3E?= <" + other + ">\r\n");
        disguised.put("a route before it", "From: <@" + plan.domain().get() + ":" + other + ">\r\n");
        disguised.put("a foreign Sender", "From: <" + own + ">\r\nSender: <" + other + ">\r\n");
        disguised.put("Resent-From of another", "From: <" + own + ">\r\nResent-From: <" + other + ">\r\n");
        verdict(FROM, plan, listener, budget, findings, account, self, plain, false);
        verdict(DISGUISED, plan, listener, budget, findings, account, self, disguised, true);
    }

    private static void verdict(
            String check,
            Plan plan,
            Listener listener,
            Budget budget,
            Findings findings,
            Account account,
            String self,
            Map<String, String> originators,
            boolean mildLast)
            throws IOException {
        List<String> taken = new ArrayList<>();
        List<String> mild = new ArrayList<>();
        int refused = 0;
        Smtp smtp = login(listener, budget, account);
        try {
            String own = own(plan, account);
            for (Map.Entry<String, String> fields : originators.entrySet()) {
                if (smtp.refusals() >= 6) {
                    smtp.close();
                    smtp = login(listener, budget, account);
                }
                Reply reply = smtp.command("MAIL FROM:<" + own + ">");
                if (reply.completed()) {
                    reply = smtp.command("RCPT TO:<" + self + ">");
                }
                if (!reply.completed()) {
                    throw new IOException("the account can't write to " + self + ": " + reply);
                }
                if (smtp.command("DATA").code() != 354) {
                    throw new IOException("DATA is answered " + smtp.lastReply());
                }
                reply = smtp.message(
                        ProbeSupport.message(fields.getValue(), plan, Tokens.next(), "From field"),
                        "(a message with " + fields.getKey() + ")");
                if (reply.completed()) {
                    boolean softer = fields.getKey().startsWith("Resent-From");
                    (softer ? mild : taken)
                            .add(fields.getKey() + ": " + fields.getValue().strip() + "  < " + reply);
                } else if (reply.transientFailure()) {
                    throw new IOException("the server can't say now: " + reply);
                } else {
                    refused++;
                }
            }
        } finally {
            smtp.close();
        }
        if (!taken.isEmpty()) {
            findings.fail(
                    check, listener.toString(), taken.size() + " messages that name somebody else were taken", taken);
        } else if (mildLast && !mild.isEmpty()) {
            findings.add(
                    check,
                    listener.toString(),
                    Verdict.PASS,
                    refused
                            + " were refused; Resent-From of somebody else was taken, which no reader shows as the author",
                    mild);
        } else {
            findings.pass(check, listener.toString(), refused + " messages that name somebody else were refused");
        }
    }
}
