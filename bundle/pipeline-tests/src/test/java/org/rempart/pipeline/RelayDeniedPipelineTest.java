/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The second gate in the pipeline of the hardened configuration: who gets out, who is kept, and that nothing is lost. */
class RelayDeniedPipelineTest {
    private static final String DENIED = "stored://var/mail/relay-denied/";
    private static final String NETWORK_POLICY = "<policy>"
            + "<networks><network name=\"apps\">10.20.0.0/16</network>"
            + "<network name=\"here\">127.0.0.0/8, ::1</network></networks>"
            + "<relay><allow authenticated=\"true\"/><allow network=\"apps\" senderDomains=\"ours.example\"/>"
            + "<allow network=\"here\"/></relay>"
            + "</policy>";

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user("alice@ours.example")
                .user("bob@ours.example")
                .user("postmaster@ours.example")
                .alias("away@ours.example", "away@elsewhere.example");
    }

    @Test
    void authenticatedMailToOutsideGoesOut() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("carol@elsewhere.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("carol@elsewhere.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void unauthenticatedMailToOutsideIsKeptAndNobodyIsTold() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example").to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.local()).isEmpty();
            assertThat(pipeline.kept(DENIED)).singleElement().satisfies(mail -> {
                assertThat(mail.sender()).isEqualTo("alice@ours.example");
                assertThat(mail.recipients()).containsExactly("carol@elsewhere.example");
                assertThat(mail.message()).endsWith("Body.\r\n");
                assertThat(mail.errorMessage())
                        .hasValueSatisfying(why -> assertThat(why).contains("Relaying denied"));
            });
        }
    }

    @Test
    void localAndRemoteRecipientsOfAnOutsiderAreSplit() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .to("bob@ours.example", "carol@elsewhere.example", "dave@third.example"));

            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("bob@ours.example"));
            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients())
                            .containsExactly("carol@elsewhere.example", "dave@third.example"));
        }
    }

    @Test
    void localAndRemoteRecipientsOfAnAccountBothGetTheMail() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .to("bob@ours.example", "carol@elsewhere.example"));

            assertThat(pipeline.accountedFor()).containsExactly("bob@ours.example", "carol@elsewhere.example");
            assertThat(pipeline.local()).hasSize(1);
            assertThat(pipeline.remote()).hasSize(1);
        }
    }

    @Test
    void mailOfAnOutsiderIsNotLaunderedByAMailetThatSendsItOn() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .sentByMailet()
                    .at("127.0.0.1")
                    .to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void loopbackIsNotWhereTheMailOfAnOutsiderCameFromWhenAMailetSentItOn() throws Exception {
        try (Pipeline pipeline = server().policy(NETWORK_POLICY).start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .sentByMailet()
                    .at("127.0.0.1")
                    .to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void anAliasDoesNotLaunderWhatDidNotPassTheGate() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").to("away@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("away@elsewhere.example"));
        }
    }

    @Test
    void anAliasForwardsWhatPassedTheGate() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to("away@ours.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("away@elsewhere.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    /** Our own name would vouch for it, by SPF and DKIM. */
    @ParameterizedTest
    @CsvSource({
        "bob@ours.example, envelope",
        "bob@ours.example, 'envelope, from'",
        "eve@outside.example, from",
        "eve@outside.example, unreadable"
    })
    void anAliasDoesNotSendOnWhatClaimsToBeOurs(String sender, String claim) throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from(sender)
                    .throughGate()
                    .with("org.rempart.unverified-sender", claim)
                    .to("away@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void anAliasSendsOnWhatOnlyLooksLikeOurs() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("list@outside.example")
                    .throughGate()
                    .with("org.rempart.unverified-sender", "name")
                    .to("away@ours.example"));

            assertThat(pipeline.remote()).hasSize(1);
        }
    }

    @Test
    void aBounceOfOursGoesOut() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.fromNobody().sentByMailet().at("127.0.0.1").to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).hasSize(1);
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aBounceOfAnOutsiderToAnOutsiderIsKept() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.fromNobody().to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
        }
    }

    @Test
    void mailThatAMailboxOfOursSendsOnGoesOut() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("bob@ours.example")
                    .sentByMailet()
                    .at("127.0.0.1")
                    .to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).hasSize(1);
        }
    }

    @Test
    void anAllowedNetworkMaySendAsItsSenderDomainOnly() throws Exception {
        try (Pipeline pipeline = server().policy(NETWORK_POLICY).start()) {
            pipeline.accept(TestMail.from("app@ours.example").at("10.20.1.1").to("carol@elsewhere.example"));
            pipeline.accept(TestMail.from("app@outside.example").at("10.20.1.1").to("dave@elsewhere.example"));
            pipeline.accept(TestMail.from("app@ours.example").at("10.21.1.1").to("erin@elsewhere.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("carol@elsewhere.example"));
            assertThat(pipeline.kept(DENIED)).hasSize(2);
        }
    }

    @Test
    void anAccountThatMayNotRelayIsToldByAReport() throws Exception {
        try (Pipeline pipeline = server().policy(
                        "<policy><networks><network name=\"apps\">10.20.0.0/16</network></networks>"
                                + "<relay><allow network=\"apps\"/></relay></policy>")
                .start()) {
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED)).hasSize(1);
            assertThat(pipeline.local()).singleElement().satisfies(notice -> {
                assertThat(notice.sender()).isEqualTo("<>");
                assertThat(notice.recipients()).containsExactly("alice@ours.example");
            });
        }
    }

    @Test
    void anAccountThatWroteUnderAStrangersNameCausesNoBounceToTheStranger() throws Exception {
        try (Pipeline pipeline = server().policy(
                        "<policy><networks><network name=\"apps\">10.20.0.0/16</network></networks>"
                                + "<relay><allow network=\"apps\"/></relay></policy>")
                .start()) {
            pipeline.accept(TestMail.from("victim@outside.example")
                    .by("alice@ours.example")
                    .to("carol@elsewhere.example"));

            assertThat(pipeline.kept(DENIED)).hasSize(1);
            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.local()).isEmpty();
        }
    }

    @Test
    void whenTheRepositoryIsFullTheMailIsKeptElsewhere() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.fill(DENIED);

            pipeline.accept(TestMail.from("eve@outside.example").to("bob@ours.example", "carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.accountedFor()).contains("bob@ours.example", "carol@elsewhere.example");
            assertThat(pipeline.kept(Pipeline.ABANDONED))
                    .anySatisfy(mail -> assertThat(mail.recipients()).contains("carol@elsewhere.example"));
        }
    }

    @Test
    void whenTheDomainsCantBeLookedUpNothingLeavesAndNothingIsLost() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.failDomains();

            pipeline.accept(TestMail.from("eve@outside.example").to("bob@ours.example", "carol@elsewhere.example"));
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("dave@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.accountedFor())
                    .contains("bob@ours.example", "carol@elsewhere.example", "dave@elsewhere.example");
        }
    }

    @Test
    void anAddressThatIsNoneShutsTheGate() throws Exception {
        try (Pipeline pipeline = server().policy(NETWORK_POLICY).start()) {
            pipeline.accept(
                    TestMail.from("eve@outside.example").at("not an address").to("carol@elsewhere.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(DENIED))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("carol@elsewhere.example"));
        }
    }

    @Test
    void anUnknownRecipientOfOursIsKeptAndAnOutsiderIsNotTold() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").to("nobody@ours.example"));
            pipeline.accept(
                    TestMail.from("alice@ours.example").by("alice@ours.example").to("nobody2@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept("stored://var/mail/address-error/")).hasSize(2);
            assertThat(pipeline.local()).singleElement().satisfies(report -> {
                assertThat(report.sender()).isEqualTo("<>");
                assertThat(report.recipients()).containsExactly("alice@ours.example");
                assertThat(report.message())
                        .contains(
                                "Final-Recipient: rfc822; nobody2@ours.example\r\nAction: failed\r\nStatus: 5.1.1\r\n");
            });
        }
    }
}
