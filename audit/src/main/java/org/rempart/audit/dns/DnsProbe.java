/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.IOException;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns.Answer;
import org.rempart.audit.dns.Dns.Status;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Wire;
import org.rempart.audit.tls.Jsse;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.Type;

/** What the DNS says of a domain's mail. */
public final class DnsProbe implements Probe {
    private static final String MX = "dns.mx";
    private static final String NULL_MX = "dns.null-mx";
    private static final String SPF = "dns.spf";
    private static final String DKIM = "dns.dkim";
    private static final String DMARC = "dns.dmarc";
    private static final String MTA_STS = "dns.mta-sts";
    private static final String TLSRPT = "dns.tlsrpt";
    private static final String DNSSEC = "dns.dnssec";
    private static final String DANE = "dns.dane";
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
        return Set.of(MX, NULL_MX, SPF, DKIM, DMARC, MTA_STS, TLSRPT, DNSSEC, DANE, CAA, PTR, IPV6);
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
        spf(domain, findings);
        dkim(plan, domain, findings);
        dmarc(domain, findings);
        mtaSts(domain, hosts, findings);
        tlsReports(domain, findings);
        dnssec(domain, answer, hosts, findings);
        dane(plan, budget, domain, answer.secure(), hosts, findings);
        caa(domain, hosts, findings);
        ipv6(domain, hosts, findings);
    }

    private static String bare(String name) {
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
        if (texts.size() > 1 || !tags(texts.get(0)).getOrDefault("id", "").matches("[A-Za-z0-9]{1,32}")) {
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
                    && tags(texts.get(0)).getOrDefault("rua", "").matches("(?i)(mailto:|https:).+");
            findings.decide(
                    TLSRPT,
                    domain,
                    right,
                    right ? "failures are reported" : "the record has no address, or there are two",
                    texts);
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

    private void dane(Plan plan, Budget budget, String domain, boolean secure, List<String> hosts, Findings findings)
            throws IOException {
        for (String host : hosts) {
            Answer answer = dns.look("_25._tcp." + host, Type.TLSA);
            List<TLSARecord> records = answer.records().stream()
                    .filter(TLSARecord.class::isInstance)
                    .map(TLSARecord.class::cast)
                    .toList();
            List<String> said = records.stream().map(Record::rdataToString).toList();
            if (answer.status() == Status.FAILED) {
                findings.fail(
                        DANE,
                        host,
                        "the look-up fails, and senders that check DANE keep their mail: " + answer.reason(),
                        List.of());
            } else if (records.isEmpty()) {
                findings.warn(DANE, host, "there is no TLSA record", List.of());
            } else if (!answer.secure() || !secure) {
                findings.warn(
                        DANE,
                        host,
                        "there are TLSA records, and DNSSEC does not prove them: they count for nothing",
                        said);
            } else {
                Optional<Listener> mx = plan.listeners().stream()
                        .filter(listener -> listener.service() == Service.SMTP
                                && bare(plan.host()).equals(host))
                        .findFirst();
                if (mx.isEmpty()) {
                    findings.notTestable(
                            DANE, host, "another host than the audited one: its certificate is not looked at");
                } else {
                    fit(host, records, said, mx.get(), budget, findings);
                }
            }
        }
        if (hosts.isEmpty()) {
            findings.notTestable(DANE, domain, "there is no MX");
        }
    }

    private static void fit(
            String host,
            List<TLSARecord> records,
            List<String> said,
            Listener listener,
            Budget budget,
            Findings findings)
            throws IOException {
        List<X509Certificate> chain = new ArrayList<>();
        try (Wire wire = Dialogue.secure(listener, budget, Jsse.everything())) {
            for (java.security.cert.Certificate certificate :
                    wire.tls().orElseThrow().getSession().getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
        }
        List<TLSARecord> usable = records.stream()
                .filter(record -> record.getCertificateUsage() == 2 || record.getCertificateUsage() == 3)
                .toList();
        boolean fits = usable.stream().anyMatch(record -> fits(record, chain));
        long others = usable.stream().filter(record -> !fits(record, chain)).count();
        if (usable.isEmpty()) {
            findings.fail(
                    DANE, host, "no record has usage 2 or 3, and others count for nothing in mail (RFC 7672)", said);
        } else if (!fits) {
            findings.fail(DANE, host, "no record fits the certificate: senders that check DANE keep their mail", said);
        } else {
            findings.add(
                    DANE,
                    host,
                    Verdict.PASS,
                    others > 0
                            ? "a record fits, and another one stands ready for the next key"
                            : "a record fits; publish the next key's record before you change it",
                    said);
        }
    }

    static boolean fits(TLSARecord record, List<X509Certificate> chain) {
        List<X509Certificate> candidates = record.getCertificateUsage() == 3
                ? chain.subList(0, Math.min(1, chain.size()))
                : chain.subList(Math.min(1, chain.size()), chain.size());
        for (X509Certificate certificate : candidates) {
            try {
                byte[] data =
                        record.getSelector() == 1 ? certificate.getPublicKey().getEncoded() : certificate.getEncoded();
                byte[] wanted =
                        switch (record.getMatchingType()) {
                            case 0 -> data;
                            case 1 -> MessageDigest.getInstance("SHA-256").digest(data);
                            case 2 -> MessageDigest.getInstance("SHA-512").digest(data);
                            default -> new byte[0];
                        };
                if (MessageDigest.isEqual(wanted, record.getCertificateAssociationData())) {
                    return true;
                }
            } catch (CertificateEncodingException | java.security.NoSuchAlgorithmException e) {
                return false;
            }
        }
        return false;
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
