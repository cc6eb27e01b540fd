/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
import org.rempart.audit.probe.RelayForms.Form;

/**
 * Whether a stranger's mail to other domains is taken: every form of a recipient from every kind of sender, before TLS, under
 * TLS, and after RSET. A {@code 530} at MAIL ends nothing: what is asked for is had next. No message is
 * sent but to a sink that the user named.
 */
final class RelayProbe extends ListenerProbe {
    static final String ACCEPTED = "relay.accepted";
    static final String RELAYED = "relay.relayed";
    static final String UNKNOWN = "relay.unknown-recipient";

    /** Servers slow down or hang up after ten to twenty refusals; below that nothing is held against us. */
    private static final int REFUSALS = 9;

    private static final int SINK_MESSAGES = 8;

    /** What comes before the attempts on a connection. */
    enum State {
        CLEAR("before TLS"),
        TLS("under TLS"),
        RESET("after RSET, under TLS");

        private final String label;

        State(String label) {
            this.label = label;
        }
    }

    private record Attempt(String sender, String senderKind, Form form) {
        String text() {
            return "MAIL FROM:<" + sender + ">, " + form.command();
        }
    }

    @Override
    public String name() {
        return "relaying";
    }

    @Override
    public Set<String> checks() {
        return Set.of(ACCEPTED, RELAYED, UNKNOWN);
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return Set.of(ACCEPTED);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return listener.service().protocol() == Service.Protocol.SMTP;
    }

    @Override
    protected boolean parallel() {
        return false;
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        if (plan.domain().isEmpty()) {
            findings.notTestable(
                    ACCEPTED, listener.toString(), "without --domain nobody knows which recipients are ours");
            return;
        }
        String user = "rempart-audit-" + Tokens.next();
        String ours = plan.domain().get();
        List<Form> forms = RelayForms.recipients(user, ours, plan.foreign(), listener.address());
        Map<String, String> senders = RelayForms.senders(user, ours, plan.foreign(), listener.address());
        List<State> states = new ArrayList<>();
        if (!listener.service().direct()) {
            states.add(State.CLEAR);
        }
        boolean tls = listener.service().direct() || startTls(listener, budget);
        if (tls) {
            states.add(State.TLS);
            states.add(State.RESET);
        }
        boolean first = listener.equals(plan.speaking(Service.Protocol.SMTP).get(0));
        boolean catchAll = false;
        for (State state : states) {
            boolean everything = plan.thorough() || (first && state == states.get(0));
            Round round = new Round(plan, listener, budget, state);
            if (state == states.get(0)) {
                catchAll = unknownRecipient(round, user + "@" + ours, findings, listener);
            }
            round.run(attempts(forms, senders, everything));
            round.report(findings, catchAll);
        }
    }

    private static boolean startTls(Listener listener, Budget budget) throws IOException {
        try (Smtp smtp = Smtp.open(listener, budget)) {
            return smtp.startTls().isPresent();
        } catch (EOFException | javax.net.ssl.SSLException e) {
            return false;
        }
    }

    /** All pairs, or every recipient from one sender and every sender to one recipient. */
    private static List<Attempt> attempts(List<Form> forms, Map<String, String> senders, boolean everything) {
        List<Attempt> attempts = new ArrayList<>();
        boolean first = true;
        for (Map.Entry<String, String> sender : senders.entrySet()) {
            for (Form form : first || everything ? forms : forms.subList(0, 1)) {
                attempts.add(new Attempt(sender.getValue(), sender.getKey(), form));
            }
            first = false;
        }
        return attempts;
    }

    /** Whether any local recipient is taken, and what that means where strangers bring mail. */
    private static boolean unknownRecipient(Round round, String address, Findings findings, Listener listener)
            throws IOException {
        try (Smtp smtp = round.connect()) {
            smtp.command("MAIL FROM:<>");
            Reply reply = smtp.lastReply().completed() ? smtp.command("RCPT TO:<" + address + ">") : smtp.lastReply();
            if (listener.service().forClients()) {
                return reply.completed();
            }
            if (reply.completed()) {
                findings.warn(
                        UNKNOWN,
                        listener.toString(),
                        "a recipient that can't exist is taken: there is a catch-all, or mail to it is bounced later",
                        smtp.transcript().last(4));
                return true;
            }
            if (reply.permanentFailure()) {
                findings.pass(UNKNOWN, listener.toString(), "a recipient that can't exist is refused: " + reply);
            } else {
                findings.notTestable(UNKNOWN, listener.toString(), "the server can't say now: " + reply);
            }
            return false;
        }
    }

    /** The attempts on one listener, in one state. */
    private static final class Round {
        private final Plan plan;
        private final Listener listener;
        private final Budget budget;
        private final State state;
        private final Map<Attempt, Reply> outcomes = new LinkedHashMap<>();
        private final List<Attempt> left = new ArrayList<>();
        private String stopped = "";

        Round(Plan plan, Listener listener, Budget budget, State state) {
            this.plan = plan;
            this.listener = listener;
            this.budget = budget;
            this.state = state;
        }

