/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.james.core.Domain;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.message.Headers;
import org.rempart.policy.Decision;
import org.rempart.policy.Networks;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.headers.HeaderPattern;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.ReceivedHandling;

class HeaderFirewallPropertiesTest {
    private static final Predicate<Domain> OURS = Domain.of("ours.example")::equals;
    private static final Rule RULE = Rule.byDefault("test");

    @Provide
    Arbitrary<byte[]> headers() {
        return Headers.any();
    }

    private static HeaderFirewall firewall(ReceivedHandling received, boolean keepSigned) throws PolicyException {
        return firewall(received, keepSigned, true);
    }

    private static HeaderFirewall firewall(ReceivedHandling received, boolean keepSigned, boolean rewriteValues)
            throws PolicyException {
        HeaderPolicy policy = HeaderPolicy.builder()
                .strip(HeaderPattern.parse("X-*"), RULE)
                .received(Decision.of(received, RULE))
                .keepSigned(keepSigned, RULE)
                .rewriteValues(rewriteValues, RULE)
                .build();
        return new HeaderFirewall(policy, OURS, "mail.ours.example", Ids.KNOWN, List.of());
    }

    private static InnerNames names() {
        return new InnerNames(OURS, "mail.ours.example", List.of(), List.of(), Networks.none());
    }

    private static byte[] strip(HeaderFirewall firewall, byte[] header) throws HeaderFirewall.TooManyHopsException {
        return firewall.apply(HeaderBlock.parse(header)).orElse(header);
    }

    @Property
    void strippingTwiceIsStrippingOnce(
            @ForAll("headers") byte[] header, @ForAll ReceivedHandling received, @ForAll boolean keepSigned)
            throws PolicyException, HeaderFirewall.TooManyHopsException {
        HeaderFirewall firewall = firewall(received, keepSigned);
        byte[] once = strip(firewall, header);
        assertThat(firewall.apply(HeaderBlock.parse(once)).map(twice -> new String(twice, ISO_8859_1)))
                .as(new String(once, ISO_8859_1))
                .isEqualTo(Optional.empty());
    }

    @Property
    void whatThePolicyDoesNotNameStaysInOrder(@ForAll("headers") byte[] header, @ForAll ReceivedHandling received)
            throws PolicyException, HeaderFirewall.TooManyHopsException {
        byte[] stripped = strip(firewall(received, false, false), header);
        assertThat(untouched(stripped)).isEqualTo(untouched(header));
    }

    private static String untouched(byte[] header) {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        List<HeaderField> fields = HeaderBlock.parse(header).fields();
        for (HeaderField field : fields) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (!name.equals("received") && !name.startsWith("x-")) {
                rest.write(header, field.start(), field.end() - field.start());
            }
        }
        int end = fields.isEmpty() ? 0 : fields.get(fields.size() - 1).end();
        // HeaderBlock.with makes a lone CR before the empty line a CRLF.
        return rest.toString(ISO_8859_1).replaceFirst("\r\n?\\z", "\r\n")
                + "<end>"
                + new String(header, end, header.length - end, ISO_8859_1);
    }

    @Property
    void rewritingKeepsTheNumberOfHopsAndNoInnerAddress(@ForAll("headers") byte[] header)
            throws PolicyException, HeaderFirewall.TooManyHopsException {
        byte[] stripped = strip(firewall(ReceivedHandling.REWRITE, false), header);
        assertThat(received(stripped)).isEqualTo(received(header));
        for (HeaderField field : HeaderBlock.parse(stripped).fields()) {
            if (field.isNamed("Received")) {
                assertThat(names().holdsInnerAddress(field.value()))
                        .as(field.value())
                        .isFalse();
            }
        }
    }

    @Property
    void rewrittenValuesTellNoInnerAddressAndNoInnerHost(@ForAll("headers") byte[] header)
            throws PolicyException, HeaderFirewall.TooManyHopsException {
        for (HeaderField field : HeaderBlock.parse(strip(firewall(ReceivedHandling.KEEP, false), header))
                .fields()) {
            String value = field.value();
            String name = field.name().toLowerCase(Locale.ROOT);
            if (name.equals("received-spf") || name.equals("authentication-results")) {
                assertThat(names().holdsInnerAddress(field.rawValue()))
                        .as(value)
                        .isFalse();
            }
            if (name.equals("received-spf")) {
                assertThat(names().neutralise(value)).isEqualTo(value);
            } else if (name.equals("mime-version")) {
                assertThat(value).doesNotContain("(");
            } else if (name.equals("message-id")) {
                assertThat(value).doesNotContain("@pc17", "@EX01", "@[10.");
            }
        }
    }

    @Property
    void removingLeavesNoHop(@ForAll("headers") byte[] header)
            throws PolicyException, HeaderFirewall.TooManyHopsException {
        assertThat(received(strip(firewall(ReceivedHandling.REMOVE, false), header)))
                .isZero();
    }

    private static long received(byte[] header) {
        return HeaderBlock.parse(header).fields().stream()
                .filter(field -> field.isNamed("Received"))
                .count();
    }
}
