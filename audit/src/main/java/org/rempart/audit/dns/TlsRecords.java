/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.rempart.audit.Findings;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns.Answer;
import org.rempart.audit.dns.Dns.Status;
import org.xbill.DNS.Type;

/** What makes others send to a domain under TLS, and tell of failures: MTA-STS (RFC 8461) and TLSRPT (RFC 8460). */
final class TlsRecords {
    private static final String MTA_STS = "dns.mta-sts";
    private static final String TLSRPT = "dns.tlsrpt";

    static final Set<String> CHECKS = Set.of(MTA_STS, TLSRPT);

    private final Dns dns;
    private final PolicyFetch policies;

    TlsRecords(Dns dns, PolicyFetch policies) {
        this.dns = dns;
        this.policies = policies;
    }

    /** Looks at both; {@code hosts} are the domain's MX. */
    void look(String domain, List<String> hosts, Findings findings) {
        mtaSts(domain, hosts, findings);
        tlsReports(domain, findings);
    }

    private void mtaSts(String domain, List<String> hosts, Findings findings) {
        Answer answer = dns.look("_mta-sts." + domain, Type.TXT);
        if (answer.status() == Status.FAILED) {
            findings.notTestable(MTA_STS, domain, answer.reason());
            return;
        }
        List<String> texts = Spf.texts(answer).stream()
                .filter(text -> text.matches("v=STSv1\\s*;.*"))
                .toList();
        if (texts.isEmpty()) {
            findings.warn(MTA_STS, domain, "there is no MTA-STS record", List.of());
            return;
        }
        if (texts.size() > 1
                || !SenderRecords.tags(texts.get(0)).getOrDefault("id", "").matches("[A-Za-z0-9]{1,32}")) {
            findings.fail(MTA_STS, domain, "the record is not one with an id: senders ignore it", texts);
            return;
        }
        String policy;
        try {
            policy = policies.fetch(domain);
        } catch (IOException e) {
            findings.fail(MTA_STS, domain, "there is a record, and the policy can't be had: " + e.getMessage(), texts);
            return;
        }
        Map<String, String> fields = new TreeMap<>();
        List<String> patterns = new ArrayList<>();
        for (String line : policy.split("\r?\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                String name = line.substring(0, colon).strip();
                String value = line.substring(colon + 1).strip();
                if (name.equals("mx")) {
                    patterns.add(value.toLowerCase(Locale.ROOT));
                } else {
                    fields.putIfAbsent(name, value);
                }
            }
        }
        List<String> lines = policy.lines().limit(20).toList();
        String mode = fields.getOrDefault("mode", "");
        List<String> outside = hosts.stream()
                .filter(host -> patterns.stream().noneMatch(pattern -> matches(pattern, host)))
                .toList();
        long age = fields.getOrDefault("max_age", "").matches("\\d{1,10}") ? Long.parseLong(fields.get("max_age")) : -1;
        if (!fields.getOrDefault("version", "").equals("STSv1")
                || !Set.of("enforce", "testing", "none").contains(mode)
                || age < 0
                || age > 31_557_600) {
            findings.fail(MTA_STS, domain, "the policy lacks version, mode or max_age, or has a wrong one", lines);
        } else if (!mode.equals("none") && !outside.isEmpty()) {
            findings.fail(
                    MTA_STS,
                    domain,
                    "the policy does not name " + String.join(", ", outside) + ": no mail gets there",
                    lines);
        } else if (!mode.equals("enforce")) {
            findings.warn(MTA_STS, domain, "mode " + mode + ": nothing is enforced", lines);
        } else if (age < 86_400) {
            findings.warn(
                    MTA_STS,
                    domain,
                    "max_age is less than a day: anyone who blocks the policy's host waits for its end",
                    lines);
        } else {
            findings.add(MTA_STS, domain, Verdict.PASS, "the policy is enforced and names all MX", lines);
        }
    }

    private static boolean matches(String pattern, String host) {
        if (pattern.startsWith("*.")) {
            int dot = host.indexOf('.');
            return dot > 0 && host.substring(dot).equals(pattern.substring(1));
        }
        return pattern.equals(host);
    }

    private void tlsReports(String domain, Findings findings) {
        Answer answer = dns.look("_smtp._tls." + domain, Type.TXT);
        List<String> texts = Spf.texts(answer).stream()
                .filter(text -> text.startsWith("v=TLSRPTv1"))
                .toList();
        if (answer.status() == Status.FAILED) {
            findings.notTestable(TLSRPT, domain, answer.reason());
        } else if (texts.isEmpty()) {
            findings.warn(TLSRPT, domain, "there is no TLSRPT record", List.of());
        } else {
            boolean right = texts.size() == 1
                    && SenderRecords.tags(texts.get(0)).getOrDefault("rua", "").matches("(?i)(mailto:|https:).+");
            findings.decide(
                    TLSRPT,
                    domain,
                    right,
                    right ? "failures are reported" : "the record has no address, or there are two",
                    texts);
        }
    }
}
