/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns.Answer;
import org.rempart.audit.dns.Dns.Status;
import org.rempart.audit.net.Budget;
import org.rempart.audit.tls.Jsse;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.Type;

/** What the DNS says of a domain's mail. */
public final class DnsProbe implements Probe {
    private static final String MX = "dns.mx";
    private static final String NULL_MX = "dns.null-mx";
    private static final String DNSSEC = "dns.dnssec";
    private static final String CAA = "dns.caa";
    private static final String PTR = "dns.ptr";
    private static final String IPV6 = "dns.ipv6";
    private static final int HOSTS = 10;

    private final Dns dns;
    private final PolicyFetch policies;

    public DnsProbe(Dns dns, PolicyFetch policies) {
        this.dns = dns;
        this.policies = policies;
    }

    @Override
    public String name() {
        return "DNS";
    }

    @Override
    public Set<String> checks() {
        Set<String> checks = new HashSet<>(Set.of(MX, NULL_MX, DNSSEC, DaneRecords.CHECK, CAA, PTR, IPV6));
        checks.addAll(SenderRecords.CHECKS);
        checks.addAll(TlsRecords.CHECKS);
        return checks;
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        if (!plan.dns()) {
            return;
        }
        reverse(plan, findings);
        if (plan.domain().isEmpty()) {
            return;
        }
        String domain = plan.domain().get();
        Answer answer = dns.look(domain, Type.MX);
        if (answer.status() == Status.FAILED) {
            throw new IOException(answer.reason());
        }
        List<MXRecord> exchangers = answer.records().stream()
                .filter(MXRecord.class::isInstance)
                .map(MXRecord.class::cast)
                .sorted(java.util.Comparator.comparingInt(MXRecord::getPriority))
                .toList();
        List<String> hosts = exchangers.stream()
                .map(record -> bare(record.getTarget().toString()))
                .filter(host -> !host.isEmpty())
                .distinct()
                .limit(HOSTS)
                .toList();
        mx(plan, domain, exchangers, hosts, findings);
        new SenderRecords(dns).look(plan, domain, findings);
        new TlsRecords(dns, policies).look(domain, hosts, findings);
        dnssec(domain, answer, hosts, findings);
        new DaneRecords(dns).look(plan, budget, domain, answer.secure(), hosts, findings);
        caa(domain, hosts, findings);
        ipv6(domain, hosts, findings);
    }

    /** A name without the dot at its end, in lower case. */
    static String bare(String name) {
        return (name.endsWith(".") ? name.substring(0, name.length() - 1) : name).toLowerCase(Locale.ROOT);
    }

    private void mx(Plan plan, String domain, List<MXRecord> exchangers, List<String> hosts, Findings findings) {
        boolean none = exchangers.stream()
                .anyMatch(record -> record.getTarget().toString().equals("."));
        List<String> said = exchangers.stream().map(Record::rdataToString).toList();
        if (none) {
            findings.decide(
                    NULL_MX,
                    domain,
                    exchangers.size() == 1,
                    exchangers.size() == 1 ? "the domain takes no mail, and says so" : "a null MX stands beside others",
                    said);
            findings.add(
                    MX,
                    domain,
                    Verdict.WARN,
                    "the domain says that it takes no mail (null MX), and a server is audited for it",
                    said);
            return;
        }
        findings.pass(NULL_MX, domain, "there is no null MX");
        if (exchangers.isEmpty()) {
            boolean address = dns.look(domain, Type.A).status() == Status.FOUND
                    || dns.look(domain, Type.AAAA).status() == Status.FOUND;
            findings.add(
                    MX,
                    domain,
                    address ? Verdict.WARN : Verdict.FAIL,
                    address
                            ? "there is no MX; mail goes to the domain's own address"
                            : "there is no MX and no address: no mail gets here",
                    List.of());
            return;
        }
        List<String> faults = new ArrayList<>();
        for (String host : hosts) {
            Answer address = dns.look(host, Type.A);
            boolean alias = address.records().stream().anyMatch(CNAMERecord.class::isInstance);
            if (host.matches("[0-9.]+")) {
                faults.add(host + " is an address, and has to be a name");
            } else if (alias) {
                faults.add(host + " is an alias (CNAME), which an MX must not lead to");
            } else if (address.status() != Status.FOUND
                    && dns.look(host, Type.AAAA).status() != Status.FOUND) {
                faults.add(host + " has no address");
            }
        }
        if (!faults.isEmpty()) {
            findings.fail(MX, domain, faults.size() + " of the MX lead nowhere good", faults);
        } else if (Jsse.isName(plan.host()) && !hosts.contains(bare(plan.host()))) {
            findings.warn(MX, domain, plan.host() + " is none of the domain's MX", said);
        } else {
            findings.add(MX, domain, Verdict.PASS, "all MX have addresses", said);
        }
    }

