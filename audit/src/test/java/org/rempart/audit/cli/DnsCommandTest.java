/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import picocli.CommandLine;

/** What a domain is to publish, against zones that lack it or have it wrong. */
class DnsCommandTest {
    private static final ServerCertificate CERTIFICATE =
            CertificateRequest.of("mail.ours.test").selfSigned();
    private static final ServerCertificate NEXT =
            CertificateRequest.of("mail.ours.test").selfSigned();

    @TempDir
    private Path folder;

    private SignedZones zones;
    private String policy = "version: STSv1\nmode: enforce\nmx: mail.ours.test\nmax_age: 604800\n";

    private record Outcome(int exit, String out, String err) {}

    @BeforeEach
    void configure() throws Exception {
        zones = SignedZones.start().zone("test.", Signing.NSEC).zone("ours.test.", Signing.NSEC);
        Files.createDirectories(folder.resolve("conf/tls"));
        CERTIFICATE.writeCertificate(folder.resolve("conf/tls/certificate.pem"));
        NEXT.writeCertificate(folder.resolve("next.pem"));
        Files.writeString(folder.resolve("conf/smtpserver.xml"), """
                <smtpservers>
                  <smtpserver enabled="true"><bind>0.0.0.0:25</bind><helloName>mail.ours.test</helloName>
                    <tls><certificates>file://conf/tls/certificate.pem</certificates></tls></smtpserver>
                  <smtpserver enabled="true"><bind>0.0.0.0:465</bind><helloName>inner.ours.test</helloName></smtpserver>
                  <smtpserver enabled="false"><bind>0.0.0.0:587</bind><helloName>off.ours.test</helloName></smtpserver>
                </smtpservers>
                """);
        Files.writeString(
                folder.resolve("conf/imapserver.xml"),
                "<imapservers><imapserver><bind>0.0.0.0:993,[::]:993</bind></imapserver></imapservers>");
        Files.writeString(folder.resolve("root.txt"), zones.anchor(), StandardCharsets.US_ASCII);
    }

    @AfterEach
    void stop() throws IOException {
        zones.close();
    }

