/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What was proven of a mail's sender (RFC 7208, RFC 6376, RFC 7489). Immutable. */
public final class Proof {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$&'*+.^_`{|}~@-]{1,255}");
    private static final int LONGEST_VALUE = 255;

    /** Whatever the order in which they were looked at. */
    private static final List<String> ORDER = List.of("spf", "dkim", "dmarc", "arc");

    /** What DMARC says of a From, from the best to the worst. */
    public enum Dmarc {
        PASS,
        /** Its domain has published nothing. */
        NONE,
        /** From is missing, or can be read in more than one way. */
        PERMERROR,
        /** The DNS did not say in time. */
        TEMPERROR,
        FAIL;

        String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the domain of a From wants of mail that fails. */
    public enum Wish {
        NONE,
        QUARANTINE,
        REJECT;

        Wish lower() {
            return this == REJECT ? QUARANTINE : NONE;
        }
    }

    private final List<String> methods;
    private final String envelopeDomain;
    private final Set<String> provenFrom;
    private final Dmarc dmarc;
    private final Wish wish;
    private final String from;
    private final String sealer;
    private final Evaluation evaluation;

    private Proof(Builder builder) {
        List<String> ordered = new ArrayList<>(builder.methods);
        ordered.sort(Comparator.comparingInt(method -> ORDER.indexOf(method.substring(0, method.indexOf('=')))));
        this.methods = List.copyOf(ordered);
        this.envelopeDomain = builder.envelopeDomain;
        this.provenFrom = Collections.unmodifiableSet(new LinkedHashSet<>(builder.provenFrom));
        this.dmarc = builder.dmarc;
        this.wish = builder.wish;
        this.from = builder.from;
        this.sealer = builder.sealer;
        this.evaluation = builder.evaluation;
    }

    /** Whether the client may send as the domain of the envelope sender (SPF). */
    public boolean provesEnvelope(String domain) {
        return !domain.isEmpty() && domain.equals(envelopeDomain);
    }

    /** Whether a From in this domain has an aligned signature, or an aligned envelope sender that SPF knows. */
    public boolean provesFrom(String domain) {
        return provenFrom.contains(domain);
    }

    /** What DMARC says; of several Froms, the worst. */
    public Dmarc dmarc() {
        return dmarc;
    }

    /** What is wanted of it where {@link #dmarc} is {@link Dmarc#FAIL}. */
    public Wish wish() {
        return wish;
    }

    /** The domain of the From that {@link #dmarc} is about; empty where there is none. */
    public String from() {
        return from;
    }

    /**
     * The domain of the last server that has sealed the message (ARC, RFC 8617), where the whole chain holds and that server says
     * that DMARC proved {@link #from} when the message came to it; whether to believe it is another question.
     */
    public Optional<String> sealer() {
        return sealer.isEmpty() ? Optional.empty() : Optional.of(sealer);
    }

    /**
     * What a report to the domain of From says of the mail; empty where that domain, and no other, is not in From, has published
     * nothing, or could not be asked.
     */
    public Optional<Evaluation> evaluation() {
        return Optional.ofNullable(evaluation);
    }

    /** What was found, as the field has it behind our name. */
    public String results() {
        return String.join("; ", methods);
    }

    /** In short: {@code spf=pass dkim=none dmarc=fail}, for the audit trail. */
    public String summary() {
        List<String> results = new ArrayList<>();
        methods.forEach(method -> results.add(method.split(" ", 2)[0]));
        return String.join(" ", results);
    }

    /**
     * The field that tells those behind us (RFC 8601, section 2.2), with its line end.
     *
     * @param server our name there, the authserv-id
     */
    public String field(String server) {
        return "Authentication-Results: " + server + ";\r\n\t" + String.join(";\r\n\t", methods) + "\r\n";
    }

    static Builder builder() {
        return new Builder();
    }

    /** Collects what is found out. */
    static final class Builder {
        private final List<String> methods = new ArrayList<>();
        private final Set<String> provenFrom = new LinkedHashSet<>();
        private String envelopeDomain = "";
        private Dmarc dmarc = Dmarc.NONE;
        private Wish wish = Wish.NONE;
        private String from = "";
        private String sealer = "";
        private Evaluation evaluation;

        private Builder() {}

        /** @param properties name and value in turn, such as {@code smtp.mailfrom} */
        Builder method(String name, String result, String reason, String... properties) {
            StringBuilder method = new StringBuilder(name).append('=').append(result);
            if (!reason.isEmpty()) {
                method.append(" reason=\"").append(quotable(reason)).append('"');
            }
            for (int i = 0; i < properties.length; i += 2) {
                if (!properties[i + 1].isEmpty()) {
                    method.append(' ').append(properties[i]).append('=').append(value(properties[i + 1]));
                }
            }
            methods.add(method.toString());
            return this;
        }

        Builder envelopeDomain(String domain) {
            envelopeDomain = domain;
            return this;
        }

        Builder sealer(String domain) {
            sealer = domain;
            return this;
        }

        Builder evaluation(Evaluation made) {
            evaluation = made;
            return this;
        }

        Builder provenFrom(String domain) {
            provenFrom.add(domain);
            return this;
        }

        /** The worst that was said of a From stays. */
        Builder dmarc(Dmarc said, Wish wanted, String domain) {
            int worse = said.compareTo(dmarc);
            if (from.isEmpty() || worse > 0 || (worse == 0 && wanted.compareTo(wish) > 0)) {
                dmarc = said;
                wish = wanted;
                from = domain;
            }
            return this;
        }

        Proof build() {
            return new Proof(this);
        }

        private static String value(String text) {
            return TOKEN.matcher(text).matches() ? text : '"' + quotable(text) + '"';
        }

        /** What strangers wrote must not end the field, or its line. */
        private static String quotable(String text) {
            String plain = text.replaceAll("[^ -~]", "?").replaceAll("[\"\\\\]", "?");
            return plain.substring(0, Math.min(plain.length(), LONGEST_VALUE));
        }
    }
}
