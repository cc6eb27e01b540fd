/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.dkim.DkimRecord;
import org.rempart.policy.file.Policies;
import org.rempart.policy.file.Policy;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SubaddressPolicy;
import org.rempart.policy.headers.HeaderPattern;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.inbound.InboundPolicy;
import org.rempart.policy.relay.RelayPolicy;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.IdentityPolicy;
import org.rempart.policy.submission.IdentityRequirement;
import org.rempart.policy.submission.Quantities;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.SubmissionPolicy;
import org.rempart.policy.submission.UnusualUse;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.trail.AuditPolicy;

/** The small values: what they print, when they are equal, and that nothing in them changes. */
class ValuesTest {
    static Stream<Class<?>> immutable() {
        return Stream.of(
                Policy.class,
                RelayPolicy.class,
                RelayPolicy.Allow.class,
                RelayRequest.class,
                SubmissionPolicy.class,
                IdentityPolicy.class,
                RateLimit.class,
                RateLimit.Quantity.class,
                FailureLimit.class,
                UnusualUse.class,
                AuditPolicy.class,
                ForwardPolicy.class,
                SubaddressPolicy.class,
                DkimPolicy.class,
                InboundPolicy.class,
                DkimPolicy.Sign.class,
                DkimKey.class,
                DkimRecord.class,
                HeaderPolicy.class,
                HeaderPattern.class,
                TlsPolicy.class,
                DomainTable.class,
                DomainPattern.class,
                Networks.class,
                Rule.class,
                Decision.class,
                Location.class);
    }

    @ParameterizedTest
    @MethodSource("immutable")
    void fieldsArePrivateAndFinal(Class<?> type) {
        assertThat(Modifier.isFinal(type.getModifiers())).isTrue();
        assertThat(type.getDeclaredFields())
                .filteredOn(field -> !field.isSynthetic())
                .allMatch(field -> Modifier.isFinal(field.getModifiers()) && Modifier.isPrivate(field.getModifiers()));
    }

    @Test
    void everyPublicClassIsAmongThem() throws Exception {
        // A policy's parts are found by its fields, so that a new one can't be forgotten here.
        for (Field field : Policy.class.getDeclaredFields()) {
            if (field.getType().getPackage() == Policy.class.getPackage()) {
                assertThat(immutable()).contains(field.getType());
            }
        }
    }

