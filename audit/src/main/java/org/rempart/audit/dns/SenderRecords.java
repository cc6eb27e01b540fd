/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns.Answer;
import org.rempart.audit.dns.Dns.Status;
import org.xbill.DNS.Type;

/** Who may send in a domain's name, and what becomes of others: SPF, DKIM and DMARC. */
final class SenderRecords {
    private static final String SPF = "dns.spf";
    private static final String DKIM = "dns.dkim";
    private static final String DMARC = "dns.dmarc";

    static final Set<String> CHECKS = Set.of(SPF, DKIM, DMARC);

    private final Dns dns;

    SenderRecords(Dns dns) {
        this.dns = dns;
    }

    void look(Plan plan, String domain, Findings findings) {
        spf(domain, findings);
        dkim(plan, domain, findings);
        dmarc(domain, findings);
    }

    private void spf(String domain, Findings findings) {
        Spf spf = Spf.of(dns, domain);
        if (spf.failed()) {
            findings.notTestable(SPF, domain, "the DNS gives no answer");
        } else if (!spf.there()) {
            findings.fail(SPF, domain, "there is no SPF record: everyone may send for the domain", List.of());
        } else if (!spf.faults().isEmpty()) {
            findings.fail(SPF, domain, spf.faults().get(0), join(spf.faults(), spf.records()));
        } else if (!spf.remarks().isEmpty()) {
            findings.warn(SPF, domain, spf.remarks().get(0), join(spf.remarks(), spf.records()));
        } else {
            findings.add(SPF, domain, Verdict.PASS, "SPF is sound, with " + spf.lookups() + " look-ups", spf.records());
        }
    }

    private static List<String> join(List<String> one, List<String> other) {
        List<String> all = new ArrayList<>(one);
        all.addAll(other);
        return all;
    }

    private void dkim(Plan plan, String domain, Findings findings) {
        for (String selector : plan.selectors()) {
            String name = selector.contains("._domainkey.") ? selector : selector + "._domainkey." + domain;
            Answer answer = dns.look(name, Type.TXT);
            List<String> texts = Spf.texts(answer);
            if (answer.status() == Status.FAILED) {
                findings.notTestable(DKIM, name, answer.reason());
            } else if (texts.isEmpty()) {
                findings.fail(DKIM, name, "there is no key", List.of());
            } else {
                key(name, texts, findings);
            }
        }
    }

    private static void key(String name, List<String> texts, Findings findings) {
        Map<String, String> tags = tags(texts.get(0));
        String key = tags.getOrDefault("p", "").replaceAll("\\s", "");
        String kind = tags.getOrDefault("k", "rsa");
        if (texts.size() > 1) {
            findings.fail(DKIM, name, "there are " + texts.size() + " records; which one counts is undefined", texts);
        } else if (!tags.getOrDefault("v", "DKIM1").equals("DKIM1")) {
            findings.fail(DKIM, name, "v is " + tags.get("v") + ", and has to be DKIM1", texts);
        } else if (key.isEmpty()) {
            findings.warn(DKIM, name, "the key is revoked (p is empty)", texts);
        } else if (kind.equals("ed25519")) {
            findings.add(DKIM, name, Verdict.PASS, "an Ed25519 key", texts);
        } else {
            try {
                RSAPublicKey rsa = (RSAPublicKey) KeyFactory.getInstance("RSA")
                        .generatePublic(
                                new X509EncodedKeySpec(Base64.getDecoder().decode(key)));
                int bits = rsa.getModulus().bitLength();
                boolean testing = (":" + tags.getOrDefault("t", "") + ":").contains(":y:");
                boolean sha1 = tags.getOrDefault("h", "sha256").equals("sha1");
                if (bits < 1024 || sha1) {
                    findings.fail(
                            DKIM, name, sha1 ? "the key is for SHA-1 only" : "an RSA key of " + bits + " bits", texts);
                } else if (bits < 2048) {
                    findings.warn(DKIM, name, "an RSA key of " + bits + " bits; 2048 are asked for (RFC 8301)", texts);
                } else if (testing) {
                    findings.warn(DKIM, name, "t=y: receivers ignore the signature", texts);
                } else {
                    findings.add(DKIM, name, Verdict.PASS, "an RSA key of " + bits + " bits", texts);
                }
            } catch (GeneralSecurityException | IllegalArgumentException | ClassCastException e) {
                findings.fail(DKIM, name, "the key can't be read", texts);
            }
        }
    }

    /** Tags of the kind {@code name=value;} (RFC 6376, section 3.2). */
    static Map<String, String> tags(String text) {
        Map<String, String> tags = new LinkedHashMap<>();
        for (String tag : text.split(";", -1)) {
            int equals = tag.indexOf('=');
            if (equals > 0) {
                tags.putIfAbsent(
                        tag.substring(0, equals).strip().toLowerCase(Locale.ROOT),
                        tag.substring(equals + 1).strip());
            }
        }
        return tags;
    }

    private void dmarc(String domain, Findings findings) {
        String at = domain;
        List<String> texts = dmarcTexts(at);
        boolean inherited = false;
        if (dns.look("_dmarc." + at, Type.TXT).status() == Status.FAILED) {
            findings.notTestable(DMARC, domain, "the DNS gives no answer");
            return;
        }
        // The organisational domain without a list of public suffixes: up to two labels.
        while (texts.isEmpty() && at.split("\\.", -1).length > 2) {
            at = at.substring(at.indexOf('.') + 1);
            texts = dmarcTexts(at);
            inherited = true;
        }
        if (texts.isEmpty()) {
            findings.fail(DMARC, domain, "there is no DMARC record", List.of());
            return;
        }
        Map<String, String> tags = tags(texts.get(0));
        String policy = inherited && tags.containsKey("sp") ? tags.get("sp") : tags.getOrDefault("p", "");
        policy = policy.toLowerCase(Locale.ROOT);
        String percent = tags.getOrDefault("pct", "100");
        if (texts.size() > 1) {
            findings.fail(DMARC, domain, "there are " + texts.size() + " DMARC records: none counts", texts);
        } else if (!Set.of("none", "quarantine", "reject").contains(policy)) {
            findings.fail(DMARC, domain, "the policy is '" + policy + "', which is none", texts);
        } else if (policy.equals("none")) {
            findings.warn(DMARC, domain, "p=none: forged mail is delivered, and only reported", texts);
        } else if (!percent.equals("100")) {
            findings.warn(DMARC, domain, "pct=" + percent + ": the policy holds for a part of the mail only", texts);
        } else if (!inherited && tags.getOrDefault("sp", "").equalsIgnoreCase("none")) {
            findings.warn(DMARC, domain, "sp=none: forged mail of subdomains is delivered", texts);
        } else {
            findings.add(
                    DMARC,
                    domain,
                    Verdict.PASS,
                    "p=" + policy + (tags.containsKey("rua") ? "" : "; without rua= nobody is told of failures"),
                    texts);
        }
    }

    private List<String> dmarcTexts(String domain) {
        return Spf.texts(dns.look("_dmarc." + domain, Type.TXT)).stream()
                .filter(text -> text.matches("(?is)v\\s*=\\s*DMARC1\\s*(;.*)?"))
                .toList();
    }
}
