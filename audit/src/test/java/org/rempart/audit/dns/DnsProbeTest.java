/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

class DnsProbeTest {
    private final Map<String, List<Record>> zone = new HashMap<>();
    private boolean secure = true;
    private String policy = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

    private DnsProbeTest put(String name, String type, String data) {
        try {
            int number = Type.value(type);
            Name owner = Name.fromString(name + ".");
            zone.computeIfAbsent(name + "/" + number, key -> new ArrayList<>())
                    .add(Record.fromString(owner, number, DClass.IN, 60, data, Name.root));
            return this;
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private void good() {
        put("example.com", "MX", "10 mail.example.com.")
                .put("mail.example.com", "A", "192.0.2.1")
                .put("mail.example.com", "AAAA", "2001:db8::1")
                .put("example.com", "TXT", "\"v=spf1 mx -all\"")
                .put("_dmarc.example.com", "TXT", "\"v=DMARC1; p=reject; rua=mailto:d@example.com\"")
                .put("_mta-sts.example.com", "TXT", "\"v=STSv1; id=2026\"")
                .put("_smtp._tls.example.com", "TXT", "\"v=TLSRPTv1; rua=mailto:t@example.com\"")
                .put("example.com", "CAA", "0 issue \"ca.example\"");
    }

    private Map<String, Finding> findings() throws IOException {
        Map<String, Finding> byId = new HashMap<>();
        Findings findings = new Findings(
                Catalogue.packaged(), finding -> byId.put(finding.check().id(), finding));
        Plan plan = new Plan(
                "mail.example.com",
                List.of(),
                Optional.of("example.com"),
                "example.net",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ZERO,
                Optional.empty(),
                List.of(),
                List.of("sel"),
                true,
                false,
                false);
        Dns dns = (name, type) -> {
            List<Record> records = zone.getOrDefault(name.toLowerCase(java.util.Locale.ROOT) + "/" + type, List.of());
            return new Dns.Answer(records.isEmpty() ? Dns.Status.NONE : Dns.Status.FOUND, records, secure, "");
        };
        new DnsProbe(dns, domain -> policy)
                .run(
                        plan,
                        new Budget(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(1),
                                10,
                                2,
                                Optional.empty(),
                                System::nanoTime),
                        findings);
        return byId;
    }

    @Test
    void aGoodZonePasses() throws IOException {
        good();
        Map<String, Finding> findings = findings();
        for (String id : List.of(
                "dns.mx",
                "dns.null-mx",
                "dns.spf",
                "dns.dmarc",
                "dns.mta-sts",
                "dns.tlsrpt",
                "dns.dnssec",
                "dns.caa",
                "dns.ipv6")) {
            assertThat(findings.get(id).verdict()).as("%s", findings.get(id)).isEqualTo(Verdict.PASS);
        }
        assertThat(findings.get("dns.dkim").verdict()).isEqualTo(Verdict.FAIL);
        assertThat(findings.get("dns.dane").verdict()).isEqualTo(Verdict.WARN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v=spf1 mx +all|FAIL",
                "v=spf1 mx all|FAIL",
                "v=spf1 mx ?all|WARN",
                "v=spf1 mx|WARN",
                "v=spf1 mx ~all|PASS",
                "v=spf1 ip4:0.0.0.0/0 -all|FAIL",
                "v=spf1 ipv4:192.0.2.1 -all|FAIL",
                "v=spf1 include:missing.example -all|FAIL",
                "v=spf1 ptr -all|WARN",
                "v=spf1 include:example.com -all|FAIL",
                "v=spf1 a a a a a a a a a a mx -all|FAIL",
                "v=spf10 mx -all|FAIL"
            })
    void faultsOfSpfAreFound(String record, Verdict expected) throws IOException {
        good();
        zone.remove("example.com/" + Type.TXT);
        put("example.com", "TXT", "\"" + record + "\"");
        assertThat(findings().get("dns.spf").verdict()).isEqualTo(expected);
    }

    @Test
    void twoSpfRecordsAreNone() throws IOException {
        good();
        put("example.com", "TXT", "\"v=spf1 -all\"");
        assertThat(findings().get("dns.spf").verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void anIncludedRecordThatLetsAllSendIsFound() throws IOException {
        good();
        zone.remove("example.com/" + Type.TXT);
        put("example.com", "TXT", "\"v=spf1 include:_spf.example.org -all\"");
        put("_spf.example.org", "TXT", "\"v=spf1 +all\"");
        assertThat(findings().get("dns.spf").verdict()).isEqualTo(Verdict.FAIL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v=DMARC1; p=none|WARN",
                "v=DMARC1; p=reject; pct=10|WARN",
                "v=DMARC1; p=reject; sp=none|WARN",
                "v=DMARC1; p=rejct|FAIL",
                "v=DMARC1; p=quarantine|PASS",
                "p=reject|FAIL"
            })
    void faultsOfDmarcAreFound(String record, Verdict expected) throws IOException {
        good();
        zone.remove("_dmarc.example.com/" + Type.TXT);
        put("_dmarc.example.com", "TXT", "\"" + record + "\"");
        assertThat(findings().get("dns.dmarc").verdict()).isEqualTo(expected);
    }

    @Test
    void faultsOfMtaStsAreFound() throws IOException {
        good();
        policy = policy.replace("mx: mail.example.com", "mx: *.example.net");
        assertThat(findings().get("dns.mta-sts").verdict()).isEqualTo(Verdict.FAIL);
        policy = "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 604800\n";
        assertThat(findings().get("dns.mta-sts").verdict()).isEqualTo(Verdict.WARN);
        policy = "<html>not found</html>";
        assertThat(findings().get("dns.mta-sts").verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void mxThatLeadNowhereAreFound() throws IOException {
        good();
        put("example.com", "MX", "20 gone.example.com.");
        assertThat(findings().get("dns.mx").verdict()).isEqualTo(Verdict.FAIL);
        zone.remove("example.com/" + Type.MX);
        put("example.com", "MX", "0 .").put("example.com", "MX", "10 mail.example.com.");
        assertThat(findings().get("dns.null-mx").verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void daneWithoutDnssecCountsForNothing() throws IOException {
        good();
        put("_25._tcp.mail.example.com", "TLSA", "3 1 1 " + "ab".repeat(32));
        secure = false;
        Map<String, Finding> findings = findings();
        assertThat(findings.get("dns.dane").verdict()).isEqualTo(Verdict.WARN);
        assertThat(findings.get("dns.dnssec").verdict()).isEqualTo(Verdict.WARN);
    }
}
