/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.apache.james.core.Username;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What a user submits by JMAP is asked what mail over SMTP is asked")
class JmapSubmissionPipelineTest {
    private static final String ALICE = "alice@ours.example";
    private static final String DENIED = "stored://var/mail/relay-denied/";
    private static final String KEPT = "stored://var/mail/held/";

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user(ALICE)
                .user("bob@ours.example")
                .alias("info@ours.example", ALICE);
    }

    private static TestMail mail(String sender, String from) {
        return TestMail.from(sender)
                .byJmap(ALICE)
                .message("From: " + from
                        + "\r\nTo: carol@elsewhere.example\r\nSubject: Hello\r\nMessage-ID: <1@ours.example>\r\n"
                        + "Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nUser-Agent: secret\r\n\r\nBody.\r\n");
    }

    @Test
    void theAccountsOwnMailLeavesStripped() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(
                    mail(ALICE, "Alice <alice@ours.example>").to("carol@elsewhere.example", "bob@ours.example"));

            assertThat(pipeline.remote()).singleElement().satisfies(seen -> {
                assertThat(seen.recipients()).containsExactly("carol@elsewhere.example");
                assertThat(seen.message()).doesNotContain("secret");
            });
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(seen -> assertThat(seen.recipients()).containsExactly("bob@ours.example"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "alice@ours.example; bob@ours.example",
                "alice@ours.example; boss@elsewhere.example",
                "alice@ours.example; \"bob@ours.example\" <alice@ours.example>",
                "bob@ours.example; alice@ours.example",
            })
    void foreignAddressesAreKeptAndTheUserIsTold(String sender, String from) throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(mail(sender, from).to("carol@elsewhere.example", "bob@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
            assertThat(pipeline.local()).singleElement().satisfies(report -> {
                assertThat(report.recipients()).containsExactly(sender);
                assertThat(report.message()).contains("Status: 5.7.1", "not owned by the account");
            });
        }
    }

    @Test
    void whatExceedsTheLimitIsKeptAndTheUserIsTold() throws Exception {
        try (Pipeline pipeline = server().policy(
                        "<policy><submission><rate per='account' messages='3/1h' then='defer'/></submission></policy>")
                .start()) {
            for (int i = 0; i < 5; i++) {
                pipeline.accept(mail(ALICE, ALICE).to("carol@elsewhere.example"));
            }

            assertThat(pipeline.remote()).hasSize(3);
            assertThat(pipeline.kept(DENIED)).hasSize(2);
            assertThat(pipeline.local())
                    .hasSize(2)
                    .allSatisfy(report -> assertThat(report.message()).contains("Status: 5.7.28"));
        }
    }

    @Test
    void aLimitThatHoldsHoldsAndThePostmasterIsTold() throws Exception {
        try (Pipeline pipeline = server().user("postmaster@ours.example")
                .policy("<policy><submission><rate per='account' messages='3/1h' then='hold'/></submission></policy>")
                .start()) {
            for (int i = 0; i < 5; i++) {
                pipeline.accept(mail(ALICE, ALICE).to("carol@elsewhere.example"));
            }

            assertThat(pipeline.ledger().held(Username.of(ALICE))).isPresent();
            assertThat(pipeline.remote()).hasSize(3);
            assertThat(pipeline.local().stream()
                            .filter(mail -> mail.recipients().contains("postmaster@ours.example")))
                    .singleElement()
                    .satisfies(notice -> assertThat(notice.message()).contains(ALICE, "is held"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"carol@elsewhere.example", "bob@ours.example"})
    void aHeldAccountSendsNothing(String recipient) throws Exception {
        try (Pipeline pipeline = server().held(ALICE).start()) {
            pipeline.accept(mail(ALICE, ALICE).to(recipient));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(report -> assertThat(report.recipients()).containsExactly(ALICE));
        }
    }

    @Test
    void ofAHeldAccountItIsKeptWhereThePolicySaysSo() throws Exception {
        try (Pipeline pipeline = server().held(ALICE)
                .policy("<policy><submission><held mail='keep'/></submission></policy>")
                .start()) {
            pipeline.accept(mail(ALICE, ALICE).to("bob@ours.example", "carol@elsewhere.example"));

            assertThat(pipeline.kept(KEPT)).hasSize(1);
            assertThat(pipeline.local()).isEmpty();
            assertThat(pipeline.remote()).isEmpty();
        }
    }

    @Test
    void withoutTheDirectoryItIsKept() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.failDomains();
            pipeline.accept(mail(ALICE, ALICE).to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept()).hasSize(1);
        }
    }

    @Test
    void mailOfOthersIsNotItsBusiness() throws Exception {
        try (Pipeline pipeline = server().held(ALICE).start()) {
            IntStream.range(0, 3).forEach(i -> {
                try {
                    pipeline.accept(
                            TestMail.from("eve@elsewhere.example").throughGate().to("bob@ours.example"));
                } catch (Exception fault) {
                    throw new AssertionError(fault);
                }
            });

            assertThat(pipeline.local()).hasSize(3);
        }
    }
}
