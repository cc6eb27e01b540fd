/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rempart.audit.OtherServersTest.assertProblems;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.audit.net.Service;
import org.rempart.audit.peer.OtherServers;
import org.rempart.audit.peer.OtherServers.Running;
import org.rempart.audit.peer.Run;
import org.rempart.audit.sink.Sink;
import org.rempart.audit.sink.SmtpSink;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.Tools;

/** A Postfix with all that can be set wrongly; what the audit gives to paste mends it. */
class PostfixTest {
    private static final Pattern SETTING = Pattern.compile("([a-z0-9_]+) = (.*)");
    private static final Pattern OF_SUBMISSION = Pattern.compile("-o ([a-z0-9_]+)=(.*)");

    /** What is wrong, and has no setting in Postfix. */
    private static final Map<String, Verdict> REMAINING = Map.of(
            "identity.from", Verdict.FAIL,
            "identity.from-disguised", Verdict.FAIL);

    @TempDir
    Path home;

    @Test
    void whatIsToBePastedMendsIt() throws Exception {
        Tools.require(Postfix.missing().isEmpty(), Postfix.missing().orElse(""));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        CertificateAuthority authority = CertificateAuthority.create("Authority of the tests");
        authority
                .issue(List.of("localhost", "mail.example.com"))
                .writePem(home.resolve("chain.pem"), home.resolve("key.pem"));
        Map<Service, Integer> ports = new TreeMap<>(Map.of(
                Service.SMTP, FreePort.next(),
                Service.SUBMISSION, FreePort.next(),
                Service.SUBMISSIONS, FreePort.next()));
        int sinkPort = FreePort.next();
        int sasl = FreePort.next();
        Path logins = Files.createDirectories(home.resolve("dovecot"));
        try (Running dovecot = OtherServers.dovecot(logins, """
                        service auth {
                          inet_listener sasl {
                            address = 127.0.0.1
                            port = %d
                          }
                        }
                        auth_mechanisms = plain login cram-md5
                        """.formatted(sasl));
                Sink sink = SmtpSink.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), sinkPort))) {
            assertThat(dovecot.ports()).isNotEmpty();
            Map<String, String> settings = wrong(sinkPort, sasl);
            List<String> broken = new ArrayList<>();
            try (Postfix postfix = start(ports, Map.of(), settings)) {
                assertThat(postfix.listeners()).hasSize(3);
                List<Finding> findings = audit(ports, authority, sink);
                Map<String, Verdict> expected = new TreeMap<>(REMAINING);
                for (String fail : List.of(
                        "relay.accepted",
                        "relay.relayed",
                        "auth.clear-offered",
                        "auth.clear-taken",
                        "auth.required",
                        "identity.envelope",
                        "header.addresses",
                        "header.products",
                        "header.client",
                        "header.accounts",
                        "leak.product",
                        "leak.inside",
                        "tls.old-version",
                        "tls.weak-suite",
                        "tls.key-exchange",
                        "smuggling.inbound",
                        "smuggling.outbound")) {
                    expected.put(fail, Verdict.FAIL);
                }
                for (String warn : List.of(
                        "relay.unknown-recipient",
                        "auth.on-mx",
                        "auth.mechanisms",
                        "tls.fading-suite",
                        "tls.order",
                        "tls.signature-hash",
                        "smuggling.command-lines")) {
                    expected.put(warn, Verdict.WARN);
                }
                assertProblems(findings, expected);
                broken.addAll(expected.keySet());
            }

            Map<String, String> ofSubmission = new LinkedHashMap<>();
            for (Check check : Catalogue.packaged().all()) {
                if (broken.contains(check.id()) && !REMAINING.containsKey(check.id())) {
                    paste(check.fixes().get("Postfix"), settings, ofSubmission);
                }
            }
            try (Postfix postfix = start(ports, ofSubmission, settings)) {
                assertThat(postfix.listeners()).hasSize(3);
                assertProblems(audit(ports, authority, sink), REMAINING);
            }
        }
    }

    private Postfix start(Map<Service, Integer> ports, Map<String, String> ofSubmission, Map<String, String> settings)
            throws IOException, InterruptedException {
        Map<InetSocketAddress, Map<String, String>> listeners = new LinkedHashMap<>();
        for (Map.Entry<Service, Integer> port : ports.entrySet()) {
            Map<String, String> own = new LinkedHashMap<>();
            if (port.getKey().forClients()) {
                own.putAll(ofSubmission);
            }
            if (port.getKey().direct()) {
                own.put("smtpd_tls_wrappermode", "yes");
            }
            listeners.put(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.getValue()), own);
        }
        return Postfix.start(home.resolve("postfix"), listeners, settings);
    }

    private static List<Finding> audit(Map<Service, Integer> ports, CertificateAuthority authority, Sink sink)
            throws IOException {
        return Run.of(ports)
                .from("127.0.0.2")
                .as(OtherServers.ACCOUNT, OtherServers.PASSWORD)
                .other("bob@example.com")
                .trusting(authority.certificate())
                .sink(sink)
                .findings();
    }

    /** Everything wrong that Postfix has a setting for. */
    private Map<String, String> wrong(int sink, int sasl) {
        Map<String, String> settings = new LinkedHashMap<>(Postfix.delivering(
                home.resolve("postfix"),
                "example.com",
                Map.of("alice@example.com", "alice", "bob@example.com", "bob", "postmaster@example.com", "alice")));
        settings.put("relayhost", "[127.0.0.1]:" + sink);
        settings.put("mynetworks", "127.0.0.1/32");
        settings.put("smtpd_relay_restrictions", "check_client_access static:OK, reject");
        settings.put("smtpd_reject_unlisted_recipient", "no");
        settings.put("smtpd_sasl_auth_enable", "yes");
        settings.put("smtpd_sasl_type", "dovecot");
        settings.put("smtpd_sasl_path", "inet:127.0.0.1:" + sasl);
        settings.put("smtpd_sasl_authenticated_header", "yes");
        settings.put("smtpd_banner", "$myhostname ESMTP $mail_name ($mail_version)");
        settings.put("myhostname", "mx1.corp.internal");
        settings.put("smtpd_tls_security_level", "may");
        settings.put("smtpd_tls_chain_files", home.resolve("key.pem") + ", " + home.resolve("chain.pem"));
        settings.put("smtpd_tls_protocols", ">=TLSv1");
        settings.put("smtpd_tls_mandatory_protocols", ">=TLSv1");
        settings.put("smtpd_tls_ciphers", "null");
        settings.put("tls_null_cipherlist", "ALL:eNULL:aNULL:@SECLEVEL=0");
        settings.put("smtpd_forbid_bare_newline", "no");
        settings.put("smtpd_forbid_bare_newline_exclusions", "");
        settings.put("cleanup_replace_stray_cr_lf", "no");
        // No fault; it only keeps the tests short.
        settings.put("smtpd_error_sleep_time", "0");
        return settings;
    }

    /** Puts into main.cf, master.cf and maps what a fix says, with paths of this test. */
    private void paste(String fix, Map<String, String> settings, Map<String, String> ofSubmission) throws IOException {
        Path leaving = home.resolve("postfix/leaving");
        Path senders = home.resolve("postfix/sender_logins");
        for (String line : fix.split("\n", -1)) {
            Matcher setting = SETTING.matcher(line);
            Matcher option = OF_SUBMISSION.matcher(line);
            if (setting.matches()) {
                settings.put(
                        setting.group(1),
                        setting.group(2)
                                // This test comes from 127.0.0.2, as a stranger.
                                .replace("127.0.0.0/8", "127.0.0.1/32")
                                .replace("regexp:/etc/postfix/leaving", "regexp:" + leaving)
                                .replace("hash:/etc/postfix/sender_logins", "texthash:" + senders));
            } else if (option.matches()) {
                ofSubmission.put(option.group(1), option.group(2));
            } else if (line.startsWith("/^")) {
                String before = Files.exists(leaving) ? Files.readString(leaving) : "";
                Files.writeString(leaving, before + line + "\n");
            } else if (line.startsWith("alice@example.com ")) {
                Files.writeString(senders, line + "\nbob@example.com bob@example.com\n");
            } else {
                assertThat(line)
                        .as("what is no setting is a comment, or says where settings go")
                        .matches("#.*|.*:");
            }
        }
    }
}
