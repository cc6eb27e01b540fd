/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.OidcSASLConfiguration;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.AuthHook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.ClientNetwork;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.MemoryLoginFailureLedger;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.FailureLimit.Per;
import org.rempart.policy.submission.RateLimit.Quantity;

class SubmissionLoginFailuresTest {
    private static final String POLICY = "<failures per=\"address\" limit=\"3/10m\" then=\"block/1h\"/>"
            + "<failures per=\"account\" limit=\"5/10m\" then=\"block/30m\"/>";

    private final AtomicLong now = new AtomicLong();
    private final MemoryLoginFailureLedger ledger = new MemoryLoginFailureLedger(now::get, 1000);
    private final SubmissionFakes.Directory directory = new SubmissionFakes.Directory();
    private final SubmissionFakes.Session session = new SubmissionFakes.Session();

    /** Stands in for James's own, which answers a right password with OK and leaves a wrong one to the next. */
    private final AuthHook james = new AuthHook() {
        @Override
        public HookResult doAuth(SMTPSession client, Username username, String password) {
            if (password.equals("broken")) {
                throw new IllegalStateException("broken");
            }
            return password.equals("right")
                    ? HookResult.builder().hookReturnCode(HookReturnCode.ok()).build()
                    : HookResult.DECLINED;
        }

        @Override
        public HookResult doSasl(SMTPSession client, OidcSASLConfiguration configuration, String initialResponse) {
            return HookResult.DECLINED;
        }
    };

    private LoginFailuresHook hook;

