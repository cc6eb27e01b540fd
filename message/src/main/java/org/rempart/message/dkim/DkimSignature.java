/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.DomainNames;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimRecord;
import org.rempart.policy.dkim.TagList;

/** A signature of a message as it stands in its header (RFC 6376, section 3.5). Immutable. */
public final class DkimSignature {
    private static final String NAME = "DKIM-Signature";

    /** Digits of a number in a tag; more mean a time that never comes. */
    private static final int LONGEST_NUMBER = 12;

    private final HeaderField field;
    private final Map<String, String> tags;
    private final String fault;

    private DkimSignature(HeaderField field, Map<String, String> tags, String fault) {
        this.field = field;
        this.tags = tags;
        this.fault = fault;
    }

    /** The signatures of a header, from the top, whether they are of use or not. */
    public static List<DkimSignature> of(HeaderBlock header) {
        List<DkimSignature> signatures = new ArrayList<>();
        for (HeaderField field : header.fields()) {
            if (field.isNamed(NAME)) {
                Optional<Map<String, String>> tags = TagList.parse(field.value());
                signatures.add(new DkimSignature(
                        field, tags.orElse(Map.of()), tags.isEmpty() ? "it can't be read" : fault(tags.get(), false)));
            }
        }
        return signatures;
    }

    /** A signature of an ARC set, which is one but for its version and what the tag i means (RFC 8617, section 4.1.2). */
    static DkimSignature ofArc(HeaderField field) {
        Optional<Map<String, String>> tags = TagList.parse(field.value());
        return new DkimSignature(
                field, tags.orElse(Map.of()), tags.isEmpty() ? "it can't be read" : fault(tags.get(), true));
    }

    /** Section 6.1.1; null where nothing is wrong. */
    private static String fault(Map<String, String> tags, boolean arc) {
        for (String required : List.of("v", "a", "b", "bh", "d", "h", "s")) {
            if (!(arc && required.equals("v"))
                    && tags.getOrDefault(required, "").isEmpty()) {
                return "it lacks " + required + "=";
            }
        }
        if (!tags.getOrDefault("v", "1").equals("1")) {
            return "its version is unknown";
        }
        if (DkimKeyKind.ofAlgorithm(tags.get("a")).isEmpty()) {
            return "its algorithm proves nothing";
        }
        if (DomainNames.parse(tags.get("d")).isEmpty()
                || DomainNames.parse(tags.get("s")).isEmpty()) {
            return "it names no domain and selector";
        }
        if (!signed(tags).contains("from")) {
            return "it does not cover From";
        }
        if (arc && signed(tags).contains("arc-seal")) {
            return "it covers a seal";
        }
        String[] forms = forms(tags);
        if (forms.length > 2
                || Canonicalisation.ofKeyword(forms[0]).isEmpty()
                || Canonicalisation.ofKeyword(forms[forms.length - 1]).isEmpty()) {
            return "its canonicalisation is unknown";
        }
        if (!Arrays.asList(TagList.compact(tags.getOrDefault("q", "dns/txt")).split(":", -1))
                .contains("dns/txt")) {
            return "its key is not in the DNS";
        }
        for (String number : List.of("l", "t", "x")) {
            if (tags.containsKey(number) && !tags.get(number).matches("[0-9]{1,76}")) {
                return "its " + number + "= is no number";
            }
        }
        if (decoded(tags.get("b")).length == 0 || decoded(tags.get("bh")).length == 0) {
            return "it is not in base64";
        }
        if (!arc && tags.containsKey("i") && !isBelow(identity(tags), tags.get("d"))) {
            return "its identity is of another domain";
        }
        return null;
    }

    private static String[] forms(Map<String, String> tags) {
        // Section 3.5: a body of which nothing is said is simple.
        String forms = tags.getOrDefault("c", "simple/simple");
        return (forms.indexOf('/') < 0 ? forms + "/simple" : forms).split("/", -1);
    }

    private static String identity(Map<String, String> tags) {
        String identity = tags.getOrDefault("i", "@" + tags.get("d"));
        return identity.substring(identity.lastIndexOf('@') + 1);
    }

    private static boolean isBelow(String name, String domain) {
        String below = DomainNames.comparable(name);
        String above = DomainNames.comparable(domain);
        return below.equals(above) || below.endsWith("." + above);
    }

    private static List<String> signed(Map<String, String> tags) {
        return Arrays.asList(
                TagList.compact(tags.get("h")).toLowerCase(Locale.ROOT).split(":", -1));
    }