        /** A connection that is where the attempts begin. */
        Smtp connect() throws IOException {
            if (state == State.CLEAR) {
                return Smtp.open(listener, budget);
            }
            Smtp smtp = Smtp.openSecure(listener, budget);
            if (state == State.RESET) {
                smtp.command("MAIL FROM:<rempart-audit@" + plan.foreign() + ">");
                smtp.command("RSET");
            }
            return smtp;
        }

        void run(List<Attempt> attempts) throws IOException {
            Deque<Attempt> queue = new ArrayDeque<>(attempts);
            int fruitless = 0;
            while (!queue.isEmpty()) {
                int before = queue.size();
                try (Smtp smtp = connect()) {
                    connection(smtp, queue);
                } catch (EOFException | java.net.SocketException e) {
                    stopped = "the server closes the connection";
                }
                fruitless = queue.size() == before ? fruitless + 1 : 0;
                if (fruitless == 2) {
                    left.addAll(queue);
                    return;
                }
            }
        }

        private void connection(Smtp smtp, Deque<Attempt> queue) throws IOException {
            boolean pipelining = Smtp.keyword(String.join("\n", smtp.lastReply().lines()), "PIPELINING") != null;
            while (!queue.isEmpty() && smtp.refusals() < REFUSALS) {
                String sender = queue.peek().sender();
                List<Attempt> batch = new ArrayList<>();
                int room = REFUSALS - smtp.refusals();
                while (!queue.isEmpty()
                        && batch.size() < room
                        && queue.peek().sender().equals(sender)) {
                    batch.add(queue.poll());
                }
                List<Attempt> unanswered = transaction(smtp, sender, batch, pipelining);
                for (int i = unanswered.size() - 1; i >= 0; i--) {
                    queue.addFirst(unanswered.get(i));
                }
                if (!unanswered.isEmpty()) {
                    return;
                }
            }
        }

        /** One MAIL with several RCPTs. Returns what was not answered. */
        private List<Attempt> transaction(Smtp smtp, String sender, List<Attempt> batch, boolean pipelining)
                throws IOException {
            List<String> commands = new ArrayList<>();
            commands.add("MAIL FROM:<" + sender + ">");
            batch.forEach(attempt -> commands.add(attempt.form().command()));
            List<Reply> replies = new ArrayList<>();
            if (pipelining) {
                replies.addAll(smtp.pipeline(commands));
            } else {
                for (String command : commands) {
                    try {
                        replies.add(smtp.command(command));
                    } catch (EOFException e) {
                        break;
                    }
                    if (smtp.lastReply().code() == 421
                            || (replies.size() == 1 && !smtp.lastReply().completed())) {
                        break;
                    }
                }
            }
            if (replies.isEmpty()) {
                stopped = "the server closes the connection";
                return batch;
            }
            Reply mail = replies.get(0);
            if (mail.code() == 421) {
                return turnedAway(mail, smtp, batch);
            }
            if (mail.holdsOff()) {
                throw budget.heldOff(mail.toString());
            }
            if (!mail.completed() && (!pipelining || replies.stream().noneMatch(Reply::completed))) {
                // There is no transaction, whatever follows.
                batch.forEach(attempt -> outcomes.put(attempt, mail));
                return List.of();
            }
            for (int i = 1; i < replies.size(); i++) {
                Reply reply = replies.get(i);
                if (reply.code() == 421) {
                    return turnedAway(reply, smtp, batch.subList(i - 1, batch.size()));
                }
                if (reply.holdsOff()) {
                    throw budget.heldOff(reply.toString());
                }
                outcomes.put(batch.get(i - 1), reply);
            }
            if (replies.size() < commands.size()) {
                stopped = "the server closes the connection";
                return batch.subList(replies.size() - 1, batch.size());
            }
            smtp.command("RSET");
            return List.of();
        }

        /** A 421 after refusals is the end of a connection that has had enough; one before that holds us off. */
        private List<Attempt> turnedAway(Reply reply, Smtp smtp, List<Attempt> batch) throws IOException {
            if (smtp.refusals() <= 2) {
                throw budget.heldOff(reply.toString());
            }
            stopped = reply.toString();
            return batch;
        }

