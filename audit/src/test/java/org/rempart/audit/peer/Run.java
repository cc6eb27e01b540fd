/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.rempart.audit.Account;
import org.rempart.audit.Audit;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import org.rempart.audit.probe.Probes;
import org.rempart.audit.sink.Sink;

/** An audit as a test makes it. */
public final class Run {
    private final List<Listener> listeners;
    private Optional<Account> account = Optional.empty();
    private Optional<String> other = Optional.empty();
    private Optional<Sink> sink = Optional.empty();
    private List<java.security.cert.X509Certificate> anchors = List.of();
    private Duration time = Duration.ofSeconds(60);
    private int atOnce = 80;
    private Duration patience = Duration.ofSeconds(3);
    private Optional<InetAddress> from = Optional.empty();
    private boolean limits;
    private boolean tls = true;
    private String domain = "example.com";
    private Budget budget;

    private Run(List<Listener> listeners) {
        this.listeners = listeners;
    }

    /** Of listeners on loopback: a service and its port, and so on. */
    public static Run of(Map<Service, Integer> ports) throws IOException {
        List<Listener> listeners = new java.util.ArrayList<>();
        for (Map.Entry<Service, Integer> port : new TreeMap<>(ports).entrySet()) {
            listeners.add(new Listener(port.getKey(), "localhost", InetAddress.getLoopbackAddress(), port.getValue()));
        }
        return new Run(listeners);
    }

    public Run as(String user, String password) {
        account = Optional.of(new Account(user, password));
        return this;
    }

    /** Comes from an address of loopback that the server need not trust, and takes what the command takes of a server. */
    public Run from(String address) throws IOException {
        from = Optional.of(InetAddress.getByName(address));
        atOnce = 8;
        time = Duration.ofMinutes(3);
        patience = Duration.ofSeconds(6);
        return this;
    }

    /** Names an address of ours that is somebody else's than the account's. */
    public Run other(String address) {
        other = Optional.of(address);
        return this;
    }

    public Run sink(Sink place) {
        sink = Optional.of(place);
        return this;
    }

    public Run trusting(java.security.cert.X509Certificate root) {
        anchors = List.of(root);
        return this;
    }

    public Run within(Duration whole, Duration reply) {
        time = whole;
        patience = reply;
        return this;
    }

    public Run limits() {
        limits = true;
        return this;
    }

    /** Leaves TLS itself out: what takes most of the connections, and is no matter of the protocol's. */
    public Run withoutTls() {
        tls = false;
        return this;
    }

    public Run domain(String ours) {
        domain = ours;
        return this;
    }

    public Budget budget() {
        return budget;
    }

    /** Runs all probes. */
    public List<Finding> findings() {
        Plan plan = new Plan(
                "localhost",
                listeners,
                Optional.of(domain),
                "partner.example",
                account,
                account.map(Account::name),
                other,
                sink,
                Duration.ofSeconds(3),
                Optional.empty(),
                anchors,
                List.of(),
                false,
                limits,
                false);
        budget = budget(time);
        List<Probe> probes = Probes.live(
                        (name, type) -> new Dns.Answer(Dns.Status.FAILED, List.of(), false, "no DNS here"),
                        name -> {
                            throw new IOException("no policy here");
                        },
                        Clock.systemUTC(),
                        tight -> budget(time))
                .stream()
                .filter(probe -> tls || probe.checks().stream().noneMatch(check -> check.startsWith("tls.")))
                .toList();
        return new Audit(Catalogue.packaged(), probes).run(plan, budget, finding -> {}, name -> {});
    }

    private Budget budget(Duration whole) {
        return new Budget(whole, patience, 4000, atOnce, from, System::nanoTime);
    }

    /** The worst verdict of each check that failed, warned, or could not be tested. */
    public static Map<String, Verdict> problems(List<Finding> findings) {
        Map<String, Verdict> problems = new TreeMap<>();
        for (Finding finding : findings) {
            Verdict verdict = finding.verdict();
            if (verdict == Verdict.FAIL || verdict == Verdict.WARN || verdict == Verdict.NOT_TESTABLE) {
                problems.merge(finding.check().id(), verdict, (one, other) -> rank(one) >= rank(other) ? one : other);
            }
        }
        return problems;
    }

    private static int rank(Verdict verdict) {
        return switch (verdict) {
            case FAIL -> 2;
            case NOT_TESTABLE -> 1;
            default -> 0;
        };
    }
}
