/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.rempart.policy.Rule;

/**
 * With which keys mail of which domains is signed: the {@code <dkim>} element. A domain may have several keys, and mail
 * gets a signature with each: RSA for all receivers and Ed25519 (RFC 8463) for the newer ones.
 */
public final class DkimPolicy {
    private static final DkimPolicy NONE = new DkimPolicy(List.of());

    private final Map<String, List<Sign>> byDomain;
    private final List<Sign> all;

    private DkimPolicy(List<Sign> all) {
        Map<String, List<Sign>> rules = new LinkedHashMap<>();
        for (Sign one : all) {
            rules.computeIfAbsent(one.domain(), domain -> new ArrayList<>()).add(one);
        }
        rules.replaceAll((domain, keys) -> List.copyOf(keys));
        this.byDomain = Map.copyOf(rules);
        this.all = List.copyOf(all);
    }

    /** What applies where nothing is said: nothing is signed. */
    public static DkimPolicy none() {
        return NONE;
    }

    /** A policy of these rules, in the order of the file. */
    public static DkimPolicy of(List<Sign> rules) {
        return new DkimPolicy(rules);
    }

    /** The rules, in the order of the file. */
    public List<Sign> rules() {
        return all;
    }

    /**
     * The rules for mail that is from a domain: its own, or else those of the nearest domain above it that has some, whose
     * signature is aligned with it (RFC 7489, section 3.1.1, relaxed).
     *
     * @param domain as {@link org.rempart.policy.DomainNames#comparable} has it
     * @return empty when it is not signed
     */
    public List<Sign> of(String domain) {
        for (String name = domain; !name.isEmpty(); name = parent(name)) {
            List<Sign> rules = byDomain.get(name);
            if (rules != null) {
                return rules;
            }
        }
        return List.of();
    }

    private static String parent(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    /** One {@code <sign>}: the key with which mail of a domain is signed. */
    public static final class Sign {
        private final String domain;
        private final String selector;
        private final String keyFile;
        private final Rule rule;

        private Sign(String domain, String selector, String keyFile, Rule rule) {
            this.domain = domain;
            this.selector = selector;
            this.keyFile = keyFile;
            this.rule = rule;
        }

        /**
         * A rule.
         *
         * @param domain in A-labels
         * @param selector the name of the key below the domain
         * @param keyFile the file with the private key, such as {@code conf/dkim/s1.example.com.pem}
         */
        public static Sign of(String domain, String selector, String keyFile, Rule rule) {
            return new Sign(domain, selector, keyFile, rule);
        }

        public String domain() {
            return domain;
        }

        public String selector() {
            return selector;
        }

        /** Where the private key is, from the server's folder. */
        public String keyFile() {
            return keyFile;
        }

        /** The same as James's configuration names files. */
        public String keyUrl() {
            return keyFile.startsWith("file:") ? keyFile : "file://" + keyFile;
        }

        /** Where the DNS has the public key (RFC 6376, section 3.6.2.1). */
        public String recordName() {
            return selector + "._domainkey." + domain;
        }

        public Rule rule() {
            return rule;
        }

        @Override
        public String toString() {
            return rule.toString();
        }
    }
}
