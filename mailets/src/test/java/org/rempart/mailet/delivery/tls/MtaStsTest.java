/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.TestClock;

@Timeout(600)
class MtaStsTest {
    private static final String A = "a.example";
    private static final String MX = "mx1.hosting.example";
    private static final String ENFORCE =
            "version: STSv1\r\nmode: enforce\r\nmx: *.hosting.example\r\nmx: mail.a.example\r\nmax_age: 604800\r\n";

    private final TestClock clock = new TestClock();
    private final TxtRecords dns = new TxtRecords();
    private PolicyHosts hosts;

    @TempDir
    private Path folder;

    @BeforeEach
    void startHosts() throws IOException {
        hosts = new PolicyHosts(A, "b.example", "xn--bcher-kva.example");
    }

    @AfterEach
    void stopHosts() {
        hosts.close();
    }

    private MtaSts mtaSts() throws IOException {
        return mtaSts(hosts.trust(), Duration.ofMinutes(5));
    }

    private MtaSts mtaSts(SSLContext trust, Duration longest) throws IOException {
        return new MtaSts(
                dns,
                new MtaStsFetcher(dns, trust, hosts.port(), longest),
                Optional.of(folder),
                List.of("TLSv1.3", "TLSv1.2"),
                clock);
    }

    private static Optional<TlsPolicySource.Statement> find(MtaSts mtaSts, String domain) {
        return mtaSts.find(Domain.of(domain), MX);
    }

