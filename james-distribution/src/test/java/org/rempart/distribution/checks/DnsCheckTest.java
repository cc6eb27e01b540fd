/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.home.TestHome;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.testsupport.DnsServer;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

class DnsCheckTest {
    private static final String[] GOOD = {
        "mail.example.com. A 192.0.2.25",
        "25.2.0.192.in-addr.arpa. PTR mail.example.com.",
        "mail.example.com. AAAA 2001:db8::25",
        "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mail.example.com.",
        "mail.example.com. TXT \"v=spf1 a -all\"",
        "example.com. MX 10 mail.example.com.",
        "example.com. TXT \"v=spf1 mx a:mail.example.com -all\"",
        "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"",
        "_mta-sts.example.com. TXT \"v=STSv1; id=20261125\""
    };

    @TempDir
    Path folder;

    private TestHome home;

    private String record;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
        DkimKey key = DkimKey.generate(DkimKeyKind.ED25519);
        Files.writeString(home.home().conf("s1.pem"), key.pem());
        record = "s1._domainkey.example.com. TXT \"" + key.record() + "\"";
        home.replace(
                "rempart.xml",
                "</policy>",
                "<dkim><sign domain=\"example.com\" selector=\"s1\" key=\"conf/s1.pem\"/></dkim></policy>");
    }

    private List<String> good() {
        List<String> records = new ArrayList<>(List.of(GOOD));
        records.add(record);
        return records;
    }

    /** A zone that holds these records, in the form of a master file. */
    private static Lookup zone(List<String> records) {
        return (name, type) -> {
            List<Record> found = new ArrayList<>();
            for (String line : records) {
                String[] parts = line.split(" ", 3);
                if (parts[0].equals(Name.fromString(name, Name.root).toString()) && Type.value(parts[1]) == type) {
                    found.add(Record.fromString(
                            Name.fromString(parts[0]), type, org.xbill.DNS.DClass.IN, 60, parts[2], Name.root));
                }
            }
            return found;
        };
    }

    private List<Finding> look(Lookup lookup, String domains) throws Exception {
        Patient patient = new Patient(
                home.home(),
                Clock.systemUTC(),
                Optional.of(ProcessHandle.current()),
                path -> new ObjectMapper().readTree(domains));
        return new DnsCheck(any -> lookup).look(patient);
    }

    private List<Finding> withChange(String without, String... instead) throws Exception {
        List<String> records = good();
        assertThat(records.removeIf(record -> record.startsWith(without))).isTrue();
        records.addAll(List.of(instead));
        return look(zone(records), "[\"example.com\",\"localhost\"]").stream()
                .filter(finding -> finding.level() != Level.OK)
                .toList();
    }

    @Test
    void aHostInOrderHasNoFinding() throws Exception {
        assertThat(look(zone(good()), "[\"example.com\"]"))
                .hasSize(9)
                .allSatisfy(finding ->
                        assertThat(finding.level()).as(finding.what()).isEqualTo(Level.OK));
    }

    @Test
    void anAddressWhoseNameDoesNotLeadBackIsAWarning() throws Exception {
        assertThat(withChange("25.2.0.192", "25.2.0.192.in-addr.arpa. PTR host25.provider.example."))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("192.0.2.25 is host25.provider.example"));
    }

    @Test
    void theNameInHeloHasAnSpfRecordThatHoldsForItsAddresses() throws Exception {
        assertThat(withChange("mail.example.com. TXT")).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.WARNING);
            assertThat(finding.what()).startsWith("mail.example.com, the name in HELO, has no SPF");
            assertThat(finding.advice()).contains("\"v=spf1 a -all\"");
        });
        assertThat(withChange("mail.example.com. TXT", "mail.example.com. TXT \"v=spf1 ip4:192.0.2.25 -all\""))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.FAULT);
                    assertThat(finding.what()).contains("says fail for 2001:db8:0:0:0:0:0:25");
                });
        assertThat(withChange("mail.example.com. TXT", "mail.example.com. TXT \"v=spf1 aa -all\""))
                .hasSize(2)
                .allMatch(finding -> finding.what().contains("permerror"));
    }

    @Test
    void theRecordOfADomainNamesTheAddressesThatItsMailLeavesFrom() throws Exception {
        assertThat(withChange("example.com. TXT", "example.com. TXT \"v=spf1 ip4:192.0.2.25 -all\""))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.FAULT);
                    assertThat(finding.what())
                            .isEqualTo("SPF of example.com says fail for 2001:db8:0:0:0:0:0:25, the address of"
                                    + " mail.example.com");
                });
    }

    @Test
    void anotherNameInHeloIsTold() throws Exception {
        home.replace(
                "mailetcontainer.xml", "<heloName>mail.example.com</heloName>", "<heloName>out.example.com</heloName>");
        List<Finding> findings = look(zone(good()), "[\"example.com\"]").stream()
                .filter(finding -> finding.level() != Level.OK)
                .toList();
        assertThat(findings)
                .extracting(Finding::what)
                .containsExactly(
                        "out.example.com has no address",
                        "this host greets as mail.example.com, and calls itself out.example.com in HELO or Received");
    }

    @Test
    void aDomainWithoutMxIsTold() throws Exception {
        assertThat(withChange("example.com. MX")).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.FAULT);
            assertThat(finding.advice()).contains("example.com. MX 10 mail.example.com.");
        });
        assertThat(withChange("example.com. MX", "example.com. A 192.0.2.80"))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.WARNING);
        assertThat(withChange("example.com. MX", "example.com. MX 0 ."))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("null MX"));
        assertThat(withChange("example.com. MX", "example.com. MX 10 filter.example.net."))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("goes to filter.example.net"));
    }

    @Test
    void missingAndDoubledTextsAreTold() throws Exception {
        assertThat(withChange("_dmarc"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).isEqualTo("example.com has no DMARC"));
        assertThat(withChange("_mta-sts", "_mta-sts.example.com. TXT \"other\""))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).isEqualTo("example.com has no MTA-STS"));
        assertThat(withChange(
                        "example.com. TXT",
                        "example.com. TXT \"v=spf1 mx -all\"",
                        "example.com. TXT \"V=SPF1 a -all\"",
                        "example.com. TXT \"something-else\""))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.FAULT);
                    assertThat(finding.what()).contains("2 records of SPF");
                });
    }

    @Test
    void aKeyThatTheDnsDoesNotHaveIsAFault() throws Exception {
        assertThat(withChange("s1._domainkey")).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.FAULT);
            assertThat(finding.what()).contains("a key that the DNS does not have", "s1._domainkey.example.com");
            assertThat(finding.advice()).contains("bin/rempart dkim list example.com");
        });
        assertThat(withChange("s1._domainkey", "s1._domainkey.example.com. TXT \"v=DKIM1; k=ed25519; p=AAAA\""))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("the signatures of example.com fail"));
    }

    @Test
    void aDomainWithoutAKeyIsTold() throws Exception {
        assertThat(look(zone(good()), "[\"example.com\",\"other.example\"]")).anySatisfy(finding -> {
            assertThat(finding.what()).startsWith("mail of other.example leaves without a signature");
            assertThat(finding.advice()).isEqualTo("bin/rempart dkim new other.example");
        });
    }

    @Test
    void anOfflineMachineIsAWarningAndAskedOnce() throws Exception {
        List<String> asked = new ArrayList<>();
        Lookup offline = (name, type) -> {
            asked.add(name);
            throw new IOException("Timed out");
        };

        assertThat(look(offline, "[\"example.com\"]")).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.WARNING);
            assertThat(finding.what()).contains("could not be asked (Timed out)");
        });
        assertThat(asked).hasSize(1);
    }

    @Test
    void aResolverIsAskedOverTheNetwork() throws Exception {
        try (DnsServer server = DnsServer.start(InetAddress.getLoopbackAddress())) {
            server.address("mail.example.com", "192.0.2.25").fail("broken.example.com");
            SystemLookup lookup = new SystemLookup(List.of(server.address()));

            assertThat(lookup.ask("mail.example.com", Type.A)).hasSize(1);
            assertThat(lookup.ask("absent.example.com", Type.A)).isEmpty();
            assertThatThrownBy(() -> lookup.ask("broken.example.com", Type.A))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("SERVFAIL");
        }
    }
}