    @BeforeEach
    void start() throws Exception {
        hook = SubmissionFakes.init(new LoginFailuresHook(
                ledger,
                directory.users(),
                SubmissionFakes.watch(),
                SubmissionFakes.notice(),
                SubmissionFakes.policy(POLICY)));
        hook.wireExtensions(AuthHook.class, List.of(hook, james));
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private int guesses;

    /** {@code wrong} is another wrong password each time. */
    private String login(String account, String password) {
        return tryOnce(account, password.equals("wrong") ? password + ++guesses : password);
    }

    private String tryOnce(String account, String password) {
        HookResult result = hook.doAuth(session.get(), Username.of(account), password);
        return result.getResult().getAction() == HookReturnCode.Action.OK ? "235" : result.getSmtpRetCode();
    }

    private Optional<String> connect() {
        return Optional.ofNullable(hook.onConnect(session.get())).map(Response::getRetCode);
    }

    @Test
    void anAddressIsBlockedAtItsLimitAndLaterNoMore() {
        assertThat(login("alice@ours.example", "wrong")).isEqualTo("535");
        assertThat(login("bob@ours.example", "wrong")).isEqualTo("535");
        assertThat(connect()).isEmpty();
        assertThat(login("nobody@ours.example", "wrong")).isEqualTo("535");

        assertThat(connect()).contains("421");
        assertThat(session.swallowing).isTrue();
        assertThat(hook.onCommand(session.get(), null).getRetCode()).isEqualTo("421");
        assertThat(login("alice@ours.example", "right")).isEqualTo("454");
        session.client("192.0.2.2");
        assertThat(connect()).isEmpty();
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");

        session.client("192.0.2.1");
        pass(Duration.ofHours(1).minusNanos(1));
        assertThat(connect()).contains("421");
        pass(Duration.ofNanos(1));
        assertThat(connect()).isEmpty();
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void failuresThatLieFarApartDoNotBlock() {
        for (int i = 0; i < 20; i++) {
            assertThat(login("alice@ours.example", "wrong")).isEqualTo("535");
            pass(Duration.ofMinutes(5));
        }
    }

    @Test
    void anAccountIsBlockedWhateverTheAddress() {
        for (String account : List.of("alice@ours.example", "nobody@ours.example")) {
            for (int i = 0; i < 5; i++) {
                session.client("198.51.100." + i);
                assertThat(login(account, "wrong")).isEqualTo("535");
            }
            session.client("203.0.113.1");
            assertThat(login(account, "right")).as(account).isEqualTo("454");
        }
        assertThat(login("bob@ours.example", "right")).isEqualTo("235");
        pass(Duration.ofMinutes(30));
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void aSuccessTakesBackWhatTheSameAccountFailedFromTheSameAddress() {
        for (int i = 0; i < 10; i++) {
            login("alice@ours.example", "wrong");
            login("alice@ours.example", "wrong");
            assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        }
        assertThat(ledger.size(Per.ADDRESS)).isZero();
        assertThat(ledger.size(Per.ACCOUNT)).isZero();
    }

    @Test
    void afterEachFailureTheNextAttemptHasToWaitTwiceAsLong() throws Exception {
        hook = SubmissionFakes.init(new LoginFailuresHook(
                ledger,
                directory.users(),
                SubmissionFakes.watch(),
                SubmissionFakes.notice(),
                SubmissionFakes.policy("<failures per=\"address\" limit=\"9/1h\" delay=\"1s\" then=\"block/1h\"/>")));
        hook.wireExtensions(AuthHook.class, List.of(hook, james));
        for (int seconds = 1; seconds <= 32; seconds *= 2) {
            assertThat(login("alice@ours.example", "wrong")).isEqualTo("535");
            pass(Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(login("alice@ours.example", "right")).isEqualTo("454");
            assertThat(connect()).isEmpty();
            pass(Duration.ofNanos(1));
        }
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void anExemptNetworkIsNotCounted() throws Exception {
        hook = SubmissionFakes.init(new LoginFailuresHook(
                ledger,
                directory.users(),
                SubmissionFakes.watch(),
                SubmissionFakes.notice(),
                SubmissionFakes.policy(
                        "<failures per=\"address\" limit=\"2/1h\" then=\"block/1h\" exempt=\"office\"/>",
                        "<networks><network name=\"office\">192.0.2.0/28</network></networks>")));
        hook.wireExtensions(AuthHook.class, List.of(hook, james));
        for (int i = 0; i < 5; i++) {
            assertThat(login("alice@ours.example", "wrong")).isEqualTo("535");
        }
        assertThat(connect()).isEmpty();
        session.client("192.0.2.16");
        login("alice@ours.example", "wrong");
        login("alice@ours.example", "wrong");
        assertThat(connect()).contains("421");
    }

    @Test
    void aSuccessOfAnotherAccountResetsNothing() {
        for (int i = 0; i < 50; i++) {
            assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        }
        login("bob@ours.example", "wrong");
        login("bob@ours.example", "wrong");
        login("alice@ours.example", "right");
        login("bob@ours.example", "wrong");
        assertThat(login("bob@ours.example", "wrong")).isEqualTo("535");
        assertThat(login("bob@ours.example", "right")).isEqualTo("454");
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        assertThat(connect()).isEmpty();
    }

    @Test
    void theSameWrongPasswordCountsOnce() {
        for (int i = 0; i < 50; i++) {
            assertThat(tryOnce("alice@ours.example", "last year's")).isEqualTo("535");
            assertThat(tryOnce("bob@ours.example", "last year's")).isEqualTo("535");
            pass(Duration.ofSeconds(30));
        }
        assertThat(connect()).isEmpty();
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void whereAnAccountHasLoggedInItGoesOnWhateverOthersDo() {
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        for (int i = 0; i < 40; i++) {
            session.client("198.51.100." + i);
            login("alice@ours.example", "wrong");
            session.client("192.0.2.1");
            login("nobody" + i + "@ours.example", "wrong");
        }
        assertThat(login("nobody@ours.example", "right")).isEqualTo("454");
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        session.client("203.0.113.1");
        assertThat(login("alice@ours.example", "right")).isEqualTo("454");
    }

    @Test
    void aMistypedPasswordKeepsNobodyElseFromTheAddress() throws Exception {
        hook = SubmissionFakes.init(new LoginFailuresHook(
                ledger,
                directory.users(),
                SubmissionFakes.watch(),
                SubmissionFakes.notice(),
                SubmissionFakes.policy("<failures per=\"address\" limit=\"9/1h\" delay=\"1s\" then=\"block/1h\"/>")));
        hook.wireExtensions(AuthHook.class, List.of(hook, james));
        login("alice@ours.example", "wrong");
        assertThat(login("bob@ours.example", "right")).isEqualTo("235");
        assertThat(login("alice@ours.example", "right")).isEqualTo("454");
    }

    @Test
    void whereItIsKnownAnAccountThatIsGuessedAtOnlyWaits() {
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
        for (int i = 0; i < 3; i++) {
            assertThat(login("alice@ours.example", "wrong")).isEqualTo("535");
        }
        assertThat(login("alice@ours.example", "right")).isEqualTo("454");
        pass(Duration.ofSeconds(10));
        assertThat(login("alice@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void aPasswordThatIsTriedAtManyAccountsIsRefusedToStrangers() throws Exception {
        hook = SubmissionFakes.init(new LoginFailuresHook(
                ledger,
                directory.users(),
                SubmissionFakes.watch(),
                SubmissionFakes.notice(),
                SubmissionFakes.policy("<failures per=\"password\" limit=\"3/1h\" then=\"block/1h\"/>")));
        hook.wireExtensions(AuthHook.class, List.of(hook, james));
        for (int i = 0; i < 3; i++) {
            session.client("198.51.100." + i);
            assertThat(tryOnce("user" + i + "@ours.example", "Summer2026")).isEqualTo("535");
            assertThat(tryOnce("user" + i + "@ours.example", "Summer2026")).isEqualTo(i < 2 ? "535" : "454");
        }
        session.client("203.0.113.1");
        assertThat(tryOnce("bob@ours.example", "Summer2026")).isEqualTo("454");
        assertThat(login("bob@ours.example", "right")).isEqualTo("235");
    }

    @Test
    void anAccountThatIsLoggedInGoesOn() {
        session.account("alice@ours.example");
        SubmissionFakes.Session other = new SubmissionFakes.Session();
        for (int i = 0; i < 3; i++) {
            hook.doAuth(other.get(), Username.of("bob@ours.example"), "wrong" + i);
        }
        assertThat(hook.onCommand(other.get(), null).getRetCode()).isEqualTo("421");
        assertThat(hook.onCommand(session.get(), null)).isNull();
    }

    @Test
    void whileTheDirectoryIsDownFailuresDoNotCount() {
        directory.usersDown = true;
        for (int i = 0; i < 20; i++) {
            assertThat(login("alice@ours.example", "wrong")).isEqualTo("454");
        }
        assertThat(connect()).isEmpty();
    }

    @Test
    void whatEndedWithoutAnOutcomeTakesNoPlace() {
        for (int i = 0; i < 20; i++) {
            assertThat(tryOnce("alice@ours.example", "broken")).isEqualTo("454");
        }
        assertThat(ledger.size(Per.ADDRESS)).isZero();
        assertThat(ledger.size(Per.ACCOUNT)).isZero();
    }

    @Test
    void aTokenThatFailsCountsForTheAddress() {
        for (int i = 0; i < 3; i++) {
            assertThat(hook.doSasl(session.get(), null, "token" + i).getSmtpRetCode())
                    .isEqualTo("535");
        }
        assertThat(connect()).contains("421");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,192.0.2.1",
        "2001:db8:1:2:3:4:5:6,2001:db8:1:2:0:0:0:0/64",
        "2001:db8:1:2::9,2001:db8:1:2:0:0:0:0/64",
        "::ffff:192.0.2.1,192.0.2.1",
        "fe80::1,fe80:0:0:0:0:0:0:0/64",
    })
    void anIpv6AddressCountsAsItsNetwork(String address, String network) throws Exception {
        assertThat(ClientNetwork.subscriber(InetAddress.getByName(address))).isEqualTo(network);
    }

    private static List<FailureLimit> limits(int limit) {
        List<FailureLimit> limits = new ArrayList<>();
        for (Per per : Per.values()) {
            limits.add(FailureLimit.of(
                    per,
                    Quantity.of(limit, Duration.ofMinutes(10)),
                    Duration.ofHours(1),
                    Rule.byDefault("<failures/>")));
        }
        return limits;
    }

    private static InetAddress client(int number) throws Exception {
        return InetAddress.getByAddress(new byte[] {10, (byte) (number >> 16), (byte) (number >> 8), (byte) number});
    }

    @ParameterizedTest
    @CsvSource({"10", "1"})
    void madeUpNamesAddressesAndPasswordsTakeNoMoreThanTheirRoom(int limit) throws Exception {
        for (int i = 0; i < 5000; i++) {
            ledger.begin(limits(limit), LoginFailureLedger.Login.of(client(i), "name-" + i, "guess" + i))
                    .attempt()
                    .orElseThrow()
                    .failed();
        }
        for (Per per : Per.values()) {
            assertThat(ledger.size(per)).isEqualTo(1000);
        }
    }

    @Test
    void whatBrakesIsKeptLongerThanWhatDoesNot() throws Exception {
        LoginFailureLedger.Login first = LoginFailureLedger.Login.of(client(0), "first", "guess");
        ledger.begin(limits(1), first).attempt().orElseThrow().failed();
        for (int i = 1; i < 5000; i++) {
            ledger.begin(limits(10), LoginFailureLedger.Login.of(client(i), "name-" + i, "guess" + i))
                    .attempt()
                    .orElseThrow()
                    .failed();
        }
        assertThat(ledger.begin(limits(1), first).brake()).isPresent();
    }

    @Test
    void attemptsAtTheSameTimeAreNoWayAroundTheLimit() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(200);
        CountDownLatch start = new CountDownLatch(1);
        try {
            List<Future<Boolean>> tried = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                LoginFailureLedger.Login login = LoginFailureLedger.Login.of(client(1), "alice", "guess" + i);
                tried.add(clients.submit(() -> {
                    start.await();
                    Optional<LoginFailureLedger.Attempt> attempt =
                            ledger.begin(limits(10), login).attempt();
                    attempt.ifPresent(LoginFailureLedger.Attempt::failed);
                    return attempt.isPresent();
                }));
            }
            start.countDown();
            int passwords = 0;
            for (Future<Boolean> attempt : tried) {
                passwords += attempt.get() ? 1 : 0;
            }
            assertThat(passwords).isEqualTo(10);
        } finally {
            clients.shutdownNow();
        }
    }
}
