/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.rempart.policy.PolicyException;

/** Whatever the file holds, the loader answers with a policy or with a fault that has a place. */
class PolicyFilePropertyTest {
    private static final List<String> PIECES = List.of(
            "<",
            ">",
            "/>",
            "</",
            "\"",
            "'",
            "&",
            "&amp;",
            "&#0;",
            "&#x10FFFF;",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?x",
            "?>",
            "<!DOCTYPE policy>",
            "xmlns='x'",
            "a:b",
            "=",
            " ",
            "\n",
            "\r",
            "\t",
            "\0",
            "\u0085",
            "\uFFFF",
            "\uD83D\uDE00",
            "\uD83D",
            "*",
            "*.",
            ".",
            ",",
            "/",
            "0",
            "1",
            "-1",
            "99999999999",
            "true",
            "false",
            "none",
            "keep",
            "Received",
            "reason",
            "name",
            "network",
            "domain",
            "<policy>",
            "</policy>",
            "<relay/>",
            "<keep name='X-Spam-*'/>",
            "<to domain='*' level='verify'/>",
            "10.0.0.0/8",
            "::/0",
            "::ffff:1.2.3.4",
            "fe80::1%eth0",
            "\u0130",
            "\u212A",
            "xn--",
            "xn--a");

    private static void readsOrTellsThePlace(byte[] bytes) throws IOException {
        try {
            assertThat(PolicyFile.read(new ByteArrayInputStream(bytes), "rempart.xml")
                            .warnings())
                    .allMatch(warning -> warning.matches("rempart\\.xml:[1-9][0-9]*:[1-9][0-9]*: .+"));
        } catch (PolicyException fault) {
            assertThat(fault.getMessage()).matches("rempart\\.xml:[1-9][0-9]*:[1-9][0-9]*: .+; .+");
            assertThat(fault.location()).isPresent();
        }
    }

    @Property
    void anyBytes(@ForAll byte[] bytes) throws IOException {
        readsOrTellsThePlace(bytes);
    }

    @Property
    void anyBytesInARoot(@ForAll byte[] bytes) throws IOException {
        String text = "<policy><relay>" + new String(bytes, StandardCharsets.ISO_8859_1) + "</relay></policy>";
        readsOrTellsThePlace(text.getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 1500)
    void mutatedPolicy(@ForAll("policies") String policy, @ForAll("edits") List<Edit> edits) throws IOException {
        String mutated = policy;
        for (Edit edit : edits) {
            mutated = edit.apply(mutated);
        }
        readsOrTellsThePlace(mutated.getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 700)
    void anyTextForAnyAttribute(@ForAll("policies") String policy, @ForAll String value, @ForAll int which)
            throws IOException {
        String escaped = value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace("'", "&apos;")
                .replace("\"", "&quot;");
        List<java.util.regex.MatchResult> values = java.util.regex.Pattern.compile("=(['\"])[^'\"]*\\1")
                .matcher(policy)
                .results()
                .collect(java.util.stream.Collectors.toList());
        if (values.isEmpty()) {
            return;
        }
        java.util.regex.MatchResult replaced = values.get(Math.floorMod(which, values.size()));
        readsOrTellsThePlace(
                (policy.substring(0, replaced.start()) + "='" + escaped + "'" + policy.substring(replaced.end()))
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Provide
    Arbitrary<String> policies() {
        return Arbitraries.of(Policies.VALID);
    }

    @Provide
    Arbitrary<List<Edit>> edits() {
        Arbitrary<Double> place = Arbitraries.doubles().between(0, 1);
        return Combinators.combine(place, Arbitraries.integers().between(0, 12), Arbitraries.of(PIECES))
                .as(Edit::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    /** Takes some characters out somewhere, and puts a piece there. */
    private static final class Edit {
        private final double place;
        private final int removed;
        private final String inserted;

        private Edit(double place, int removed, String inserted) {
            this.place = place;
            this.removed = removed;
            this.inserted = inserted;
        }

        private String apply(String text) {
            int start = (int) (place * text.length());
            return text.substring(0, start) + inserted + text.substring(Math.min(text.length(), start + removed));
        }

        @Override
        public String toString() {
            return "at " + place + " -" + removed + " +" + inserted;
        }
    }
}