    private Outcome run(String... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(
                "Ours.test",
                "--conf",
                folder.resolve("conf").toString(),
                "--resolver",
                "127.0.0.1:" + zones.address().getPort(),
                "--trust-anchor",
                folder.resolve("root.txt").toString()));
        arguments.addAll(List.of(more));
        int exit = new CommandLine(new DnsCommand(domain -> policy))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage());
                    return 2;
                })
                .execute(arguments.toArray(String[]::new));
        return new Outcome(exit, out.toString(), err.toString());
    }

    private static String digest(ServerCertificate certificate) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(certificate.certificate().getPublicKey().getEncoded()));
    }

    private void good() throws Exception {
        zones.add("ours.test. MX 5 mail.ours.test.")
                .add("mail.ours.test. A 192.0.2.1")
                .add("mail.ours.test. AAAA 2001:db8::1")
                .add("ours.test. TXT \"v=spf1 mx -all\"")
                .add("_dmarc.ours.test. TXT \"v=DMARC1; p=reject; rua=mailto:d@ours.test\"")
                .add("_mta-sts.ours.test. TXT \"v=STSv1; id=2026\"")
                .add("_smtp._tls.ours.test. TXT \"v=TLSRPTv1; rua=mailto:t@ours.test\"")
                .add("_25._tcp.mail.ours.test. TLSA 3 1 1 " + digest(CERTIFICATE))
                .add("_submissions._tcp.ours.test. SRV 0 1 465 mail.ours.test.")
                .add("_imaps._tcp.ours.test. SRV 10 5 993 mail.ours.test.");
    }

    @Test
    void theLinesOfTheZone() throws Exception {
        Outcome outcome =
                run("--zone", "--certificate", folder.resolve("next.pem").toString());
        assertThat(outcome.exit()).as(outcome.err()).isZero();
        assertThat(outcome.out().lines().filter(line -> !line.startsWith("_mta-sts")))
                .containsExactlyInAnyOrder(
                        "ours.test. MX 10 mail.ours.test.",
                        "ours.test. TXT \"v=spf1 mx -all\"",
                        "_dmarc.ours.test. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@ours.test\"",
                        "_smtp._tls.ours.test. TXT \"v=TLSRPTv1; rua=mailto:postmaster@ours.test\"",
                        "_25._tcp.mail.ours.test. TLSA 3 1 1 " + digest(CERTIFICATE),
                        "_25._tcp.mail.ours.test. TLSA 3 1 1 " + digest(NEXT),
                        "_submissions._tcp.ours.test. SRV 0 1 465 mail.ours.test.",
                        "_imaps._tcp.ours.test. SRV 0 1 993 mail.ours.test.");
        assertThat(outcome.out()).containsPattern("_mta-sts\\.ours\\.test\\. TXT \"v=STSv1; id=[0-9a-f]{20}\"");
        assertThat(zones.questions()).isEmpty();
    }

    @Test
    void aZoneThatHasAllIsRight() throws Exception {
        good();
        Outcome outcome = run("--json");
        assertThat(outcome.exit()).as(outcome.out() + outcome.err()).isZero();
        JsonNode found = new ObjectMapper().readTree(outcome.out());
        assertThat(found.get("records"))
                .allSatisfy(record -> assertThat(record.get("state").asText())
                        .as("%s", record)
                        .isEqualTo("there"));
        assertThat(found.get("mtaStsPolicy").asText()).isEqualTo(policy);
    }

    @Test
    void anEmptyZoneLacksEverything() {
        zones.add("mail.ours.test. A 192.0.2.1");
        Outcome outcome = run();
        assertThat(outcome.exit()).as(outcome.err()).isEqualTo(1);
        assertThat(outcome.out())
                .contains("missing  ours.test. MX", "missing  _25._tcp.mail.ours.test. TLSA", "mx: mail.ours.test")
                .doesNotContain("there    ");
    }

    @Test
    void whatIsOtherThanItShouldBeIsShown() throws Exception {
        good();
        zones.remove("ours.test.", "MX").add("ours.test. MX 10 old.ours.test.").add("old.ours.test. A 192.0.2.9");
        zones.remove("_25._tcp.mail.ours.test.", "TLSA").add("_25._tcp.mail.ours.test. TLSA 3 1 1 " + "ab".repeat(32));
        zones.remove("ours.test.", "TXT").add("ours.test. TXT \"v=spf1 +all\"");
        zones.remove("_mta-sts.ours.test.", "TXT").add("_mta-sts.ours.test. TXT \"v=STSv1; id=\"");
        Outcome outcome = run();
        assertThat(outcome.exit()).as(outcome.err()).isEqualTo(1);
        assertThat(outcome.out())
                .contains("other    ours.test. MX", "now: 10 old.ours.test.")
                .contains("other    _25._tcp.mail.ours.test. TLSA")
                .contains("the TLSA records name no certificate of this server")
                .contains("fail dns.spf: ours.test: ", "+all")
                .contains("fail dns.mta-sts: ours.test: the record is not one with an id");
    }

    /** The one that the server serves, and an id that changes with it. */
    @Test
    void thePolicyOfTheConfigurationIsTheOneToPublish() throws Exception {
        good();
        Files.writeString(
                folder.resolve("conf/rempart.xml"),
                "<policy><tls><mta-sts serve='0.0.0.0:443' mode='testing' mx='Mail.ours.test, *.b.test' maxAge='2d'/></tls></policy>");
        policy = "version: STSv1\nmode: testing\nmx: mail.ours.test\nmx: *.b.test\nmax_age: 172800\n";
        Outcome other = run();
        assertThat(other.exit()).as(other.err()).isEqualTo(1);
        assertThat(other.out())
                .contains(policy, "other    _mta-sts.ours.test. TXT")
                .contains("now: \"v=STSv1; id=2026\"");
        String id = other.out().replaceFirst("(?s).*\"v=STSv1; id=([0-9a-f]{20})\".*", "$1");
        zones.remove("_mta-sts.ours.test.", "TXT").add("_mta-sts.ours.test. TXT \"v=STSv1; id=" + id + "\"");
        assertThat(run().out()).contains("there    _mta-sts.ours.test. TXT");
    }

    @Test
    void aPolicyThatIsNoneIsTold() throws Exception {
        good();
        policy = "<html><body>not found</body></html>";
        Outcome outcome = run();
        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.out()).contains("fail dns.mta-sts: ours.test: the policy lacks version, mode or max_age");
    }

    @Test
    void whatTheDnsDoesNotSayIsNotMissing() throws Exception {
        good();
        zones.fault("_dmarc.ours.test.", "TXT", Fault.SERVFAIL);
        Outcome outcome = run();
        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.out()).contains("unknown  _dmarc.ours.test. TXT", "now: the DNS says SERVFAIL");
    }

    @Test
    void whatCannotBeRunIsTold() {
        assertThat(run("--certificate", folder.resolve("root.txt").toString()).exit())
                .isEqualTo(2);
        StringWriter err = new StringWriter();
        assertThat(new CommandLine(new DnsCommand())
                        .setErr(new PrintWriter(err))
                        .execute("a b"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("'a b' is no domain");
    }
}
