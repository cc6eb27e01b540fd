/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What DMARC made of a mail, as a report to the domain of its From says it (RFC 7489, section 7.2 and appendix C). All of it is
 * printable ASCII of a bounded length. Immutable.
 */
public final class Evaluation {
    private static final int LONGEST = 255;

    private final String domain;
    private final Map<String, String> published;
    private final boolean wantsReports;
    private final String from;
    private final boolean dkim;
    private final boolean spf;
    private final List<String> spfCheck;
    private final List<List<String>> signatures;

    private Evaluation(
            Builder builder, String domain, Map<String, String> tags, String from, boolean dkim, boolean spf) {
        this.domain = plain(domain);
        Map<String, String> said = new LinkedHashMap<>();
        said.put("adkim", oneOf(tags, "adkim", "r", List.of("r", "s")));
        said.put("aspf", oneOf(tags, "aspf", "r", List.of("r", "s")));
        List<String> wishes = List.of("none", "quarantine", "reject");
        said.put("p", oneOf(tags, "p", "none", wishes));
        said.put("sp", oneOf(tags, "sp", said.get("p"), wishes));
        String pct = tags.getOrDefault("pct", "100");
        said.put("pct", pct.matches("[0-9]{1,2}|100") ? pct : "100");
        this.published = Map.copyOf(said);
        this.wantsReports = tags.containsKey("rua");
        this.from = plain(from);
        this.dkim = dkim;
        this.spf = spf;
        this.spfCheck = List.copyOf(builder.spf);
        this.signatures = List.copyOf(builder.signatures);
    }

    private static String oneOf(Map<String, String> tags, String tag, String otherwise, List<String> possible) {
        String value = tags.getOrDefault(tag, otherwise).toLowerCase(java.util.Locale.ROOT);
        return possible.contains(value) ? value : otherwise;
    }

    private static String plain(String text) {
        String ascii = text.replaceAll("[^!-~]", "?");
        return ascii.substring(0, Math.min(ascii.length(), LONGEST));
    }

    static Builder builder() {
        return new Builder();
    }

    /** The domain whose record holds for the mail. */
    public String domain() {
        return domain;
    }

    /** What its record says of {@code adkim}, {@code aspf}, {@code p}, {@code sp} and {@code pct}. */
    public Map<String, String> published() {
        return published;
    }

    /** Whether the record names places for reports. */
    public boolean wantsReports() {
        return wantsReports;
    }

    /** The domain of From. */
    public String from() {
        return from;
    }

    /** Whether a signature that holds is aligned with From. */
    public boolean dkim() {
        return dkim;
    }

    /** Whether SPF lets the client send for a domain that is aligned with From. */
    public boolean spf() {
        return spf;
    }

    /** Of SPF: {@code mfrom} or {@code helo}, the domain, and the result; empty where there was neither. */
    public List<String> spfCheck() {
        return spfCheck;
    }

    /** Of each signature that was looked at: domain, selector and result. */
    public List<List<String>> signatures() {
        return signatures;
    }

    /** Collects what is found out. */
    static final class Builder {
        private final List<List<String>> signatures = new ArrayList<>();
        private List<String> spf = List.of();

        private Builder() {}

        Builder spf(String scope, String domain, String result) {
            spf = List.of(scope, plain(domain), result);
            return this;
        }

        Builder signature(String domain, String selector, String result) {
            signatures.add(List.of(plain(domain), plain(selector), result));
            return this;
        }

        Evaluation build(String domain, Map<String, String> tags, String from, boolean dkim, boolean aligned) {
            return new Evaluation(this, domain, tags, from, dkim, aligned);
        }
    }
}