        void report(Findings findings, boolean catchAll) throws IOException {
            String subject = listener + ", " + state.label;
            Set<String> proofs = new LinkedHashSet<>();
            Set<String> doubts = new LinkedHashSet<>();
            List<Attempt> accepted = new ArrayList<>();
            int refused = 0;
            Reply unclear = null;
            Reply blamed = null;
            for (Map.Entry<Attempt, Reply> outcome : outcomes.entrySet()) {
                Attempt attempt = outcome.getKey();
                Reply reply = outcome.getValue();
                if (reply.completed()) {
                    accepted.add(attempt);
                    (attempt.form().plain() || (attempt.form().kind() == RelayForms.Kind.DISGUISED && !catchAll)
                                    ? proofs
                                    : doubts)
                            .add("> " + attempt.text() + "  < " + reply);
                } else if (reply.transientFailure()) {
                    unclear = attempt.form().plain() ? reply : unclear;
                } else if (attempt.form().plain() && reply.blamesDomain() && !blamesSender(attempt, reply)) {
                    blamed = reply;
                } else {
                    refused++;
                }
            }
            long senders =
                    outcomes.keySet().stream().map(Attempt::sender).distinct().count();
            long forms =
                    outcomes.keySet().stream().map(Attempt::form).distinct().count();
            if (!proofs.isEmpty()) {
                findings.fail(
                        ACCEPTED,
                        subject,
                        proofs.size() + " of " + outcomes.size() + " attempts to relay were taken" + whence(),
                        List.copyOf(proofs));
            } else if (!doubts.isEmpty()) {
                findings.warn(
                        ACCEPTED,
                        subject,
                        doubts.size()
                                + " odd or disguised recipients were taken as local ones; whether they are relayed,"
                                + " only a sink shows",
                        List.copyOf(doubts));
            } else if (!left.isEmpty()) {
                findings.notTestable(ACCEPTED, subject, left.size() + " of the attempts were not answered: " + stopped);
            } else if (unclear != null) {
                findings.notTestable(
                        ACCEPTED, subject, "the server put off its answer (greylisting?), ask again later: " + unclear);
            } else if (blamed != null) {
                findings.notTestable(
                        ACCEPTED,
                        subject,
                        "refused because of the domain, not the relaying; name one that receives mail with --foreign: "
                                + blamed);
            } else {
                findings.add(
                        ACCEPTED,
                        subject,
                        Verdict.PASS,
                        refused + " attempts refused: " + forms + " forms of recipients, " + senders + " senders",
                        List.of());
            }
            relayed(findings, subject, accepted);
        }

        /** Refused for the sender's sake, who is one that nobody is: no word on the recipient. */
        private static boolean blamesSender(Attempt attempt, Reply reply) {
            String text = reply.text().toLowerCase(Locale.ROOT);
            return text.contains("sender")
                    || (!attempt.sender().isEmpty()
                            && text.contains(attempt.sender().toLowerCase(Locale.ROOT)));
        }

        private String whence() {
            Optional<InetAddress> local = ProbeSupport.localAddress(listener, budget);
            if (local.isPresent()
                    && (local.get().isLoopbackAddress() || local.get().isSiteLocalAddress())) {
                return " from " + local.get().getHostAddress()
                        + ", which the server may trust: audit from outside, or from another address with --from";
            }
            return "";
        }

        /** Sends a message for some of what was accepted, and looks where it went. */
        private void relayed(Findings findings, String subject, List<Attempt> accepted) throws IOException {
            if (plan.sink().isEmpty()) {
                return;
            }
            if (accepted.isEmpty()) {
                if (left.isEmpty() && !outcomes.isEmpty()) {
                    findings.pass(RELAYED, subject, "nothing was taken that could be relayed");
                } else {
                    findings.notTestable(RELAYED, subject, "the attempts were not all answered");
                }
                return;
            }
            Map<String, Attempt> sent = new LinkedHashMap<>();
            List<String> refusals = new ArrayList<>();
            Set<Form> tried = new LinkedHashSet<>();
            for (Attempt attempt : accepted) {
                if (tried.size() < SINK_MESSAGES && tried.add(attempt.form())) {
                    String token = Tokens.next();
                    try (Smtp smtp = connect()) {
                        if (smtp.command("MAIL FROM:<" + attempt.sender() + ">").completed()
                                && smtp.command(attempt.form().command()).completed()
                                && smtp.command("DATA").code() == 354
                                && smtp.message(ProbeSupport.message(plan, token, "relay"), "(a test message)")
                                        .completed()) {
                            sent.put(token, attempt);
                            smtp.quit();
                        } else {
                            refusals.add("> " + attempt.text() + "  < " + smtp.lastReply());
                        }
                    }
                }
            }
            List<String> arrived = new ArrayList<>();
            long end = System.nanoTime() + plan.sinkWait().toNanos();
            for (Map.Entry<String, Attempt> message : sent.entrySet()) {
                java.time.Duration left = java.time.Duration.ofNanos(Math.max(1, end - System.nanoTime()));
                if (plan.sink().get().await(message.getKey(), left).isPresent()) {
                    arrived.add("> " + message.getValue().text() + "  arrived at "
                            + plan.sink().get().describe());
                }
            }
            if (!arrived.isEmpty()) {
                findings.fail(
                        RELAYED, subject, arrived.size() + " of " + sent.size() + " messages were relayed", arrived);
            } else if (sent.isEmpty()) {
                findings.add(
                        RELAYED,
                        subject,
                        Verdict.PASS,
                        "taken at RCPT, and refused after DATA or at a second try",
                        refusals);
            } else {
                findings.notTestable(
                        RELAYED,
                        subject,
                        sent.size() + " messages were taken, and none arrived at the sink within "
                                + plan.sinkWait().toSeconds() + " s: perhaps later, perhaps never");
            }
        }
    }
}