    private void dnssec(String domain, Answer mx, List<String> hosts, Findings findings) {
        List<String> insecure = new ArrayList<>();
        if (!mx.secure()) {
            insecure.add(domain + " (MX)");
        }
        for (String host : hosts) {
            Answer address = dns.look(host, Type.A);
            if (address.status() == Status.FAILED) {
                findings.fail(DNSSEC, domain, host + ": " + address.reason(), List.of());
                return;
            }
            if (!address.secure()) {
                insecure.add(host);
            }
        }
        findings.add(
                DNSSEC,
                domain,
                insecure.isEmpty() ? Verdict.PASS : Verdict.WARN,
                insecure.isEmpty()
                        ? "the MX and their addresses are signed"
                        : "not signed: " + String.join(", ", insecure),
                List.of());
    }

    private void caa(String domain, List<String> hosts, Findings findings) {
        Set<String> names = new LinkedHashSet<>(hosts);
        names.add(domain);
        List<String> without = new ArrayList<>();
        for (String name : names) {
            boolean found = false;
            for (String at = name; at.contains(".") && !found; at = at.substring(at.indexOf('.') + 1)) {
                found = dns.look(at, Type.CAA).status() == Status.FOUND;
            }
            if (!found) {
                without.add(name);
            }
        }
        findings.add(
                CAA,
                domain,
                without.isEmpty() ? Verdict.PASS : Verdict.WARN,
                without.isEmpty() ? "the issuers are named" : "no issuer is named for " + String.join(", ", without),
                List.of());
    }

    private void reverse(Plan plan, Findings findings) {
        Set<InetAddress> addresses = new LinkedHashSet<>();
        plan.listeners().forEach(listener -> addresses.add(listener.address()));
        for (InetAddress address : addresses) {
            String subject = address.getHostAddress();
            if (address.isLoopbackAddress() || address.isSiteLocalAddress()) {
                findings.notTestable(PTR, subject, "a private address has no name on the Internet");
                continue;
            }
            Answer answer = dns.look(bare(ReverseMap.fromAddress(address).toString()), Type.PTR);
            List<String> names = answer.records().stream()
                    .filter(PTRRecord.class::isInstance)
                    .map(record -> bare(((PTRRecord) record).getTarget().toString()))
                    .toList();
            if (answer.status() == Status.FAILED) {
                findings.notTestable(PTR, subject, answer.reason());
            } else if (names.isEmpty()) {
                findings.fail(PTR, subject, "the address has no name", List.of());
            } else {
                int type = address.getAddress().length == 4 ? Type.A : Type.AAAA;
                boolean back = names.stream()
                        .anyMatch(name -> dns.look(name, type).records().stream()
                                .anyMatch(record ->
                                        record.rdataToString().equals(subject) || sameAddress(record, address)));
                findings.decide(
                        PTR,
                        subject,
                        back,
                        back
                                ? "the address is " + names.get(0) + ", and back"
                                : names.get(0) + " does not lead back to the address",
                        names);
            }
        }
    }

    private static boolean sameAddress(Record record, InetAddress address) {
        if (record instanceof org.xbill.DNS.AAAARecord six) {
            return HexFormat.of()
                    .formatHex(six.getAddress().getAddress())
                    .equals(HexFormat.of().formatHex(address.getAddress()));
        }
        return false;
    }

    private void ipv6(String domain, List<String> hosts, Findings findings) {
        List<String> with = hosts.stream()
                .filter(host -> dns.look(host, Type.AAAA).status() == Status.FOUND)
                .toList();
        findings.add(
                IPV6,
                domain,
                with.isEmpty() ? Verdict.WARN : Verdict.PASS,
                with.isEmpty() ? "no MX has an IPv6 address" : "by IPv6: " + String.join(", ", with),
                List.of());
    }
}
