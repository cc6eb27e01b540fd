/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each matcher by itself: whom it matches, what it takes as a condition, and what it says of a wrong one. */
class MatchersPipelineTest {
    private static final String OUTBOUND = "<policy><tls><outbound default=\"opportunistic\">"
            + "<to domain=\"bank.example\" level=\"verify\"/>"
            + "<to domain=\"*.gov.example\" level=\"encrypt\"/>"
            + "<to domain=\"legacy.example\" level=\"none\" reason=\"their firewall strips STARTTLS\"/>"
            + "</outbound></tls></policy>";

    /** Whom the matcher matches goes to the queue "matched", the others to "other". */
    private static Pipeline.Builder matcher(String match) {
        return Pipeline.of("<processor state=\"root\">"
                        + "<mailet match=\"org.rempart.matcher." + match + "\" class=\"RemoteDelivery\">"
                        + "<outgoing>matched</outgoing></mailet>"
                        + "<mailet match=\"All\" class=\"RemoteDelivery\"><outgoing>other</outgoing></mailet>"
                        + "</processor>"
                        + "<processor state=\"error\"><mailet match=\"All\" class=\"ToRepository\">"
                        + "<repositoryPath>stored://var/mail/error/</repositoryPath></mailet></processor>")
                .domain("ours.example")
                .domain("also-ours.example");
    }

    private static List<String> matched(Pipeline.Builder server, TestMail mail) throws Exception {
        try (Pipeline pipeline = server.start()) {
            pipeline.accept(mail);
            List<String> matched = new ArrayList<>();
            pipeline.queue("matched").forEach(part -> matched.addAll(part.recipients()));
            return matched;
        }
    }

    private static TestMail mail() {
        return TestMail.from("alice@ours.example").to("bob@ours.example", "carol@elsewhere.example");
    }