    @Test
    void collectionsCannotBeChanged() throws Exception {
        Policy policy = Policies.read(Policies.SAMPLE);
        for (List<?> list : List.of(
                policy.warnings(),
                policy.relay().rules(),
                policy.relay().rules().get(1).senderDomains(),
                policy.submission().rates(),
                policy.submission().failures(),
                policy.tls().protocols(),
                HeaderPreset.CLIENT.patterns())) {
            assertThatThrownBy(() -> list.remove(null)).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void locationIsPrintedAsEditorsJumpToIt() {
        Location location = Location.of("rempart.xml", 12, 5);
        assertThat(location).hasToString("rempart.xml:12:5");
        assertThat(location)
                .isEqualTo(Location.of("rempart.xml", 12, 5))
                .hasSameHashCodeAs(Location.of("rempart.xml", 12, 5))
                .isNotEqualTo(Location.of("rempart.xml", 12, 6))
                .isNotEqualTo(Location.of("rempart.xml", 13, 5))
                .isNotEqualTo(Location.of("other.xml", 12, 5));
        assertThat(List.of(location.file(), location.line(), location.column()))
                .isEqualTo(List.of("rempart.xml", 12, 5));
    }

    @Test
    void ruleSaysWhereItStands() {
        Rule written = Rule.at("<allow/>", Location.of("rempart.xml", 1, 2));
        assertThat(written).hasToString("<allow/> (rempart.xml:1:2)");
        assertThat(written.location()).isPresent();
        assertThat(Rule.byDefault("<allow/>")).hasToString("<allow/> (default)").isNotEqualTo(written);
        assertThat(Rule.byDefault("x")).isEqualTo(Rule.byDefault("x")).hasSameHashCodeAs(Rule.byDefault("x"));
    }

    @Test
    void decisionSaysVerdictAndRule() {
        assertThat(Decision.of(RelayVerdict.DENIED, Rule.byDefault("none"))).hasToString("DENIED by none (default)");
    }

    @Test
    void faultWithoutAPlace() {
        PolicyException fault = new PolicyException("it is wrong", "write it right");
        assertThat(fault).hasMessage("it is wrong; write it right");
        assertThat(fault.location()).isEmpty();
        PolicyException placed = new PolicyException(Location.of("rempart.xml", 3, 4), fault);
        assertThat(placed)
                .hasMessage("rempart.xml:3:4: it is wrong; write it right")
                .hasCause(fault);
        assertThat(placed.location()).contains(Location.of("rempart.xml", 3, 4));
    }

    @ParameterizedTest
    @CsvSource({"30s, 30", "90s, 90", "10m, 600", "1h, 3600", "90m, 5400", "1d, 86400", "366d, 31622400", "0001s, 1"})
    void durations(String text, long seconds) throws PolicyException {
        assertThat(Quantities.duration(text)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource({"200/1h, 200/1h", "1/60s, 1/1m", "5/90m, 5/90m", "2147483647/24h, 2147483647/1d", "3/90s, 3/90s"})
    void quantitiesArePrintedAsThePolicyWritesThem(String text, String printed) throws PolicyException {
        assertThat(Quantities.quantity(text)).hasToString(printed);
    }

    @Test
    void fractionOfASecondIsPrintedInFull() {
        assertThat(RateLimit.Quantity.of(1, Duration.ofMillis(1500))).hasToString("1/PT1.5S");
    }

    @Test
    void limitsThatLimitNothingCannotBeBuilt() {
        assertThatThrownBy(() -> RateLimit.Quantity.of(0, Duration.ofHours(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RateLimit.Quantity.of(1, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RateLimit.of(null, null, RateLimit.Then.HOLD, Rule.byDefault("x")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "OWN, true, true, true",
        "OWN, true, false, true",
        "OWN, false, true, false",
        "OWN, false, false, false",
        "DOMAIN, true, true, true",
        "DOMAIN, true, false, true",
        "DOMAIN, false, true, true",
        "DOMAIN, false, false, false",
        "ANY, true, true, true",
        "ANY, false, false, true",
    })
    void identity(IdentityRequirement requirement, boolean owns, boolean ours, boolean expected) {
        Rule rule = Rule.byDefault("x");
        IdentityPolicy envelope = IdentityPolicy.of(requirement, IdentityRequirement.ANY, rule);
        IdentityPolicy header = IdentityPolicy.of(IdentityRequirement.ANY, requirement, rule);
        assertThat(envelope.decideEnvelope(() -> owns, () -> ours).verdict()).isEqualTo(expected);
        assertThat(header.decideHeader(() -> owns, () -> ours).verdict()).isEqualTo(expected);
        assertThat(envelope.decideEnvelope(() -> owns, () -> ours).rule()).isEqualTo(rule);
    }

    @Test
    void identityAsksOnlyWhatCounts() {
        AtomicInteger asked = new AtomicInteger();
        IdentityPolicy any = IdentityPolicy.of(IdentityRequirement.ANY, IdentityRequirement.OWN, Rule.byDefault("x"));
        any.decideEnvelope(() -> asked.incrementAndGet() > 0, () -> asked.incrementAndGet() > 0);
        assertThat(asked).hasValue(0);
        any.decideHeader(() -> asked.incrementAndGet() > 0, () -> asked.incrementAndGet() > 0);
        assertThat(asked).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({
        "relya, possible are relay; tls (is relay meant?)",
        "RELAY, possible are relay; tls (is relay meant?)",
        "tl, possible are relay; tls (is tls meant?)",
        "networks, possible are relay; tls",
        "x, possible are relay; tls",
    })
    void likelyWord(String written, String expected) {
        assertThat(Wording.possible(written, List.of("relay", "tls"))).isEqualTo(expected.replace(";", ","));
    }

    @Test
    void longListsAndWordsAreCut() {
        assertThat(Wording.possible("x", java.util.Collections.nCopies(13, "word")))
                .endsWith("word, word, …");
        assertThat(Wording.quoted("a\n\tb\u0085c\u202Ed")).isEqualTo("\"a b c d\"");
        assertThat(Wording.quoted("x".repeat(1_000_000))).hasSizeLessThan(100).endsWith("…\"");
    }
}
