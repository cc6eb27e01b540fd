/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.message.proof.SenderProof;
import org.rempart.policy.PolicyException;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * What the DNS tells others of this host and of its domains: addresses and their names, SPF of the name in HELO, MX, SPF (RFC 7208), keys of DKIM
 * (RFC 6376), DMARC (RFC 7489), MTA-STS (RFC 8461). The domains are known only of a running server.
 */
final class DnsCheck implements Check {
    private static final int MOST_DOMAINS = 50;
    private static final String SPF = "v=spf1";

    /** Where a home's servers of the DNS are asked. */
    interface Lookups {
        Lookup of(Home home) throws FaultException;
    }

    private final Lookups lookups;

    DnsCheck() {
        this(SystemLookup::of);
    }

    DnsCheck(Lookups lookups) {
        this.lookups = lookups;
    }

    @Override
    public String name() {
        return "dns";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, InterruptedException {
        MailSettings settings = MailSettings.of(patient.home());
        Set<String> hosts = settings.publicNames();
        Set<String> helos = settings.heloNames().isEmpty() ? hosts : settings.heloNames();
        Lookup lookup = lookups.of(patient.home());
        List<Finding> findings = new ArrayList<>();
        try {
            Policy policy = policy(patient.home());
            Set<String> names = new TreeSet<>(hosts);
            names.addAll(helos);
            policy.headers().publicName().ifPresent(name -> names.add(name.toLowerCase(Locale.ROOT)));
            for (String name : names) {
                host(lookup, name, findings);
            }
            agree(hosts, helos, policy, findings);
            for (String helo : helos) {
                helo(lookup, helo, findings);
            }
            DkimPolicy signing = policy.dkim();
            findings.addAll(SigningKeys.compare(patient.home(), signing, lookup));
            for (String domain : domains(patient, findings)) {
                domain(lookup, domain, hosts, findings);
                sends(lookup, domain, helos, findings);
                if (signing.of(domain).isEmpty()) {
                    findings.add(Finding.warning(
                            "mail of " + domain + " leaves without a signature (DKIM), and many take it for spam",
                            "bin/rempart dkim new " + domain));
                }
            }
        } catch (IOException unasked) {
            // One time-out is enough: a machine without a resolver would wait for every name.
            findings.add(Finding.warning(
                    "the DNS could not be asked (" + reason(unasked) + ")",
                    "see conf/dnsservice.xml and /etc/resolv.conf, and whether a resolver can be reached from here"));
        }
        if (findings.isEmpty()) {
            findings.add(Finding.warning("no name to look for", "write <helloName> in conf/smtpserver.xml"));
        }
        return findings;
    }

    private static Policy policy(Home home) throws IOException {
        try {
            return PolicyFile.read(home.conf("rempart.xml"));
        } catch (PolicyException fault) {
            // Told by the check of the configuration.
            return Policy.defaults();
        }
    }

    /** One machine, one name: where it has several, a receiver finds one that is not that of the address. */
    private static void agree(Set<String> greetings, Set<String> helos, Policy policy, List<Finding> findings) {
        Set<String> others = new TreeSet<>(helos);
        policy.headers().publicName().ifPresent(name -> others.add(name.toLowerCase(Locale.ROOT)));
        others.removeAll(greetings);
        if (!others.isEmpty() && !greetings.isEmpty()) {
            findings.add(Finding.warning(
                    "this host greets as " + String.join(", ", greetings) + ", and calls itself "
                            + String.join(", ", others) + " in HELO or Received",
                    "write one name in <helloName>, <heloName> and <received name=…>, that of the PTR record"));
        }
    }

    /** Of mail without a sender, such as reports, SPF is asked by the name in HELO (RFC 7208, section 2.3). */
    private static void helo(Lookup lookup, String helo, List<Finding> findings) throws IOException {
        String right = "make a TXT record at " + helo + ": \"v=spf1 a -all\"";
        for (InetAddress address : addresses(lookup, helo)) {
            String result = new SenderProof(new LookupDns(lookup)).spf(address, helo);
            String said = "SPF of " + helo + ", the name in HELO, says " + result + " for " + address.getHostAddress();
            if (result.equals("pass")) {
                findings.add(Finding.ok(said));
            } else if (result.equals("none")) {
                findings.add(Finding.warning(
                        helo + ", the name in HELO, has no SPF: reports of ours are not proven", right));
                return;
            } else {
                findings.add(Finding.fault(said, right));
            }
        }
    }

    /** Whether the record of a domain names the addresses that its mail leaves from. */
    private static void sends(Lookup lookup, String domain, Set<String> helos, List<Finding> findings)
            throws IOException {
        if (count(lookup, domain, SPF) != 1) {
            return;
        }
        for (String helo : helos) {
            for (InetAddress address : addresses(lookup, helo)) {
                String result = new SenderProof(new LookupDns(lookup)).spf(address, domain);
                if (!result.equals("pass")) {
                    findings.add(Finding.fault(
                            "SPF of " + domain + " says " + result + " for " + address.getHostAddress()
                                    + ", the address of " + helo,
                            "let the record name it (mx, a:" + helo
                                    + " or ip4:/ip6:), unless another host sends mail of " + domain + " out"));
                }
            }
        }
    }

    private static String reason(IOException failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    static Set<String> domains(Patient patient, List<Finding> findings) throws InterruptedException {
        Set<String> domains = new TreeSet<>();
        if (patient.process().isEmpty()) {
            findings.add(Finding.warning(
                    "the domains are not looked at, since the server does not run", "bin/rempart start"));
            return domains;
        }
        try {
            for (JsonNode domain : patient.administration().get("/domains")) {
                domains.add(domain.asText().toLowerCase(Locale.ROOT));
            }
        } catch (IOException unanswered) {
            findings.add(Finding.warning("the domains are not looked at: " + unanswered.getMessage(), ""));
            return domains;
        }
        domains.remove("localhost");
        if (domains.isEmpty()) {
            findings.add(
                    Finding.warning("there is no domain to receive mail for", "bin/rempart domains add example.com"));
        }
        if (domains.size() > MOST_DOMAINS) {
            findings.add(Finding.warning("only the first " + MOST_DOMAINS + " of the domains are looked at", ""));
            return new TreeSet<>(List.copyOf(domains).subList(0, MOST_DOMAINS));
        }
        return domains;
    }

    /** Others refuse mail from an address without a name, or with a name that does not lead back. */
    private static void host(Lookup lookup, String host, List<Finding> findings) throws IOException {
        Set<InetAddress> addresses = addresses(lookup, host);
        if (addresses.isEmpty()) {
            findings.add(Finding.fault(
                    host + " has no address", "make an A record for it, and an AAAA record where there is IPv6"));
            return;
        }
        for (InetAddress address : addresses) {
            String text = address.getHostAddress();
            Set<String> names = new TreeSet<>();
            for (Record record : lookup.ask(ReverseMap.fromAddress(address).toString(), Type.PTR)) {
                names.add(plain(((PTRRecord) record).getTarget()));
            }
            if (names.contains(host)) {
                findings.add(Finding.ok(host + " is " + text + ", and " + text + " is " + host));
            } else {
                findings.add(Finding.warning(
                        host + " is " + text + ", but " + text + " is "
                                + (names.isEmpty() ? "nobody" : String.join(", ", names)),
                        "let the one who gave you the address make its PTR record " + host
                                + "; many refuse your mail otherwise"));
            }
        }
    }

    static Set<InetAddress> addresses(Lookup lookup, String host) throws IOException {
        Set<InetAddress> addresses = new HashSet<>();
        for (Record record : lookup.ask(host, Type.A)) {
            addresses.add(((ARecord) record).getAddress());
        }
        for (Record record : lookup.ask(host, Type.AAAA)) {
            addresses.add(((AAAARecord) record).getAddress());
        }
        return addresses;
    }

    private static void domain(Lookup lookup, String domain, Set<String> hosts, List<Finding> findings)
            throws IOException {
        findings.add(mx(lookup, domain, hosts));
        findings.add(text(
                lookup,
                domain,
                domain,
                SPF,
                "SPF",
                "make a TXT record at " + domain + " that says who sends for it: \"v=spf1 mx -all\""));
        findings.add(text(
                lookup,
                domain,
                "_dmarc." + domain,
                "v=DMARC1",
                "DMARC",
                "make a TXT record at _dmarc." + domain + ": \"v=DMARC1; p=none; rua=mailto:postmaster@" + domain
                        + "\", then p=reject"));
        findings.add(text(
                lookup,
                domain,
                "_mta-sts." + domain,
                "v=STSv1",
                "MTA-STS",
                "publish a policy at https://mta-sts." + domain
                        + "/.well-known/mta-sts.txt and a TXT record at _mta-sts." + domain
                        + ", so that others insist on TLS to you"));
    }

    private static Finding mx(Lookup lookup, String domain, Set<String> hosts) throws IOException {
        Set<String> exchanges = new TreeSet<>();
        for (Record record : lookup.ask(domain, Type.MX)) {
            exchanges.add(plain(((MXRecord) record).getTarget()));
        }
        String advice = "make the record: " + domain + ". MX 10 " + String.join(" or ", hosts) + ".";
        if (exchanges.isEmpty()) {
            return addresses(lookup, domain).isEmpty()
                    ? Finding.fault(domain + " has neither MX nor address: no mail for it can arrive", advice)
                    : Finding.warning(domain + " has no MX; others take its address", advice);
        }
        if (exchanges.contains(".")) {
            return Finding.fault(domain + " has the null MX: it takes no mail (RFC 7505)", advice);
        }
        for (String exchange : exchanges) {
            if (hosts.contains(exchange)) {
                return Finding.ok("mail for " + domain + " comes to " + exchange);
            }
        }
        return Finding.warning(
                "mail for " + domain + " goes to " + String.join(", ", exchanges) + ", not to this host",
                "right where another server hands it on to this one; else " + advice);
    }

    private static Finding text(Lookup lookup, String domain, String name, String begin, String what, String advice)
            throws IOException {
        int found = count(lookup, name, begin);
        if (found > 1) {
            return Finding.fault(
                    domain + " has " + found + " records of " + what + ": others take none of them",
                    "leave one of them");
        }
        return found == 1 ? Finding.ok(domain + " has " + what) : Finding.warning(domain + " has no " + what, advice);
    }

    private static int count(Lookup lookup, String name, String begin) throws IOException {
        int found = 0;
        for (Record record : lookup.ask(name, Type.TXT)) {
            String joined = String.join("", ((TXTRecord) record).getStrings());
            if (joined.regionMatches(true, 0, begin, 0, begin.length())) {
                found++;
            }
        }
        return found;
    }

    private static String plain(Name name) {
        return name.toString(true).toLowerCase(Locale.ROOT);
    }
}