    static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(TagList.compact(base64));
        } catch (IllegalArgumentException none) {
            return new byte[0];
        }
    }

    /** Why it proves nothing whatever its key is; empty when it may. */
    public Optional<String> fault() {
        return Optional.ofNullable(fault);
    }

    /** The domain that signs, as {@link DomainNames#comparable} has it; empty where it names none. */
    public String domain() {
        return DomainNames.comparable(tags.getOrDefault("d", ""));
    }

    public String selector() {
        return tags.getOrDefault("s", "");
    }

    /** As the tag a has it. */
    public String algorithm() {
        return tags.getOrDefault("a", "");
    }

    /** The first characters of the signature, which tell it from others (RFC 6008). */
    public String beginning() {
        String b = TagList.compact(tags.getOrDefault("b", ""));
        return b.substring(0, Math.min(8, b.length()));
    }

    /** Where its key is. */
    public String recordName() {
        return selector() + "._domainkey." + domain();
    }

    /** The form in which it sees the body. */
    public Canonicalisation bodyForm() {
        return Canonicalisation.ofKeyword(forms(tags)[1]).orElseThrow(IllegalStateException::new);
    }

    /** How much of the body's canonical form it covers, in bytes; empty for all of it. */
    public Optional<Long> bodyLength() {
        return number("l");
    }

    /** Until when it holds, in seconds since 1970; empty for ever. */
    public Optional<Long> expiry() {
        return number("x");
    }

    private Optional<Long> number(String tag) {
        String digits = tags.get(tag);
        if (digits == null) {
            return Optional.empty();
        }
        return Optional.of(digits.length() > LONGEST_NUMBER ? Long.MAX_VALUE : Long.parseLong(digits));
    }

    /**
     * Whether a key is for it (section 6.1.2).
     *
     * @return why not; empty when it is
     */
    public Optional<String> faultOf(DkimRecord record) {
        if (record.fault().isPresent()) {
            return record.fault();
        }
        if (!record.kind().algorithm().equals(algorithm())) {
            return Optional.of("the key is of another kind");
        }
        return record.isStrict()
                        && tags.containsKey("v")
                        && !DomainNames.comparable(identity(tags)).equals(domain())
                ? Optional.of("the key is for the domain itself alone")
                : Optional.empty();
    }

    /** The hash of a body, as this signature sees it. */
    public static final class BodyDigest {
        private final byte[] hash;
        private final long length;

        private BodyDigest(BodyHash.Result result) {
            this.hash = result.hash;
            this.length = result.length;
        }
    }

    /** Opens a body. */
    @FunctionalInterface
    public interface Body {
        java.io.InputStream open() throws IOException;
    }

    /**
     * Hashes a body for a signature.
     *
     * @throws IOException when it can't be read
     */
    public BodyDigest digest(Body body) throws IOException {
        try (java.io.InputStream in = body.open()) {
            return new BodyDigest(BodyHash.of(in, bodyForm(), bodyLength().orElse(Long.MAX_VALUE)));
        }
    }

    /** Whether it has the hash of a body that it says. */
    public boolean isOf(BodyDigest body) {
        return java.security.MessageDigest.isEqual(body.hash, decoded(tags.get("bh")));
    }

    /** Whether it says something of all of a body: behind what the tag l counts, anybody may add (section 8.2). */
    public boolean coversAll(BodyDigest body) {
        return bodyLength().orElse(Long.MAX_VALUE) >= body.length;
    }

    /**
     * Whether it is a signature of a header, by a key that {@link #faultOf} says nothing against.
     *
     * @param header the one that it stands in
     */
    public boolean isOf(HeaderBlock header, DkimRecord record) {
        Canonicalisation form = Canonicalisation.ofKeyword(forms(tags)[0]).orElseThrow(IllegalStateException::new);
        Map<String, List<HeaderField>> left = new HashMap<>();
        for (HeaderField one : header.fields()) {
            if (one.isField()) {
                left.computeIfAbsent(one.name().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(one);
            }
        }
        StringBuilder text = new StringBuilder();
        for (String name : signed(tags)) {
            // Section 5.4.2: from the last one on, each once.
            List<HeaderField> fields = left.getOrDefault(name, List.of());
            if (!fields.isEmpty()) {
                text.append(form.field(fields.remove(fields.size() - 1), true));
            }
        }
        text.append(form.field(field.name(), field.rawName(), withoutSignature(field.rawValue()), false));
        return record.verifies(Canonicalisation.bytes(text.toString()), decoded(tags.get("b")));
    }

    /** The value with an empty tag b (section 3.7). */
    static String withoutSignature(String value) {
        StringBuilder without = new StringBuilder(value.length());
        int start = 0;
        while (start <= value.length()) {
            int semicolon = value.indexOf(';', start);
            int end = semicolon < 0 ? value.length() : semicolon;
            int equals = value.indexOf('=', start);
            boolean signature = equals >= 0
                    && equals < end
                    && TagList.compact(value.substring(start, equals)).equals("b");
            without.append(value, start, signature ? equals + 1 : end);
            if (semicolon >= 0) {
                without.append(';');
            }
            start = end + 1;
        }
        return without.toString();
    }
}
