/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.PerRecipientHeaders.Header;

class EnvelopeTest {
    @Property
    void everyFieldComesBack(
            @ForAll("names") String name,
            @ForAll("addresses") Optional<String> sender,
            @ForAll("recipients") List<String> recipients,
            @ForAll("texts") Optional<String> error,
            @ForAll("texts") Optional<String> host,
            @ForAll("names") String state,
            @ForAll Optional<Integer> updated,
            @ForAll("attributes") Map<String, AttributeValue<?>> attributes,
            @ForAll("headers") List<String> headers)
            throws Exception {
        MailImpl mail = MailImpl.builder().name(name).state(state).build();
        List<MailAddress> addresses = new ArrayList<>();
        for (String recipient : recipients) {
            addresses.add(new MailAddress(recipient));
        }
        mail.setRecipients(addresses);
        if (sender.isPresent()) {
            mail.setSender(new MailAddress(sender.get()));
        }
        mail.setErrorMessage(error.orElse(null));
        mail.setRemoteHost(host.orElse(null));
        mail.setRemoteAddr(host.map(text -> text + "6").orElse(null));
        mail.setLastUpdated(updated.map(seconds -> Date.from(java.time.Instant.ofEpochSecond(seconds)))
                .orElse(null));
        attributes.forEach((key, value) -> mail.setAttribute(new Attribute(AttributeName.of(key), value)));
        for (String header : headers) {
            mail.addSpecificHeaderForRecipient(
                    Header.builder().name("X-Test").value(header).build(), new MailAddress("one@example.com"));
        }

        String text = Envelope.write(mail);
        MailImpl read = Envelope.read(text);

        assertThat(text).matches("\\p{ASCII}*").doesNotContain("\0");
        assertThat(read.getName()).isEqualTo(mail.getName());
        assertThat(read.getMaybeSender()).isEqualTo(mail.getMaybeSender());
        assertThat(read.getRecipients()).containsExactlyElementsOf(mail.getRecipients());
        assertThat(read.getState()).isEqualTo(mail.getState());
        assertThat(read.getErrorMessage()).isEqualTo(mail.getErrorMessage());
        assertThat(read.getRemoteHost()).isEqualTo(mail.getRemoteHost());
        assertThat(read.getRemoteAddr()).isEqualTo(mail.getRemoteAddr());
        assertThat(read.getLastUpdated()).isEqualTo(mail.getLastUpdated());
        assertThat(read.attributes().collect(Collectors.toSet()))
                .isEqualTo(mail.attributes().collect(Collectors.toSet()));
        assertThat(read.getPerRecipientSpecificHeaders()).isEqualTo(mail.getPerRecipientSpecificHeaders());
    }

    @Example
    void bytesComeBack() throws Exception {
        MailImpl mail = MailImpl.builder()
                .name("m")
                .addAttribute(new Attribute(AttributeName.of("b"), AttributeValue.of(new byte[] {0, -1, 13, 10})))
                .addAttribute(new Attribute(AttributeName.of("u"), AttributeValue.of(new URL("http://127.0.0.1/"))))
                .addAttribute(new Attribute(
                        AttributeName.of("t"),
                        AttributeValue.of(ZonedDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC))))
                .build();
        MailImpl read = Envelope.read(Envelope.write(mail));
        assertThat(read.getAttribute(AttributeName.of("b"))
                        .orElseThrow()
                        .getValue()
                        .value())
                .isEqualTo(new byte[] {0, -1, 13, 10});
        assertThat(read.getAttribute(AttributeName.of("u"))).isEqualTo(mail.getAttribute(AttributeName.of("u")));
        assertThat(read.getAttribute(AttributeName.of("t"))).isEqualTo(mail.getAttribute(AttributeName.of("t")));
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings().ofMinLength(1).ofMaxLength(60);
    }

    @Provide
    Arbitrary<Optional<String>> texts() {
        return Arbitraries.strings().ofMaxLength(2000).optional(0.9);
    }

    @Provide
    Arbitrary<List<String>> headers() {
        return Arbitraries.strings().ofMaxLength(100).list().ofMaxSize(3);
    }

    private static Arbitrary<String> address() {
        Arbitrary<String> local = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withChars('+', '=', '\'', '_')
                .ofMinLength(1)
                .ofMaxLength(30);
        Arbitrary<String> quoted = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withChars(' ', '@')
                .ofMinLength(1)
                .ofMaxLength(10)
                .map(text -> '"' + text + '"');
        Arbitrary<String> domain = Arbitraries.of("example.com", "EXAMPLE.org", "a.b.c.example", "[127.0.0.1]");
        return Combinators.combine(Arbitraries.oneOf(local, quoted), domain).as((left, right) -> left + "@" + right);
    }

    @Provide
    Arbitrary<Optional<String>> addresses() {
        return address().optional(0.8);
    }

    @Provide
    Arbitrary<List<String>> recipients() {
        return address().list().ofMaxSize(50);
    }

    @Provide
    Arbitrary<Map<String, AttributeValue<?>>> attributes() {
        Arbitrary<AttributeValue<?>> value = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(500).map(text -> (AttributeValue<?>) AttributeValue.of(text)),
                Arbitraries.integers().map(number -> (AttributeValue<?>) AttributeValue.of(number)),
                Arbitraries.longs().map(number -> (AttributeValue<?>) AttributeValue.of(number)),
                Arbitraries.doubles().map(number -> (AttributeValue<?>) AttributeValue.of(number)),
                Arbitraries.of(true, false).map(flag -> (AttributeValue<?>) AttributeValue.of(flag)),
                Arbitraries.strings()
                        .ofMaxLength(20)
                        .list()
                        .ofMaxSize(5)
                        .map(list -> (AttributeValue<?>) AttributeValue.of(list.stream()
                                .map(text -> (AttributeValue<?>) AttributeValue.of(text))
                                .collect(Collectors.toList()))));
        return Arbitraries.maps(names(), value).ofMaxSize(6);
    }
}