    @Test
    void aPolicyThatIsEnforcedBindsAndNamesItsHosts() throws Exception {
        dns.announce(A, "20300101");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            TlsPolicySource.Statement statement = find(mtaSts, A).orElseThrow();
            TlsRequirement requirement = statement.requirement();

            assertThat(statement.isBinding()).isTrue();
            assertThat(requirement.level()).isEqualTo(TlsLevel.VERIFY);
            assertThat(requirement.source()).isEqualTo("mta-sts");
            assertThat(requirement.refusal("MX1.hosting.example.")).isEmpty();
            assertThat(requirement.refusal("mail.a.example")).isEmpty();
            assertThat(requirement.refusal("mx.b.hosting.example")).isPresent();
            assertThat(requirement.refusal("hosting.example")).isPresent();
            assertThat(requirement.rule().toString())
                    .contains("mode: enforce, mx: *.hosting.example, mx: mail.a.example")
                    .contains("https://mta-sts.a.example/.well-known/mta-sts.txt, id 20300101")
                    .contains("until 2030-01-08T00:00:00Z");
            assertThat(mtaSts.describe(Domain.of(A))).contains("mode: enforce");
            assertThat(hosts.requests()).containsExactly("mta-sts.a.example");
        }
    }

    @Test
    void onePolicyDoesNotTouchAnotherDomainWithTheSameHosts() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            assertThat(find(mtaSts, "b.example")).isEmpty();
            assertThat(find(mtaSts, "sub.a.example")).isEmpty();
        }
    }

    @Test
    void aPolicyThatIsTestedBindsNot() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE.replace("enforce", "testing"));
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A))
                    .hasValueSatisfying(
                            statement -> assertThat(statement.isBinding()).isFalse());
        }
    }

    @Test
    void aPolicyIsTakenBackByTheModeNone() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            dns.announce(A, "2");
            hosts.publish(A, "version: STSv1\nmode: none\nmax_age: 86400\n");
            clock.goOn(Duration.ofMinutes(15));
            mtaSts.refresh();
            assertThat(find(mtaSts, A)).isEmpty();
        }
    }

    @Test
    void withoutARecordNobodyIsAskedAndThatIsRememberedForAWhile() throws Exception {
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(dns.questions()).isEqualTo(1);
            assertThat(hosts.requests()).isEmpty();
            assertThat(mtaSts.describe(Domain.of(A))).isEqualTo("none: no TXT record at _mta-sts.a.example");

            dns.announce(A, "1");
            clock.goOn(Duration.ofMinutes(10));
            assertThat(find(mtaSts, A)).isPresent();
        }
    }

    @Test
    void aPolicyOutlivesDnsWebServerAndRestartButNotItsTime() throws Exception {
        dns.announce(A, "1");
        dns.announce("bücher.example", "0");
        dns.announce("xn--bcher-kva.example", "1");
        hosts.publish(A, ENFORCE);
        hosts.publish("xn--bcher-kva.example", ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            assertThat(find(mtaSts, "Bücher.example")).isPresent();
            // The record changes, and the web server has nothing: somebody would like to be rid of the policy.
            dns.announce(A, "2");
            hosts.silence();
            clock.goOn(Duration.ofMinutes(15));
            mtaSts.refresh();
            assertThat(find(mtaSts, A)).isPresent();
            dns.silence();
            clock.goOn(Duration.ofDays(1));
            mtaSts.refresh();
            assertThat(find(mtaSts, A)).isPresent();
        }
        try (MtaSts restarted = mtaSts()) {
            assertThat(find(restarted, A).orElseThrow().requirement().refusal(MX))
                    .isEmpty();
            assertThat(find(restarted, A).orElseThrow().requirement().rule().toString())
                    .contains("id 1,");
            assertThat(find(restarted, "xn--bcher-kva.example")).isPresent();
            clock.goOn(Duration.ofDays(6));
            assertThat(find(restarted, A)).isEmpty();
            restarted.refresh();
            clock.goOn(Duration.ofMinutes(10));
            restarted.refresh();
            try (var files = Files.list(folder)) {
                assertThat(files)
                        .noneMatch(file -> file.getFileName().toString().startsWith("a.example"));
            }
        }
    }

    @Test
    void whatALookUpFoundThatBeganBeforeTheEndIsNoLongerTrueAfterIt() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        CountDownLatch answered = new CountDownLatch(1);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            dns.announce(A, "2");
            hosts.answer(A, exchange -> {
                try {
                    answered.await();
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
                exchange.sendResponseHeaders(404, -1);
            });
            clock.goOn(Duration.ofDays(7).minusMinutes(1));
            assertThat(find(mtaSts, A)).isPresent();
            await().until(() -> hosts.requests().size() == 2);
            clock.goOn(Duration.ofMinutes(2));
            CompletableFuture<Optional<TlsPolicySource.Statement>> late = new CompletableFuture<>();
            Thread asking = new Thread(() -> late.complete(find(mtaSts, A)), "asking");
            asking.start();
            await().until(() -> asking.getState() == Thread.State.WAITING);
            answered.countDown();
            assertThat(late.join()).isEmpty();
        }
    }

    @Test
    void aNewIdBringsTheNewPolicyAndADayDoesEvenWithoutOne() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            mtaSts.refresh();
            assertThat(hosts.requests()).hasSize(1);

            hosts.publish(A, ENFORCE.replace("mail.a.example", "second.a.example"));
            dns.announce(A, "2");
            clock.goOn(Duration.ofMinutes(15));
            mtaSts.refresh();
            assertThat(find(mtaSts, A).orElseThrow().requirement().refusal("second.a.example"))
                    .isEmpty();

            hosts.publish(A, ENFORCE.replace("mail.a.example", "third.a.example"));
            clock.goOn(Duration.ofMinutes(15));
            mtaSts.refresh();
            assertThat(hosts.requests()).hasSize(2);
            assertThat(find(mtaSts, A)).isPresent();
            clock.goOn(Duration.ofDays(1));
            mtaSts.refresh();
            assertThat(find(mtaSts, A).orElseThrow().requirement().refusal("third.a.example"))
                    .isEmpty();
        }
    }

    @Test
    void aPolicyThatNobodyUsesIsRenewedBeforeItEnds() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
            clock.goOn(Duration.ofMinutes(15));
            mtaSts.refresh();
            clock.goOn(Duration.ofDays(6));
            mtaSts.refresh();
            assertThat(hosts.requests()).hasSize(2);
            clock.goOn(Duration.ofDays(2));
            assertThat(find(mtaSts, A).orElseThrow().requirement().rule().toString())
                    .contains("until 2030-01-14");
        }
    }

    @Test
    void thePolicyHostIsWhereOurDnsHasItAndItsFurtherAddressesAreTried() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        // Nobody listens at the first.
        dns.host(A, InetAddress.getByName("127.0.0.66"), InetAddress.getLoopbackAddress());
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
        }
        assertThat(hosts.requests()).containsExactly("mta-sts.a.example");
    }

    @Test
    void theReasonTellsNoAddressFromNoAnswer() throws Exception {
        dns.announce(A, "1");
        dns.host(A);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.describe(Domain.of(A)))
                    .isEqualTo("none: https://mta-sts.a.example/.well-known/mta-sts.txt: the host is not known");
            dns.fail();
            assertThat(find(mtaSts, "b.example")).isEmpty();
            assertThat(mtaSts.describe(Domain.of("b.example")))
                    .isEqualTo("none: the DNS does not answer for _mta-sts.b.example");
        }
    }

    @Test
    void manyHostsThatStallKeepNoOtherDomainWaiting() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        // A port that takes connections and never answers.
        try (ServerSocket silent = new ServerSocket(hosts.port(), 100, InetAddress.getByName("127.0.0.67"));
                MtaSts mtaSts = mtaSts(hosts.trust(), Duration.ofSeconds(30))) {
            for (int number = 0; number < 50; number++) {
                String domain = "stalled" + number + ".example";
                dns.announce(domain, "1");
                dns.host(domain, silent.getInetAddress());
            }
            for (int number = 0; number < 50; number++) {
                String domain = "stalled" + number + ".example";
                Thread asking = new Thread(() -> find(mtaSts, domain), domain);
                asking.setDaemon(true);
                asking.start();
            }
            await().until(() -> dns.questions() == 50);
            assertThat(CompletableFuture.supplyAsync(() -> find(mtaSts, A)).get(20, TimeUnit.SECONDS))
                    .isPresent();
        }
    }

    /** Whatever the policy host does, mail goes as if there were no policy. */
    private void assertNothingComesOf(PolicyHosts.Answer answer, String reason) throws Exception {
        dns.announce(A, "1");
        hosts.answer(A, answer);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.describe(Domain.of(A))).contains(reason);
            int asked = hosts.requests().size();
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(hosts.requests()).hasSize(asked);
        }
    }

    @Test
    void anAnswerThatIsNoPolicyIsNone() throws Exception {
        assertNothingComesOf(exchange -> exchange.sendResponseHeaders(404, -1), "the server answers 404");
        assertNothingComesOf(exchange -> PolicyHosts.send(exchange, "text/plain", "hello\n"), "not key: value");
        assertNothingComesOf(exchange -> PolicyHosts.send(exchange, "text/html", ENFORCE), "not text/plain");
    }

    @Test
    void whatKeepsAPolicyFromBeingKnownIsTold() throws Exception {
        dns.announce(A, "1");
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.failure(Domain.of(A))).contains(TlsResult.STS_POLICY_FETCH_ERROR);
            hosts.publish(A, "<html>not found</html>");
            clock.goOn(Duration.ofMinutes(10));
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.failure(Domain.of(A))).contains(TlsResult.STS_POLICY_INVALID);
            hosts.publish(A, ENFORCE);
            clock.goOn(Duration.ofMinutes(10));
            assertThat(find(mtaSts, A)).isPresent();
            assertThat(mtaSts.failure(Domain.of(A))).isEmpty();
            assertThat(find(mtaSts, "b.example")).isEmpty();
            assertThat(mtaSts.failure(Domain.of("b.example"))).isEmpty();
        }
        dns.announce("b.example", "1");
        hosts.publish("b.example", ENFORCE);
        try (MtaSts mtaSts = mtaSts(hosts.trust(CertificateAuthority.create("another")), Duration.ofMinutes(5))) {
            assertThat(find(mtaSts, "b.example")).isEmpty();
            assertThat(mtaSts.failure(Domain.of("b.example"))).contains(TlsResult.STS_WEBPKI_INVALID);
        }
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        hosts.publish("b.example", ENFORCE);
        assertNothingComesOf(
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "https://mta-sts.b.example/.well-known/mta-sts.txt");
                    exchange.sendResponseHeaders(301, -1);
                },
                "the server answers 301");
        assertThat(hosts.requests()).doesNotContain("mta-sts.b.example");
    }

    @Test
    void aPolicyOfMoreThan64KiBIsNone() throws Exception {
        String long64 = ENFORCE + "x: y\r\n".repeat((64 * 1024 - ENFORCE.length()) / 6);
        dns.announce("b.example", "1");
        hosts.publish("b.example", long64);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, "b.example")).isPresent();
        }
        assertNothingComesOf(
                exchange -> PolicyHosts.send(exchange, "text/plain", long64 + "x: y\r\n"), "larger than 64 KiB");
    }

    @Test
    void aPolicyHostThatStallsCostsNoMoreThanItsTime() throws Exception {
        dns.announce(A, "1");
        hosts.stall(A);
        try (MtaSts mtaSts = mtaSts(hosts.trust(), Duration.ofSeconds(1))) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.describe(Domain.of(A))).startsWith("none: https://mta-sts.a.example");
        }
        hosts.answer(A, exchange -> {
            exchange.getResponseHeaders().add("Content-Type", "text/plain");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("version: STSv1\n".getBytes(StandardCharsets.US_ASCII));
            exchange.getResponseBody().flush();
            hosts.untilTheEnd();
        });
        try (MtaSts mtaSts = mtaSts(hosts.trust(), Duration.ofSeconds(1))) {
            assertThat(find(mtaSts, A)).isEmpty();
            assertThat(mtaSts.describe(Domain.of(A))).startsWith("none: https://mta-sts.a.example");
        }
    }

    @Test
    void theCertificateMustBeTrustedAndForThePolicyHost() throws Exception {
        dns.announce("c.example", "1");
        hosts.publish("c.example", ENFORCE);
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, "c.example")).isEmpty();
            assertThat(mtaSts.describe(Domain.of("c.example"))).contains("mta-sts.c.example");
        }
        try (MtaSts mtaSts = mtaSts(hosts.trust(CertificateAuthority.create("another CA")), Duration.ofMinutes(5))) {
            assertThat(find(mtaSts, A)).isEmpty();
        }
        assertThat(hosts.requests()).isEmpty();
    }

    @Test
    void aKeptFileThatIsDamagedIsLeftAside() throws Exception {
        dns.announce(A, "1");
        hosts.publish(A, ENFORCE);
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, A)).isPresent();
        }
        Path kept = folder.resolve("a.example.policy");
        byte[] whole = Files.readAllBytes(kept);
        Files.copy(kept, folder.resolve("b.example.policy"));
        dns.silence();
        for (int cut = 0; cut < whole.length; cut += 7) {
            Files.write(kept, Arrays.copyOf(whole, cut));
            try (MtaSts mtaSts = mtaSts()) {
                assertThat(find(mtaSts, "b.example")).isEmpty();
                find(mtaSts, A);
            }
        }
    }

    @Test
    void addressesAndNamesWithoutADotHaveNoPolicy() throws Exception {
        try (MtaSts mtaSts = mtaSts()) {
            assertThat(find(mtaSts, "[192.0.2.1]")).isEmpty();
            assertThat(find(mtaSts, "localhost")).isEmpty();
            assertThat(dns.questions()).isZero();
        }
    }
}
