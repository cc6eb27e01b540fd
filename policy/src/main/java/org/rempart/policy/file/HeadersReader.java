/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.headers.HeaderPattern;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.headers.ReceivedHandling;

/** Reads {@code <headers>}. */
final class HeadersReader {
    private enum Signed {
        KEEP,
        STRIP
    }

    private enum Values {
        KEEP,
        REWRITE
    }

    private static final String RECEIVED = "received";

    private final XmlElement headers;
    private final List<String> warnings;
    private final HeaderPolicy.Builder builder = HeaderPolicy.builder();
    private final Map<HeaderPattern, XmlElement> strip = new LinkedHashMap<>();
    private final Map<HeaderPreset, XmlElement> presets = new LinkedHashMap<>();
    private final Map<HeaderPattern, XmlElement> keep = new LinkedHashMap<>();

    private HeadersReader(XmlElement headers, List<String> warnings) {
        this.headers = headers;
        this.warnings = warnings;
    }

    /**
     * The {@code <strip>} elements replace the default ones, so that an element without any strips nothing; without
     * {@code <received>} trace fields are rewritten, without {@code <signed>} signed fields are kept, without {@code
     * <values>} values are rewritten.
     */
    static HeaderPolicy read(XmlElement headers, List<String> warnings) throws PolicyException {
        return new HeadersReader(headers, warnings).read();
    }

    private HeaderPolicy read() throws PolicyException {
        for (XmlElement element : headers.children("strip")) {
            strip(element);
        }
        for (XmlElement element : headers.children("keep")) {
            keep(element);
        }
        Optional<XmlElement> received = headers.child("received");
        if (received.isPresent()) {
            received(received.get());
        }
        Optional<XmlElement> signed = headers.child("signed");
        if (signed.isPresent()) {
            signed(signed.get());
        }
        Optional<XmlElement> values = headers.child("values");
        if (values.isPresent()) {
            values(values.get());
        }
        keep.forEach(this::remarkIdle);
        return builder.build();
    }

    private void strip(XmlElement element) throws PolicyException {
        Optional<String> preset = element.attribute("preset");
        if (preset.isPresent() == element.attribute("name").isPresent()) {
            throw element.fault(
                    preset.isPresent() ? "<strip> has both a preset and a name" : "<strip> has neither preset nor name",
                    "write <strip preset=\"client\"/> or <strip name=\"X-Acme-*\"/>, an element for each");
        }
        XmlElement before;
        if (preset.isPresent()) {
            HeaderPreset found = element.keyword("preset", preset.get(), EnumSet.allOf(HeaderPreset.class));
            before = presets.putIfAbsent(found, element);
            builder.strip(found, element.rule());
        } else {
            HeaderPattern pattern = pattern(element);
            before = strip.putIfAbsent(pattern, element);
            builder.strip(pattern, element.rule());
            if (!pattern.isName() && pattern.matches(RECEIVED)) {
                warnings.add(element.remark(
                        element + " does not mean the field Received itself; <received>remove</received> does"));
            }
        }
        remarkRepeated(element, before);
    }

    private void keep(XmlElement element) throws PolicyException {
        HeaderPattern pattern = pattern(element);
        XmlElement stripped = strip.get(pattern);
        if (stripped != null) {
            throw element.fault(
                    element + " contradicts " + stripped + " at " + stripped.location(), "remove one of the two");
        }
        remarkRepeated(element, keep.putIfAbsent(pattern, element));
        builder.keep(pattern, element.rule());
    }

    private static HeaderPattern pattern(XmlElement element) throws PolicyException {
        String name =
                element.required("name", "write name=\"X-Acme-Public\", or name=\"X-Acme-*\" for all that begin so");
        try {
            return HeaderPattern.parse(name);
        } catch (PolicyException fault) {
            throw element.fault(fault);
        }
    }

    private void remarkRepeated(XmlElement element, XmlElement before) {
        if (before != null) {
            warnings.add(element.remark(element + " stands a second time, the first is at " + before.location()));
        }
    }

    private void received(XmlElement element) throws PolicyException {
        ReceivedHandling handling = element.keyword("handling", element.text(), EnumSet.allOf(ReceivedHandling.class));
        refuseSecondWord(element, strip);
        refuseSecondWord(element, keep);
        builder.received(Decision.of(handling, element.rule()));
        if (element.attribute("name").isPresent()) {
            if (handling != ReceivedHandling.REWRITE) {
                throw element.fault(
                        "the name of <received> is used only when trace fields are rewritten",
                        "remove the attribute, or write rewrite");
            }
            builder.publicName(publicName(element));
        }
    }

    private static void refuseSecondWord(XmlElement received, Map<HeaderPattern, XmlElement> byName)
            throws PolicyException {
        for (Map.Entry<HeaderPattern, XmlElement> entry : byName.entrySet()) {
            if (entry.getKey().isName() && entry.getKey().matches(RECEIVED)) {
                throw entry.getValue()
                        .fault(
                                entry.getValue() + " contradicts " + received + " at " + received.location(),
                                "say it once, with <received>keep</received>, rewrite or remove");
            }
        }
    }

    private static String publicName(XmlElement element) throws PolicyException {
        String name = element.required("name", "write the host name that the outside may know, mail.example.com");
        DomainPattern domain;
        try {
            domain = DomainPattern.parse(name);
        } catch (PolicyException fault) {
            throw element.fault(fault);
        }
        if (domain.isWildcard()) {
            throw element.fault(Wording.quoted(name) + " is not one host name", "write one such as mail.example.com");
        }
        return domain.name();
    }

    private void signed(XmlElement element) throws PolicyException {
        Signed handling = element.keyword("handling", element.text(), EnumSet.allOf(Signed.class));
        builder.keepSigned(handling == Signed.KEEP, element.rule());
    }

    private void values(XmlElement element) throws PolicyException {
        Values handling = element.keyword("handling", element.text(), EnumSet.allOf(Values.class));
        builder.rewriteValues(handling == Values.REWRITE, element.rule());
        Optional<String> inner = element.attribute("inner");
        if (inner.isPresent()) {
            for (String domain : element.list(inner.get(), "inner domains")) {
                try {
                    builder.inner(domain);
                } catch (PolicyException fault) {
                    throw element.fault(fault);
                }
            }
        }
    }

    private void remarkIdle(HeaderPattern kept, XmlElement element) {
        boolean ofUse = (kept.isName() && kept.matches(RECEIVED))
                || strip.keySet().stream().anyMatch(kept::narrows)
                || presets.keySet().stream()
                        .flatMap(preset -> preset.patterns().stream())
                        .anyMatch(kept::narrows);
        if (!ofUse) {
            warnings.add(element.remark(element + " changes nothing, since no <strip> is wider than it"));
        }
    }
}
