/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.it.contract.Way;

@Contract
@DisplayName("C: the audit finds nothing wrong with our server")
class AuditContractTest {
    private static final String PASSWORD = "correct horse battery";

    /** On a server of its own: the audit's wrong logins would brake those of other tests. */
    @Test
    void c1_theAuditPasses() throws Exception {
        try (Variant server = new Variant("audit")) {
            server.start();
            String alice = "alice@" + server.domain();
            server.addUser(alice, PASSWORD);
            server.addUser("bob@" + server.domain(), PASSWORD);

            AuditRun audit = AuditRun.of(
                    server.home(),
                    Map.of(
                            "smtp", server.smtp(),
                            "submission", server.submission(),
                            "submissions", server.submissions(),
                            "imap", server.imap(),
                            "imaps", server.imaps()),
                    alice,
                    PASSWORD,
                    List.of(
                            "--domain=" + server.domain(),
                            "--foreign=partner.example",
                            "--other=bob@" + server.domain(),
                            "--sink=" + Trial.server().sinkDirectory(),
                            "--ca=" + server.ca(),
                            "--thorough"));

            Map<String, String> expected = new TreeMap<>();
            // Two wrong logins don't show the brake: it holds an account only where its owner was never seen.
            expected.put("auth.brake", "not testable");
            if (Way.current() == Way.DROP_IN) {
                // A matter of the JVM's options, which are James's there; and James's greeting of IMAP has no setting.
                expected.put("tls.signature-hash", "warn");
                expected.put("leak.product", "fail");
            }
            assertThat(audit.problems()).as(audit.printed()).isEqualTo(expected);
        }
    }
}