    private static void assertStartFails(Pipeline.Builder server, String... parts) {
        assertThatThrownBy(server::start).satisfies(thrown -> {
            StringBuilder said = new StringBuilder();
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                said.append(cause.getMessage()).append('\n');
            }
            assertThat(said.toString()).contains(parts);
        });
    }

    @Nested
    class RecipientIsRemote {
        @Test
        void matchesThoseInDomainsThatAreNotOurs() throws Exception {
            TestMail mail = TestMail.from("alice@ours.example")
                    .to("bob@ours.example", "b@also-ours.example", "B@OURS.EXAMPLE", "carol@elsewhere.example")
                    .to("dave@sub.ours.example", "erin@ours.example.elsewhere.example");

            assertThat(matched(matcher("RecipientIsRemote"), mail))
                    .containsExactlyInAnyOrder(
                            "carol@elsewhere.example", "dave@sub.ours.example", "erin@ours.example.elsewhere.example");
        }

        @Test
        void takesNoCondition() {
            assertStartFails(
                    matcher("RecipientIsRemote=ours.example"),
                    "RecipientIsRemote",
                    "takes no condition",
                    "match=\"RecipientIsRemote\"");
        }

        @Test
        void keepsTheMailWhenItCantDecide() throws Exception {
            try (Pipeline pipeline = matcher("RecipientIsRemote").start()) {
                pipeline.failDomains();
                pipeline.accept(mail());

                assertThat(pipeline.remote()).isEmpty();
                assertThat(pipeline.kept(Pipeline.ABANDONED))
                        .singleElement()
                        .satisfies(kept -> assertThat(kept.recipients())
                                .containsExactly("bob@ours.example", "carol@elsewhere.example"));
            }
        }
    }

    @Nested
    class RelayDenied {
        @Test
        void matchesTheRemoteRecipientsOfUnauthenticatedMail() throws Exception {
            assertThat(matched(matcher("RelayDenied"), mail())).containsExactly("carol@elsewhere.example");
        }

        @Test
        void leavesLocalRecipientsAlone() throws Exception {
            assertThat(matched(
                            matcher("RelayDenied"),
                            TestMail.from("eve@outside.example").to("bob@ours.example", "b@also-ours.example")))
                    .isEmpty();
        }

        @ParameterizedTest
        @ValueSource(strings = {"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7"})
        void decidesByTheAddressThatTheMailCameFrom(String address) throws Exception {
            Pipeline.Builder server = matcher("RelayDenied")
                    .policy("<policy><networks><network name=\"apps\">192.0.2.0/24, 2001:db8::/32</network></networks>"
                            + "<relay><allow network=\"apps\"/></relay></policy>");

            assertThat(matched(server, mail().at(address))).isEmpty();
        }

        @Test
        void takesAnAddressOfAnotherNetworkForNoneOfThePolicy() throws Exception {
            Pipeline.Builder server = matcher("RelayDenied")
                    .policy("<policy><networks><network name=\"apps\">192.0.2.0/24, 2001:db8::/32</network></networks>"
                            + "<relay><allow network=\"apps\"/></relay></policy>");

            assertThat(matched(server, mail().at("192.0.3.7"))).containsExactly("carol@elsewhere.example");
        }

        @Test
        void readsThePolicyThatTheConditionNames() throws Exception {
            Pipeline.Builder server = matcher("RelayDenied=file://conf/other.xml")
                    .file(
                            "file://conf/other.xml",
                            "<policy><networks><network name=\"apps\">192.0.2.0/24</network></networks>"
                                    + "<relay><allow network=\"apps\"/></relay></policy>");

            assertThat(matched(server, mail())).isEmpty();
            assertThat(matched(server, mail().by("alice@ours.example").at("198.51.100.1")))
                    .containsExactly("carol@elsewhere.example");
        }

        @Test
        void refusesANamedPolicyThatIsNotThere() {
            assertStartFails(matcher("RelayDenied=file://conf/typo.xml"), "RelayDenied", "file://conf/typo.xml");
        }

        @Test
        void refusesAConditionThatIsNoUrl() {
            assertStartFails(
                    matcher("RelayDenied=authenticated"),
                    "RelayDenied=authenticated",
                    "not the URL of a policy file",
                    "RelayDenied=file://conf/rempart.xml");
        }

        @Test
        void refusesAFaultyPolicyWithItsPlace() {
            assertStartFails(
                    matcher("RelayDenied").policy("<policy>\n<relay>\n<allow everybody=\"true\"/></relay></policy>"),
                    "RelayDenied",
                    "rempart.xml:3",
                    "everybody");
        }

        @Test
        void withoutOnMatchExceptionTheMailGoesToTheErrorProcessor() throws Exception {
            try (Pipeline pipeline = matcher("RelayDenied").start()) {
                pipeline.accept(mail().at("nonsense"));

                assertThat(pipeline.remote()).isEmpty();
                assertThat(pipeline.kept(Pipeline.ABANDONED)).hasSize(1);
            }
        }
    }

    @Nested
    class TlsLevelIs {
        private final TestMail mail = TestMail.from("alice@ours.example")
                .to("a@bank.example", "b@tax.gov.example", "c@legacy.example", "d@elsewhere.example");

        @Test
        void matchesByTheLevelOfTheRecipientsDomain() throws Exception {
            assertThat(matched(matcher("TlsLevelIs=verify").policy(OUTBOUND), mail))
                    .containsExactly("a@bank.example");
            assertThat(matched(matcher("TlsLevelIs=none").policy(OUTBOUND), mail))
                    .containsExactly("c@legacy.example");
            assertThat(matched(matcher("TlsLevelIs=opportunistic").policy(OUTBOUND), mail))
                    .containsExactly("d@elsewhere.example");
        }

        @Test
        void takesSeveralLevels() throws Exception {
            assertThat(matched(matcher("TlsLevelIs= encrypt ,verify").policy(OUTBOUND), mail))
                    .containsExactly("a@bank.example", "b@tax.gov.example");
        }

        @Test
        void needsALevel() {
            assertStartFails(matcher("TlsLevelIs"), "TlsLevelIs", "needs a level", "TlsLevelIs=verify");
        }

        @ParameterizedTest
        @ValueSource(strings = {"strict", "verify,", "verify;none", "VERIFY", ",none"})
        void refusesWhatIsNoLevel(String condition) {
            assertStartFails(
                    matcher("TlsLevelIs=" + condition),
                    "TlsLevelIs=" + condition,
                    "is not a level",
                    "none, opportunistic, encrypt, verify");
        }
    }

    @Nested
    class SubmittedOverTls {
        @Test
        void matchesMailThatCameOverTls() throws Exception {
            assertThat(matched(matcher("SubmittedOverTls"), mail().overTls())).hasSize(2);
        }

        @Test
        void leavesMailThatDidNot() throws Exception {
            assertThat(matched(matcher("SubmittedOverTls"), mail())).isEmpty();
        }

        @Test
        void takesNoCondition() {
            assertStartFails(matcher("SubmittedOverTls=TLSv1.3"), "SubmittedOverTls", "takes no condition");
        }
    }

    @Nested
    class SubmittedBy {
        @Test
        void withoutConditionMatchesEveryAccount() throws Exception {
            assertThat(matched(matcher("SubmittedBy"), mail().by("alice@ours.example")))
                    .hasSize(2);
            assertThat(matched(matcher("SubmittedBy"), mail())).isEmpty();
        }

        @Test
        void matchesByTheAccountAndNotByTheSender() throws Exception {
            assertThat(matched(matcher("SubmittedBy=alice@ours.example"), mail().by("bob@ours.example")))
                    .isEmpty();
            assertThat(matched(matcher("SubmittedBy=bob@ours.example"), mail().by("bob@ours.example")))
                    .hasSize(2);
        }

        @Test
        void matchesAccountsAndDomainsWithoutRegardToCase() throws Exception {
            String condition = "SubmittedBy=Bob@Ours.Example, *.branch.example, also-ours.example";
            assertThat(matched(matcher(condition), mail().by("bob@OURS.example")))
                    .hasSize(2);
            assertThat(matched(matcher(condition), mail().by("x@north.branch.example")))
                    .hasSize(2);
            assertThat(matched(matcher(condition), mail().by("x@Also-Ours.example")))
                    .hasSize(2);
            assertThat(matched(matcher(condition), mail().by("x@sub.also-ours.example")))
                    .isEmpty();
            assertThat(matched(matcher(condition), mail().by("alice@ours.example")))
                    .isEmpty();
            assertThat(matched(matcher(condition), mail().by("bob@ours.example.outside.example")))
                    .isEmpty();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"alice@", "@ours.example", "a b.example", "ours.example,", "*ours.example", "*.*.example"})
        void refusesWhatIsNeitherAccountNorDomain(String condition) {
            assertStartFails(
                    matcher("SubmittedBy=" + condition),
                    "SubmittedBy=" + condition,
                    "alice@example.com for an account");
        }
    }

    @Nested
    class AccountIsHeld {
        /** Where {@link Pipeline} has its var folder. */
        private final Path holds =
                Path.of(System.getProperty("java.io.tmpdir"), "rempart-pipeline-var", "accounts", "holds.json");

        @BeforeEach
        void hold() throws Exception {
            Files.createDirectories(holds.getParent());
            Files.writeString(
                    holds,
                    "{\"v\":1,\"time\":0,\"holds\":[{\"account\":\"thief@ours.example\",\"since\":\"2026-01-01T00:00:00Z\","
                            + "\"reason\":\"\",\"messages\":0,\"recipients\":0}]}");
        }

        @AfterEach
        void release() throws Exception {
            Files.delete(holds);
        }

        @Test
        void matchesWhatAHeldAccountSubmitted() throws Exception {
            assertThat(matched(matcher("AccountIsHeld"), mail().by("Thief@ours.example")))
                    .hasSize(2);
            assertThat(matched(matcher("AccountIsHeld"), mail().by("alice@ours.example")))
                    .isEmpty();
            assertThat(matched(matcher("AccountIsHeld"), mail())).isEmpty();
        }

        private TestMail kept(String account) {
            return mail().by(account).with("org.rempart.kept-for-held-account", "true");
        }

        @Test
        void matchesWhatWasTakenWhileItWasHeld() throws Exception {
            assertThat(matched(matcher("AccountIsHeld=kept"), kept("Thief@ours.example")))
                    .hasSize(2);
            assertThat(matched(matcher("AccountIsHeld=kept"), mail().by("thief@ours.example")))
                    .isEmpty();
            assertThat(matched(matcher("AccountIsHeld=kept"), kept("released@ours.example")))
                    .isEmpty();
        }

        @Test
        void takesNoOtherCondition() {
            assertStartFails(
                    matcher("AccountIsHeld=thief@ours.example"),
                    "AccountIsHeld",
                    "there is no such condition",
                    "=kept");
        }
    }

    /** Not a matcher, and as small. */
    @Nested
    class AuditMail {
        private Pipeline.Builder audit(String parameters) {
            return Pipeline.of("<processor state=\"root\">"
                            + "<mailet match=\"All\" class=\"org.rempart.mailet.AuditMail\">" + parameters + "</mailet>"
                            + "<mailet match=\"All\" class=\"RemoteDelivery\"><outgoing>behind</outgoing></mailet>"
                            + "</processor><processor state=\"error\"><mailet match=\"All\" class=\"ToRepository\">"
                            + "<repositoryPath>stored://var/mail/error/</repositoryPath></mailet></processor>")
                    .domain("ours.example");
        }

        @Test
        void endsTheMailOnlyWhereItIsToldTo() throws Exception {
            try (Pipeline pipeline = audit("<event>outgoing</event>").start()) {
                pipeline.accept(mail());
                assertThat(pipeline.queue("behind")).hasSize(1);
            }
            try (Pipeline pipeline = audit("<event>local-delivery</event><consume>true</consume>")
                    .start()) {
                pipeline.accept(mail());
                assertThat(pipeline.queue("behind")).isEmpty();
            }
        }

        @Test
        void wrongParametersStopTheStart() {
            assertStartFails(audit(""), "AuditMail", "<event> is missing", "local-delivery");
            assertStartFails(audit("<event>gone</event>"), "AuditMail", "gone", "is no event of a mail");
            assertStartFails(audit("<event>kept</event><consume>yes</consume>"), "AuditMail", "write true or false");
        }
    }
}
