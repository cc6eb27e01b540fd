/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.audit.net.Service;
import org.rempart.audit.peer.Authority;
import org.rempart.audit.peer.Run;
import org.rempart.audit.peer.ScriptedSmtp;
import org.rempart.audit.peer.ScriptedSmtp.Fault;

/** A server that is right in all has no findings; each fault has its own, and no other. */
class LiarsTest {
    private static Authority.Identity identity;

    @BeforeAll
    static void certificate() throws GeneralSecurityException {
        identity = Authority.good();
    }

    /** An MX, and submission with STARTTLS and without, that share a fault. */
    private static final class Site implements AutoCloseable {
        final ScriptedSmtp mx;
        final ScriptedSmtp submission;
        final ScriptedSmtp submissions;

        Site(Fault... faults) throws IOException, GeneralSecurityException {
            mx = ScriptedSmtp.start(false, false, identity.context(), faults);
            submission = ScriptedSmtp.start(true, false, identity.context(), faults);
            submissions = ScriptedSmtp.start(true, true, identity.context(), faults);
        }

        Run run() throws IOException {
            return stranger().as("alice@example.com", "secret of alice");
        }

        /** Without an account. */
        Run stranger() throws IOException {
            Map<Service, Integer> ports = new EnumMap<>(Service.class);
            ports.put(Service.SMTP, mx.port());
            ports.put(Service.SUBMISSION, submission.port());
            ports.put(Service.SUBMISSIONS, submissions.port());
            return Run.of(ports).trusting(identity.certificate());
        }

        @Override
        public void close() throws IOException {
            mx.close();
            submission.close();
            submissions.close();
        }
    }

    /** What two failures at once can't show, and what every server of this JDK has. */
    private static final Set<String> ALWAYS = Set.of("auth.brake", "tls.client-renegotiation", "tls.signature-hash");

    private static Set<String> beside(Map<String, Verdict> problems) {
        Set<String> others = new TreeSet<>(problems.keySet());
        others.removeAll(ALWAYS);
        // Of times alone it warns, and a busy machine has odd ones.
        if (problems.get("auth.names-given-away") == Verdict.WARN) {
            others.remove("auth.names-given-away");
        }
        return others;
    }

