/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.user.memory.MemoryUsersRepository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where mail for an address with a detail (RFC 5233) ends, however it comes to be addressed to it. */
class SubaddressPipelineTest {
    private static final String ADDRESS_ERROR = "stored://var/mail/address-error/";

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user("alice@ours.example")
                .user("bob@ours.example")
                .user("bob+own@ours.example")
                .alias("info@ours.example", "alice@ours.example")
                .alias("news@ours.example", "alice+news@ours.example")
                .alias("more@ours.example", "info+news@ours.example")
                .alias("alice+bob@ours.example", "bob@ours.example")
                .alias("away@ours.example", "away@elsewhere.example")
                .alias("round@ours.example", "round+again@ours.example")
                .user("self@ours.example")
                .alias("self@ours.example", "self+copy@ours.example");
    }

    @ParameterizedTest
    @CsvSource({
        "alice+x@ours.example, alice@ours.example",
        "Alice+X@Ours.example, alice@ours.example",
        "alice+@ours.example, alice@ours.example",
        // The base is an alias, and aliases that lead to details.
        "info+x@ours.example, alice@ours.example",
        "news@ours.example, alice@ours.example",
        "more@ours.example, alice@ours.example",
        "more+x@ours.example, alice@ours.example",
        // Somebody's own.
        "bob+own@ours.example, bob+own@ours.example",
        "alice+bob@ours.example, bob@ours.example",
        // A forward to oneself ends in the mailbox.
        "self@ours.example, self@ours.example",
        "self+x@ours.example, self@ours.example",
    })
    void itEndsInTheAccountsMailbox(String recipient, String mailbox) throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to(recipient));

            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients())
                            .singleElement()
                            .satisfies(seen -> assertThat(seen).isEqualToIgnoringCase(mailbox)));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aReportOfFailureArrives() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.fromNobody().throughGate().to("alice+lists@ours.example"));
            pipeline.accept(TestMail.fromNobody().sentByMailet().at("127.0.0.1").to("info+lists@ours.example"));

            assertThat(pipeline.local())
                    .hasSize(2)
                    .allSatisfy(mail -> assertThat(mail.recipients()).containsExactly("alice@ours.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void manyOfOneAccountAreOneCopy() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .throughGate()
                    .to("alice+a@ours.example", "alice+b@ours.example", "alice@ours.example", "bob@ours.example"));

            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients())
                            .containsExactlyInAnyOrder("alice@ours.example", "bob@ours.example"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // One that keeps a copy in its own mailbox by a detail.
        "copy@ours.example, bob@ours.example copy@ours.example",
        "copy+x@ours.example, bob@ours.example copy@ours.example",
        // One that keeps none, reached twice.
        "both@ours.example, bob@ours.example",
        "both+x@ours.example, bob@ours.example",
    })
    void whereTheBaseLeadsSeveralWays(String recipient, String mailboxes) throws Exception {
        try (Pipeline pipeline = server().user("copy@ours.example")
                .alias("copy@ours.example", "copy+kept@ours.example")
                .alias("copy@ours.example", "bob@ours.example")
                .user("out@ours.example")
                .alias("out@ours.example", "bob@ours.example")
                .alias("both@ours.example", "out+a@ours.example")
                .alias("both@ours.example", "out+b@ours.example")
                .start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to(recipient));

            assertThat(pipeline.accountedFor()).containsExactly(mailboxes.split(" "));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aForwardOfTheBaseIsAForward() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to("away+x@ours.example"));

            assertThat(pipeline.remote()).singleElement().satisfies(mail -> {
                assertThat(mail.recipients()).containsExactly("away@elsewhere.example");
                assertThat(mail.sender()).startsWith("SRS0=").endsWith("=outside.example=eve@ours.example");
            });
        }
        try (Pipeline pipeline =
                server().policy("<policy><forwards outside='refuse'/></policy>").start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to("away+x@ours.example"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept("stored://var/mail/relay-denied/")).hasSize(1);
        }
    }

    @Test
    void aBounceOfWhatWasSentOnIsNoDetail() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(
                    TestMail.from("eve+list@outside.example").throughGate().to("away@ours.example"));
            String sender = pipeline.remote().get(0).sender();
            pipeline.accept(TestMail.fromNobody().throughGate().to(sender));

            assertThat(pipeline.remote().get(1).recipients()).containsExactly("eve+list@outside.example");
        }
    }

    @ParameterizedTest
    @CsvSource({"nobody+x@ours.example", "round+x@ours.example", "carol@ours.example"})
    void nobodysIsKept(String recipient) throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to(recipient));

            assertThat(pipeline.local()).isEmpty();
            assertThat(pipeline.kept(ADDRESS_ERROR)).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"<subaddresses mail='refuse'/>", "<subaddresses separator='-'/>"})
    void whatADetailIsThePolicySays(String element) throws Exception {
        try (Pipeline pipeline =
                server().policy("<policy>" + element + "</policy>").start()) {
            pipeline.accept(TestMail.from("eve@outside.example").throughGate().to("alice+x@ours.example"));

            // James 3.9's RecipientIsLocal and LocalDelivery leave details out by themselves: what has come so far is
            // delivered.
            assertThat(jamesKnowsDetails() ? pipeline.local() : pipeline.kept(ADDRESS_ERROR))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("alice+x@ours.example"));
        }
    }

    private static boolean jamesKnowsDetails() throws Exception {
        return MemoryUsersRepository.withVirtualHosting(null)
                .getUsername(new MailAddress("alice+x@ours.example"))
                .equals(Username.of("alice@ours.example"));
    }

    @Test
    void anAddressElsewhereKeepsItsDetail() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .throughGate()
                    .to("carol+x@elsewhere.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("carol+x@elsewhere.example"));
        }
    }
}
