/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.trail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.james.core.MailAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.trail.AuditPolicy.Form;

class PseudonymsTest {
    @TempDir
    private Path home;

    @AfterEach
    void nameThemAgain() {
        AuditEvent.namePeople(AuditPolicy.of(Form.PLAIN, Form.HASHED), Pseudonyms.ofRandomKey());
    }

    @Test
    void whoHasTheKeyCanAskAndNobodyElse() throws Exception {
        Path key = home.resolve("var/audit.key");
        Pseudonyms first = Pseudonyms.of(key.toFile());
        assertThat(first.of("Bob@ours.example")).matches("[0-9a-f]{16}").isEqualTo(first.of("bob@ours.example"));
        assertThat(Pseudonyms.of(key.toFile()).of("bob@ours.example")).isEqualTo(first.of("bob@ours.example"));
        assertThat(Pseudonyms.of(home.resolve("other").toFile()).of("bob@ours.example"))
                .isNotEqualTo(first.of("bob@ours.example"));
        Files.writeString(key, "short\n");
        assertThatThrownBy(() -> Pseudonyms.of(key.toFile()))
                .hasMessageContaining("audit.key")
                .hasMessageContaining("Restore");
    }

    @Test
    void eventsNamePeopleAsThePolicySays() throws Exception {
        Pseudonyms pseudonyms = Pseudonyms.ofRandomKey();
        List<MailAddress> bob = List.of(new MailAddress("bob@ours.example"));
        AuditEvent.namePeople(AuditPolicy.of(Form.HASHED, Form.NONE), pseudonyms);
        assertThat(AuditEvent.now("submission")
                        .recipients(bob)
                        .subject("secret")
                        .toString())
                .doesNotContain("bob", "secret", "subject")
                .contains("\"recipients\":[\"" + pseudonyms.of("bob@ours.example") + "\"]");
        assertThat(AuditEvent.now("relay-refused").recipient(bob.get(0)).toString())
                .contains("\"recipient\":\"" + pseudonyms.of("bob@ours.example") + "\"");
        AuditEvent.namePeople(AuditPolicy.of(Form.PLAIN, Form.PLAIN), pseudonyms);
        assertThat(AuditEvent.now("submission").recipients(bob).subject("told").toString())
                .contains("bob@ours.example", "\"subject\":\"told\"");
    }

    @Test
    void whatServersSaidNamesNobodyEither() throws Exception {
        Pseudonyms pseudonyms = Pseudonyms.ofRandomKey();
        List<MailAddress> both =
                List.of(new MailAddress("Bob@There.example"), new MailAddress("\"odd name\"@there.example"));
        List<String> said = List.of(
                "failed: 550 5.1.1 <bob@there.example>: unknown, see bob-2@inner.there.example.",
                "failed: 550 \"odd name\"@there.example (or x@[192.0.2.1]); no @ alone");
        AuditEvent.namePeople(AuditPolicy.of(Form.HASHED, Form.NONE), pseudonyms);
        String event = AuditEvent.now("delivery")
                .outcomes(both, said)
                .saying("reason", said.get(0))
                .toString();
        String bob = pseudonyms.of("bob@there.example");
        String told =
                "failed: 550 5.1.1 <" + bob + ">: unknown, see " + pseudonyms.of("bob-2@inner.there.example") + ".";
        assertThat(event)
                .doesNotContainIgnoringCase("there.example")
                .doesNotContain("odd name")
                .contains(
                        "\"outcomes\":[\"" + bob + " " + told + "\"",
                        "\"reason\":\"" + told + "\"",
                        "(or " + pseudonyms.of("x@[192.0.2.1]") + "); no @ alone");
        AuditEvent.namePeople(AuditPolicy.of(Form.PLAIN, Form.NONE), pseudonyms);
        assertThat(AuditEvent.now("delivery").outcomes(both, said).toString())
                .contains("\"Bob@there.example " + said.get(0) + "\"");
    }
}
