/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mail that addresses of ours send on to the outside: under which sender, whether at all, and the way back. */
class ForwardedMailPipelineTest {
    private static final String DENIED = "stored://var/mail/relay-denied/";
    private static final String REWRITTEN = "SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=outside\\.example=eve@ours\\.example";
    private static final String REFUSED = "<policy><forwards outside=\"refuse\"/></policy>";

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .domain("also.example")
                .user("alice@ours.example")
                .user("bob@ours.example")
                .alias("away@ours.example", "away@elsewhere.example")
                .alias("near@ours.example", "bob@ours.example");
    }

    private static TestMail forwarded(String sender) {
        return TestMail.from(sender).throughGate().to("away@ours.example");
    }

    @Test
    void aForeignSenderIsRewritten() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("eve@outside.example"));

            assertThat(pipeline.remote()).singleElement().satisfies(mail -> {
                assertThat(mail.sender()).matches(REWRITTEN);
                assertThat(mail.recipients()).containsExactly("away@elsewhere.example");
                assertThat(mail.message()).contains("From: somebody@outside.example\r\n");
            });
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aSenderOfOursAndTheNullSenderStay() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("bob@ours.example").by("bob@ours.example"));
            pipeline.accept(forwarded("bob@also.example").by("bob@ours.example"));
            pipeline.accept(TestMail.fromNobody().throughGate().to("away@ours.example"));

            assertThat(pipeline.remote())
                    .extracting(SeenMail::sender)
                    .containsExactly("bob@ours.example", "bob@also.example", "<>");
        }
    }

    @Test
    void onlyWhatIsSentOnIsRewritten() throws Exception {
        String anySender = "<policy><submission><identity envelope=\"any\" header=\"any\"/></submission></policy>";
        try (Pipeline pipeline = server().policy(anySender).start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .by("alice@ours.example")
                    .throughGate()
                    .to("away@ours.example", "near@ours.example", "carol@elsewhere.example"));

            assertThat(pipeline.remote()).hasSize(2).anySatisfy(mail -> {
                assertThat(mail.recipients()).containsExactly("away@elsewhere.example");
                assertThat(mail.sender()).matches(REWRITTEN);
            });
            assertThat(pipeline.remote()).anySatisfy(mail -> {
                assertThat(mail.recipients()).containsExactly("carol@elsewhere.example");
                assertThat(mail.sender()).isEqualTo("eve@outside.example");
            });
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.sender()).isEqualTo("eve@outside.example"));
        }
    }

    @Test
    void thePolicyNamesTheDomain() throws Exception {
        try (Pipeline pipeline = server().policy("<policy><forwards domain=\"also.example\"/></policy>")
                .start()) {
            pipeline.accept(forwarded("eve@outside.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail ->
                            assertThat(mail.sender()).startsWith("SRS0=").endsWith("=eve@also.example"));
        }
    }

    @Test
    void aDomainThatIsNotOursKeepsTheMail() throws Exception {
        try (Pipeline pipeline = server().policy("<policy><forwards domain=\"not-ours.example\"/></policy>")
                .start()) {
            pipeline.accept(forwarded("eve@outside.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(Pipeline.ABANDONED)).hasSize(1);
        }
    }

    @Test
    void aBounceFindsTheSender() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("eve@outside.example"));
            String sender = pipeline.remote().get(0).sender();
            pipeline.accept(TestMail.fromNobody().throughGate().to(sender, "alice@ours.example"));

            assertThat(pipeline.remote()).hasSize(2);
            assertThat(pipeline.remote().get(1).recipients()).containsExactly("eve@outside.example");
            assertThat(pipeline.remote().get(1).sender()).isEqualTo("<>");
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("alice@ours.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aReportOfOursFindsHimToo() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("eve@outside.example"));
            String sender = pipeline.remote().get(0).sender();
            pipeline.accept(TestMail.fromNobody().sentByMailet().at("127.0.0.1").to(sender));

            assertThat(pipeline.remote().get(1).recipients()).containsExactly("eve@outside.example");
        }
    }

    @Test
    void noOtherMailGoesThere() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("eve@outside.example"));
            String sender = pipeline.remote().get(0).sender();
            // No bounce; one that came by another way; a forged one.
            pipeline.accept(
                    TestMail.from("mallory@outside.example").throughGate().to(sender));
            pipeline.accept(TestMail.fromNobody().to(sender));
            pipeline.accept(
                    TestMail.fromNobody().throughGate().to("SRS0=AAAAAAAA=AA=outside.example=eve@ours.example"));

            assertThat(pipeline.remote()).hasSize(1);
            assertThat(pipeline.kept("stored://var/mail/address-error/")).hasSize(2);
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void aSenderThatIsTooLongBecomesTheNullSender() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(forwarded("e".repeat(230) + "@outside.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.sender()).isEqualTo("<>"));
        }
    }

    @ParameterizedTest
    @CsvSource({"eve@outside.example,", "bob@ours.example, bob@ours.example"})
    void whereThePolicyRefusesItNothingIsSentOn(String sender, String account) throws Exception {
        try (Pipeline pipeline = server().policy(REFUSED).start()) {
            TestMail mail = TestMail.from(sender).throughGate();
            if (account != null) {
                mail.by(account);
            }
            pipeline.accept(mail.to("away@ours.example", "near@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.local())
                    .anySatisfy(seen -> assertThat(seen.recipients()).containsExactly("bob@ours.example"));
            assertThat(pipeline.kept(DENIED))
                    .singleElement()
                    .satisfies(seen -> assertThat(seen.recipients()).containsExactly("away@elsewhere.example"));
        }
    }

    @Test
    void andAllElseLeavesAsEver() throws Exception {
        try (Pipeline pipeline = server().policy(REFUSED).start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .throughGate()
                    .to("c@elsewhere.example"));
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("d@elsewhere.example"));
            pipeline.accept(TestMail.fromNobody().sentByMailet().at("127.0.0.1").to("e@elsewhere.example"));

            assertThat(pipeline.remote()).hasSize(3);
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void anAccountsMailThatPassedNoListenerIsNotSentOnEither() throws Exception {
        try (Pipeline pipeline = server().policy(REFUSED).start()) {
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("away@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void whereNobodyNotesWhomAMailWasAddressedToTheGateStaysShut() throws Exception {
        String processors = "<processor state=\"root\"><mailet match=\"org.rempart.matcher.RelayDenied\""
                + " class=\"ToRepository\"><repositoryPath>stored://var/mail/relay-denied/</repositoryPath>"
                + "<onMatchException>matchall</onMatchException></mailet>"
                + "<mailet match=\"All\" class=\"RemoteDelivery\"/></processor><processor state=\"error\"/>";
        try (Pipeline pipeline =
                Pipeline.of(processors).domain("ours.example").policy(REFUSED).start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .throughGate()
                    .to("c@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }
}