    @Test
    void aRightServerHasNoFindings() throws Exception {
        try (Site site = new Site()) {
            List<Finding> findings = site.run().findings();
            assertThat(beside(Run.problems(findings))).isEmpty();
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().equals("relay.accepted"))
                    .hasSizeGreaterThanOrEqualTo(8)
                    .allMatch(finding -> finding.verdict() == Verdict.PASS);
        }
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                Arguments.of(Fault.ACCEPTS_ALL, Set.of("relay.accepted", "relay.unknown-recipient")),
                Arguments.of(Fault.PERCENT_HACK, Set.of("relay.accepted")),
                Arguments.of(Fault.RELAYS_FOR_OWN_SENDERS, Set.of("relay.accepted")),
                Arguments.of(Fault.RELAYS_AFTER_FAILED_LOGIN, Set.of("relay.accepted")),
                Arguments.of(
                        Fault.AUTH_CLEAR_ANNOUNCED, Set.of("auth.clear-offered", "auth.clear-taken", "auth.on-mx")),
                Arguments.of(Fault.AUTH_CLEAR_HIDDEN, Set.of("auth.clear-taken")),
                Arguments.of(Fault.AUTH_ON_MX, Set.of("auth.on-mx")),
                Arguments.of(Fault.CRAM_MD5, Set.of("auth.mechanisms")),
                Arguments.of(Fault.OPEN_SUBMISSION, Set.of("auth.required")),
                Arguments.of(Fault.INJECTION, Set.of("starttls.injection")),
                Arguments.of(Fault.STATE_KEPT, Set.of("starttls.state")),
                Arguments.of(Fault.ANNOUNCES_STARTTLS_UNDER_TLS, Set.of("starttls.steady")),
                Arguments.of(Fault.WITHDRAWS_STARTTLS, Set.of("starttls.steady")),
                Arguments.of(Fault.TELLS_USERS, Set.of("auth.users-told")),
                Arguments.of(Fault.NAMES_ABSENT_USERS, Set.of("auth.names-given-away")),
                Arguments.of(Fault.PRODUCT, Set.of("leak.product")),
                Arguments.of(Fault.INNER_NAME, Set.of("leak.inside")),
                Arguments.of(Fault.BARE_NAME, Set.of("leak.inside")),
                Arguments.of(Fault.STACK_TRACE, Set.of("leak.inside", "leak.product")),
                Arguments.of(Fault.BARE_LF_ENDS_MESSAGE, Set.of("smuggling.inbound")),
                Arguments.of(Fault.BARE_LF_ENDS_COMMAND, Set.of("smuggling.command-lines")),
                Arguments.of(Fault.NO_IDENTITY, Set.of("identity.envelope")),
                Arguments.of(Fault.FROM_NOT_LOOKED_AT, Set.of("identity.from", "identity.from-disguised")));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsFoundAndNoOther(Fault fault, Set<String> expected) throws Exception {
        try (Site site = new Site(fault)) {
            List<Finding> findings = site.run().withoutTls().findings();
            Map<String, Verdict> problems = Run.problems(findings);
            assertThat(beside(problems)).as("%s", findings).isEqualTo(new TreeSet<>(expected));
            assertThat(expected).allMatch(id -> problems.get(id) != Verdict.NOT_TESTABLE);
        }
    }

    /** RFC 5321, section 4.5.1, wants a postmaster; whose mail that is, the server knows and the audit does not. */
    @Test
    void anAccountThatIsThePostmasterIsNoFault() throws Exception {
        try (Site site = new Site(Fault.ACCOUNT_IS_POSTMASTER)) {
            assertThat(Run.problems(site.run().withoutTls().findings()))
                    .containsEntry("identity.envelope", Verdict.NOT_TESTABLE)
                    .doesNotContainKeys("identity.from", "identity.from-disguised");
            assertThat(beside(Run.problems(
                            site.run().withoutTls().other("bob@example.com").findings())))
                    .isEmpty();
        }
    }

    @Test
    void anAddressOfSomebodyElseShowsWhatOneOfNobodyHides() throws Exception {
        try (Site site = new Site(Fault.LISTED_SENDERS)) {
            assertThat(Run.problems(
                            site.run().withoutTls().other("bob@example.com").findings()))
                    .containsEntry("identity.envelope", Verdict.FAIL)
                    .containsEntry("identity.from", Verdict.FAIL);
        }
    }

    @Test
    void aBrakeThatHoldsAnAccountIsSeenByItsRightPassword() throws Exception {
        try (Site site = new Site(Fault.LOGIN_DELAYED)) {
            assertThat(Run.problems(site.run().withoutTls().findings())).doesNotContainKey("auth.brake");
        }
    }

    @Test
    void aBrakeThatHoldsANameIsSeenByTheSameNameTwice() throws Exception {
        try (Site site = new Site(Fault.LOGIN_DELAYED)) {
            assertThat(site.stranger().withoutTls().findings())
                    .filteredOn(finding -> finding.check().id().equals("auth.brake"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.verdict()).isEqualTo(Verdict.PASS));
        }
    }

    @Test
    void aLoginInOneLineIsTriedOnce() throws Exception {
        try (Site site = new Site(Fault.AUTH_CLEAR_ONE_LINE)) {
            Map<String, Verdict> problems = Run.problems(site.run().withoutTls().findings());
            assertThat(problems).containsEntry("auth.clear-taken", Verdict.FAIL);
            // Two wrong logins a run, and not one more.
            long logins = Stream.of(site.mx, site.submission, site.submissions)
                    .flatMap(server -> server.heard().stream())
                    .filter(line -> line.startsWith("AUTH PLAIN ") && !line.contains("c2VjcmV0IG9mIGFsaWNl"))
                    .filter(line -> !new String(
                                    java.util.Base64.getDecoder().decode(line.substring(11)),
                                    java.nio.charset.StandardCharsets.UTF_8)
                            .contains("secret of alice"))
                    .count();
            assertThat(logins).isEqualTo(2);
        }
    }

    @Test
    void aRateLimitEndsTheRunAndIsTold() throws Exception {
        try (Site site = new Site(Fault.RATE_LIMIT)) {
            Run run = site.run().withoutTls();
            List<Finding> findings = run.findings();
            assertThat(run.budget().heldOff())
                    .hasValueSatisfying(answer -> assertThat(answer).contains("rate limit"));
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().startsWith("relay."))
                    .isNotEmpty()
                    .noneMatch(finding -> finding.verdict() == Verdict.PASS);
            int before = site.mx.connections() + site.submission.connections() + site.submissions.connections();
            assertThat(before).isLessThan(600);
        }
    }

    /** As Exim, which takes twenty at a time by default, and is slow to notice that one has ended. */
    @Test
    void aServerThatTakesFewConnectionsAtATimeIsAuditedMoreSlowly() throws Exception {
        try (Site site = new Site(Fault.FEW_AT_ONCE)) {
            Run run = site.run();
            assertThat(beside(Run.problems(run.findings()))).isEmpty();
            assertThat(run.budget().heldOff()).isEmpty();
        }
    }

    @Test
    void greylistingAndAForeignDomainWithoutMailAreNoRefusals() throws Exception {
        try (Site site = new Site(Fault.GREYLISTS)) {
            assertThat(Run.problems(site.run().withoutTls().findings()))
                    .containsEntry("relay.accepted", Verdict.NOT_TESTABLE);
        }
        try (Site site = new Site(Fault.BLAMES_THE_DOMAIN)) {
            assertThat(Run.problems(site.run().withoutTls().findings()))
                    .containsEntry("relay.accepted", Verdict.NOT_TESTABLE);
        }
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void aHostileServerCostsNoMoreThanTheBudget(Fault fault) throws Exception {
        try (Site site = new Site(fault)) {
            long start = System.nanoTime();
            List<Finding> findings = site.run()
                    .withoutTls()
                    .within(Duration.ofSeconds(12), Duration.ofSeconds(1))
                    .findings();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(40));
            assertThat(findings)
                    .filteredOn(finding -> finding.check().id().equals("relay.accepted"))
                    .isNotEmpty()
                    .noneMatch(finding -> finding.verdict() == Verdict.PASS);
        }
    }

    static Stream<Fault> hostile() {
        return Stream.of(Fault.ENDLESS_GREETING, Fault.ENDLESS_EHLO, Fault.TARPIT, Fault.HANGS_UP_AFTER_THREE);
    }

    @Test
    void tlsThatNeverAnswersIsNotTestable() throws Exception {
        try (Site site = new Site(Fault.HALF_OPEN_TLS)) {
            Map<String, Verdict> problems = Run.problems(site.run()
                    .within(Duration.ofSeconds(25), Duration.ofSeconds(1))
                    .findings());
            assertThat(problems)
                    .containsEntry("tls.old-version", Verdict.NOT_TESTABLE)
                    .containsEntry("certificate.trust", Verdict.NOT_TESTABLE);
        }
    }

    @Test
    void whatAServerSaysCantCommandATerminal() throws Exception {
        try (Site site = new Site(Fault.TERMINAL_ESCAPES, Fault.PRODUCT)) {
            List<Finding> findings = site.run().withoutTls().findings();
            Result result = new Result(
                    "localhost",
                    List.of(),
                    java.time.Instant.EPOCH,
                    Duration.ZERO,
                    0,
                    java.util.Optional.empty(),
                    findings);
            assertThat(new org.rempart.audit.report.TerminalReport(false, true).of(result))
                    .contains("\\u001b[2J")
                    .doesNotContain("\u001b")
                    .doesNotContain("\u0007");
            assertThat(new org.rempart.audit.report.HtmlReport().of(result)).doesNotContain("<script>alert");
        }
    }

    /** Of disguised recipients nobody knows then what becomes of them; that is no relaying. */
    @Test
    void aCatchAllIsNoOpenRelayOnSubmissionEither() throws Exception {
        try (Site site = new Site(Fault.CATCH_ALL, Fault.OPEN_SUBMISSION)) {
            assertThat(Run.problems(site.run().withoutTls().findings()))
                    .containsEntry("relay.accepted", Verdict.WARN)
                    .containsEntry("relay.unknown-recipient", Verdict.WARN)
                    .containsEntry("auth.required", Verdict.FAIL);
        }
    }

    @Test
    void aServerThatTakesEhloOnceIsAudited() throws Exception {
        try (Site site = new Site(Fault.EHLO_ONCE)) {
            assertThat(beside(Run.problems(site.run().withoutTls().findings()))).isEmpty();
        }
    }

    @Test
    void startTlsWithoutAHandshakeIsAFinding() throws Exception {
        try (ScriptedSmtp mx = ScriptedSmtp.start(false, false, identity.context(), Fault.TLS_FAILS)) {
            assertThat(Run.problems(
                            Run.of(Map.of(Service.SMTP, mx.port())).withoutTls().findings()))
                    .containsEntry("starttls.offered", Verdict.FAIL);
        }
    }

    @Test
    void noTlsAtAllIsAFinding() throws Exception {
        try (ScriptedSmtp mx = ScriptedSmtp.start(false, false, identity.context(), Fault.NO_STARTTLS)) {
            Map<String, Verdict> problems =
                    Run.problems(Run.of(Map.of(Service.SMTP, mx.port())).findings());
            assertThat(problems).containsEntry("starttls.offered", Verdict.FAIL);
            assertThat(problems.get("tls.old-version")).isEqualTo(Verdict.NOT_TESTABLE);
        }
    }

    @Test
    void aCarriageReturnAloneIsFound() throws Exception {
        try (ScriptedSmtp mx = ScriptedSmtp.start(false, false, identity.context(), Fault.BARE_CR_ENDS_COMMAND)) {
            assertThat(Run.problems(
                            Run.of(Map.of(Service.SMTP, mx.port())).withoutTls().findings()))
                    .containsEntry("smuggling.command-lines", Verdict.FAIL);
        }
    }
}
