/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.file.Policies;

/** H: what of a header leaves. */
class HeaderPolicyTest {
    private static final Rule STRIP = Rule.byDefault("strip");
    private static final Rule KEEP = Rule.byDefault("keep");

    private static HeaderPattern pattern(String text) throws PolicyException {
        return HeaderPattern.parse(text);
    }

    @ParameterizedTest
    @CsvSource({
        "X-Acme-Host, STRIP",
        "x-acme-HOST, STRIP",
        "X-ACME-, STRIP",
        "X-Acme, KEEP",
        "X-Acme-Public, KEEP",
        "X-Acme-Public-Id, STRIP",
        "X-Acme-Open-Id, KEEP",
        "X-Acme-Open-Secret, STRIP",
        "X-Acme-Open-Secret-2, KEEP",
        "X-Abc, KEEP",
        "X-Zzz, KEEP",
        "A, KEEP",
        "Subject, KEEP",
        "Received, REWRITE",
        "RECEIVED, REWRITE",
    })
    void mostSpecificNameWins(String name, HeaderVerdict expected) throws PolicyException {
        HeaderPolicy policy = HeaderPolicy.builder()
                .strip(pattern("X-Acme-*"), STRIP)
                .keep(pattern("X-Acme-Public"), KEEP)
                .keep(pattern("X-Acme-Open-*"), KEEP)
                .strip(pattern("X-Acme-Open-Secret"), STRIP)
                .build();
        assertThat(policy.decide(name).verdict()).isEqualTo(expected);
    }

    @Test
    void keepWinsOverStripOfTheSameName() throws PolicyException {
        HeaderPolicy policy = HeaderPolicy.builder()
                .keep(pattern("User-Agent"), KEEP)
                .strip(HeaderPreset.CLIENT, STRIP)
                .keep(pattern("X-Spam-*"), KEEP)
                .strip(HeaderPreset.FILTER, STRIP)
                .build();
        assertThat(policy.decide("User-Agent").rule()).isEqualTo(KEEP);
        assertThat(policy.decide("X-Spam-Score").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.decide("X-Spam").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.decide("X-Mailer").verdict()).isEqualTo(HeaderVerdict.STRIP);
    }

    @ParameterizedTest
    @CsvSource({"KEEP, KEEP", "REWRITE, REWRITE", "REMOVE, STRIP"})
    void receivedHasAHandlingOfItsOwn(ReceivedHandling handling, HeaderVerdict expected) throws PolicyException {
        HeaderPolicy policy = HeaderPolicy.builder()
                .strip(pattern("Re*"), STRIP)
                .received(Decision.of(handling, KEEP))
                .build();
        assertThat(policy.decide("Received").verdict()).isEqualTo(expected);
        assertThat(policy.decide("Received").rule()).isEqualTo(KEEP);
        assertThat(policy.decide("Received-SPF").verdict()).isEqualTo(HeaderVerdict.STRIP);
    }

    @Test
    void receivedByNameIsToldAsItsHandling() throws PolicyException {
        HeaderPolicy stripped =
                HeaderPolicy.builder().strip(pattern("Received"), STRIP).build();
        assertThat(stripped.received().verdict()).isEqualTo(ReceivedHandling.REMOVE);
        assertThat(stripped.received().rule()).isEqualTo(STRIP);
        assertThat(stripped.decide("Received").verdict()).isEqualTo(HeaderVerdict.STRIP);
        HeaderPolicy kept =
                HeaderPolicy.builder().keep(pattern("received"), KEEP).build();
        assertThat(kept.received().verdict()).isEqualTo(ReceivedHandling.KEEP);
    }

    @Test
    void caseIsThatOfAsciiInEveryLocale() throws PolicyException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(new Locale("tr", "TR"));
            HeaderPolicy policy =
                    HeaderPolicy.builder().strip(pattern("X-MAILER-ID"), STRIP).build();
            assertThat(policy.decide("x-mailer-id").verdict()).isEqualTo(HeaderVerdict.STRIP);
            assertThat(policy.decide("X-Mailer-Id").verdict()).isEqualTo(HeaderVerdict.STRIP);
            assertThat(policy.decide("X-Mailer-\u0130d").verdict()).isEqualTo(HeaderVerdict.KEEP);
            assertThat(policy.decide("X-Mailer-\u0131d").verdict()).isEqualTo(HeaderVerdict.KEEP);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void innerNetworksStandBesideInnerDomains() throws Exception {
        HeaderPolicy policy = Policies.read("<policy><headers><values"
                        + " inner='corp.example, 203.0.113.0/24, 2001:db8:7::/48, 198.51.100.7'>rewrite</values></headers>"
                        + "</policy>")
                .headers();
        assertThat(policy.innerDomains()).containsExactly("corp.example");
        for (String address : new String[] {"203.0.113.200", "2001:db8:7::1", "198.51.100.7"}) {
            assertThat(policy.innerNetworks().containing(InetAddress.getByName(address)))
                    .as(address)
                    .isNotEmpty();
        }
        assertThat(policy.innerNetworks().containing(InetAddress.getByName("198.51.100.8")))
                .isEmpty();
    }

