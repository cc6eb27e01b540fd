/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hc.client5.http.psl.PublicSuffixMatcher;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.dkim.TagList;

/**
 * What a domain has published of its mail (DMARC: RFC 7489 and its successor), found for one From: by the walk up the tree of
 * names, and with the list of public suffixes, which keeps a record of a registry from speaking for its customers where the
 * registry does not say that it is one.
 */
final class DmarcRecord {
    /** The walk asks so many names at most: that of From, and seven with the fewest labels above it. */
    private static final int MOST_LABELS_ABOVE = 7;

    private static final PublicSuffixMatcher SUFFIXES = PublicSuffixMatcherLoader.getDefault();

    private final String from;
    private final String found;
    private final String organisation;
    private final Map<String, String> tags;

    private DmarcRecord(String from, String found, String organisation, Map<String, String> tags) {
        this.from = from;
        this.found = found;
        this.organisation = organisation;
        this.tags = tags;
    }

    /**
     * Looks for the record that holds for a domain.
     *
     * @param from of From, as {@link org.rempart.policy.DomainNames#comparable} has it
     * @return a record without tags where there is none
     * @throws UnansweredException when the DNS does not say
     */
    static DmarcRecord find(String from, Lookups lookups) throws UnansweredException {
        Map<String, Map<String, String>> records = new LinkedHashMap<>();
        for (String name : walk(from)) {
            Optional<Map<String, String>> record = record(lookups.texts("_dmarc." + name));
            if (record.isPresent()) {
                records.put(name, record.get());
                // A domain that says what it is ends the walk.
                if (isSet(record.get(), "psd", "n") || (isSet(record.get(), "psd", "y") && !name.equals(from))) {
                    break;
                }
            }
        }
        String organisation = organisation(from, records);
        Map<String, String> own = records.get(from);
        if (own != null) {
            return new DmarcRecord(from, from, organisation, own);
        }
        // The record of the organisation, or else of the registry that has one (RFC 9091).
        for (String name : List.of(organisation, parent(organisation))) {
            Map<String, String> above = records.get(name);
            if (above != null && (name.equals(organisation) || isSet(above, "psd", "y"))) {
                return new DmarcRecord(from, name, organisation, above);
            }
        }
        return new DmarcRecord(from, "", organisation, Map.of());
    }

    private static boolean isSet(Map<String, String> tags, String name, String value) {
        return tags.getOrDefault(name, "").equalsIgnoreCase(value);
    }

    private static String parent(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    private static List<String> walk(String from) {
        List<String> names = new ArrayList<>();
        names.add(from);
        String[] labels = from.split("\\.", -1);
        String name = parent(from);
        for (int left = labels.length - 1; left > 0; left--) {
            if (left <= MOST_LABELS_ABOVE) {
                names.add(name);
            }
            name = parent(name);
        }
        return names;
    }

    /** One record is one; several are none. */
    private static Optional<Map<String, String>> record(List<String> texts) {
        Map<String, String> found = null;
        for (String text : texts) {
            Optional<Map<String, String>> tags = text.startsWith("v=DMARC1") ? TagList.parse(text) : Optional.empty();
            if (tags.isPresent() && tags.get().get("v").equals("DMARC1")) {
                if (found != null) {
                    return Optional.empty();
                }
                found = tags.get();
            }
        }
        return Optional.ofNullable(found);
    }

    private static String organisation(String from, Map<String, Map<String, String>> records) {
        for (Map.Entry<String, Map<String, String>> record : records.entrySet()) {
            if (isSet(record.getValue(), "psd", "n")) {
                return record.getKey();
            }
            if (isSet(record.getValue(), "psd", "y") && !record.getKey().equals(from)) {
                String below = from.substring(0, from.length() - record.getKey().length() - 1);
                return below.substring(below.lastIndexOf('.') + 1) + "." + record.getKey();
            }
        }
        return registrable(from);
    }

    /** The name that somebody has registered, of which this is one or a part; the name itself where nobody can tell. */
    static String registrable(String name) {
        String root = SUFFIXES.getDomainRoot(name);
        return root == null ? name : root;
    }

    /** Whether there is one. */
    boolean isPresent() {
        return !tags.isEmpty();
    }

    /** Whether a proven domain is aligned with From (RFC 7489, section 3.1). */
    boolean isAligned(String proven, boolean dkim) {
        if (proven.equals(from)) {
            return true;
        }
        if (isSet(tags, dkim ? "adkim" : "aspf", "s")) {
            return false;
        }
        boolean inOrganisation = proven.equals(organisation) || proven.endsWith("." + organisation);
        return inOrganisation && registrable(proven).equals(registrable(from));
    }

    /**
     * What a report to this domain says of a mail; empty where there is no record.
     *
     * @param signers the domains whose signatures hold
     * @param envelope the domain of the envelope that SPF lets the client send for, if it does
     */
    Optional<Evaluation> evaluated(Evaluation.Builder evaluation, Set<String> signers, Set<String> envelope) {
        return tags.isEmpty()
                ? Optional.empty()
                : Optional.of(evaluation.build(
                        found,
                        tags,
                        from,
                        signers.stream().anyMatch(signer -> isAligned(signer, true)),
                        envelope.stream().anyMatch(sender -> isAligned(sender, false))));
    }

    /** The tags of the one record among these texts; empty where there is none, or several. */
    static Optional<Map<String, String>> tags(List<String> texts) {
        return record(texts);
    }

    /**
     * What the domain wants of mail that fails.
     *
     * @param dice a number from 0 to 99: of so many in a hundred mails less is wanted, as the tag pct says
     * @throws UnansweredException when the DNS does not say whether the domain of From exists, on which it depends
     */
    Proof.Wish wish(Lookups lookups, int dice) throws UnansweredException {
        Proof.Wish wish = wish(tags.getOrDefault("p", ""), Proof.Wish.NONE);
        if (!found.equals(from)) {
            Proof.Wish below = wish(tags.getOrDefault("sp", ""), wish);
            wish = tags.containsKey("np") && !exists(lookups) ? wish(tags.get("np"), below) : below;
        }
        String pct = tags.getOrDefault("pct", "100");
        boolean less = isSet(tags, "t", "y") || (pct.matches("[0-9]{1,3}") && dice >= Integer.parseInt(pct));
        return less ? wish.lower() : wish;
    }

    private static Proof.Wish wish(String keyword, Proof.Wish otherwise) {
        for (Proof.Wish wish : Proof.Wish.values()) {
            if (wish.name().equalsIgnoreCase(keyword)) {
                return wish;
            }
        }
        return otherwise;
    }

    /** RFC 9091, section 2.7. */
    private boolean exists(Lookups lookups) throws UnansweredException {
        return !lookups.addresses(from).isEmpty() || !lookups.exchangers(from).isEmpty();
    }
}