    @Test
    void valuesAreRewrittenUnlessSaidOtherwise() throws PolicyException {
        assertThat(HeaderPolicy.builder().build().rewriteValues().verdict()).isTrue();
        HeaderPolicy policy = Policies.read(
                        "<policy><headers><values inner='CORP.example., local'>keep</values></headers></policy>")
                .headers();
        assertThat(policy.rewriteValues().verdict()).isFalse();
        assertThat(policy.rewriteValues().toString()).contains("<values inner=");
        assertThat(policy.innerDomains()).containsExactly("corp.example", "local");
    }

    @Test
    void signedFieldsAreKeptUnlessSaidOtherwise() {
        assertThat(HeaderPolicy.builder().build().keepSigned().verdict()).isTrue();
        assertThat(HeaderPolicy.builder().keepSigned(false, KEEP).build().keepSigned())
                .satisfies(decision -> assertThat(decision.verdict()).isFalse())
                .satisfies(decision -> assertThat(decision.rule()).isEqualTo(KEEP));
    }

    @Test
    void laterRulesDoNotReachWhatWasBuilt() throws PolicyException {
        HeaderPolicy.Builder builder = HeaderPolicy.builder();
        HeaderPolicy built = builder.build();
        builder.strip(pattern("X-A"), STRIP).strip(pattern("X-*"), STRIP);
        assertThat(built.decide("X-A").verdict()).isEqualTo(HeaderVerdict.KEEP);
    }

    @Test
    void patternThatSaysMoreWins() throws PolicyException {
        HeaderPolicy policy = HeaderPolicy.builder()
                .strip(pattern("X-*-Scan-*"), STRIP)
                .keep(pattern("X-Our-*"), KEEP)
                .keep(pattern("X-*-Scan-Public"), KEEP)
                .strip(pattern("X-Ourselves-*"), STRIP)
                .keep(pattern("X-*selves-S*"), KEEP)
                .keep(pattern("X-One-Scan-Id"), KEEP)
                .strip(pattern("R*d"), STRIP)
                .build();
        assertThat(policy.decide("X-Acme-Scan-Id").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.decide("X-One-Scan-Id").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.decide("X-Acme-Scan-Public").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.decide("X-Our-Scan-Id").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.decide("X-Our-Scan").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.decide("X-Ourselves-S").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.decide("Resolved").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.decide("Received").verdict()).isEqualTo(HeaderVerdict.REWRITE);
        assertThat(policy.names("X-Other")).isFalse();
    }

    /** The sorted look-up finds what a scan of all patterns finds. */
    @Property
    void likeAScan(@ForAll("patterns") List<String> patterns, @ForAll("names") List<String> names)
            throws PolicyException {
        HeaderPolicy.Builder builder = HeaderPolicy.builder();
        Map<HeaderPattern, Rule> rules = new LinkedHashMap<>();
        for (String text : patterns) {
            HeaderPattern pattern = pattern(text);
            Rule rule = Rule.byDefault(pattern.toString());
            builder.strip(pattern, rule);
            rules.put(pattern, rule);
        }
        HeaderPolicy policy = builder.build();
        for (String name : names) {
            List<HeaderPattern> meant = new ArrayList<>(rules.keySet());
            meant.removeIf(pattern -> !pattern.matches(name));
            // A name is more specific than any pattern with a star, then what says more, then what has its star behind.
            meant.sort(Comparator.comparing((HeaderPattern pattern) -> !pattern.isName())
                    .thenComparing(pattern -> -pattern.said())
                    .thenComparing(pattern -> !pattern.isPrefix())
                    .thenComparing(HeaderPattern::toString));
            Decision<HeaderVerdict> decision = policy.decide(name);
            if (meant.isEmpty()) {
                assertThat(decision.verdict()).isEqualTo(HeaderVerdict.KEEP);
            } else {
                assertThat(decision.rule()).isEqualTo(rules.get(meant.get(0)));
            }
        }
    }

    @Provide
    Arbitrary<List<String>> names() {
        return Arbitraries.strings()
                .withChars("aAb-")
                .ofMinLength(1)
                .ofMaxLength(5)
                .list()
                .ofMaxSize(20);
    }

    @Provide
    Arbitrary<List<String>> patterns() {
        Arbitrary<String> name =
                Arbitraries.strings().withChars("aAb-").ofMinLength(1).ofMaxLength(5);
        return Arbitraries.oneOf(
                        name,
                        name.map(text -> text + "*"),
                        Combinators.combine(name, name).as((start, end) -> start + "*" + end),
                        Combinators.combine(name, name).as((start, middle) -> start + "*" + middle + "*"))
                .list()
                .ofMaxSize(12);
    }
}
