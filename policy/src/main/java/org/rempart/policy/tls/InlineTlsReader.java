/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.Wording;

/** Reads the parameter {@code <tls>} of a mailet. */
final class InlineTlsReader {
    private static final String ORIGIN = "parameter <tls>";
    private static final String FORM = "write bank.example=verify, *.gov.example=encrypt, *=opportunistic";
    private static final EnumSet<TlsLevel> LEVELS =
            EnumSet.complementOf(EnumSet.of(TlsLevel.FINGERPRINT, TlsLevel.DANE, TlsLevel.DANE_ONLY));

    private InlineTlsReader() {}

    static TlsPolicy read(String written) throws PolicyException {
        Map<DomainPattern, Decision<OutboundTls>> rules = new LinkedHashMap<>();
        for (String part : written.split(",", -1)) {
            String rule = part.strip();
            int equals = rule.indexOf('=');
            if (equals < 0) {
                throw new PolicyException(
                        Wording.quoted(rule) + " in <tls> is not a domain, an equals sign and a level", FORM);
            }
            DomainPattern domain = DomainPattern.parse(rule.substring(0, equals));
            TlsLevel level = level(rule.substring(equals + 1).strip());
            if (level == TlsLevel.NONE && domain.equals(DomainPattern.everything())) {
                throw new PolicyException(
                        "*=none in <tls> would send all mail in clear text",
                        "write *=opportunistic, and none for the domains that need it");
            }
            if (rules.putIfAbsent(domain, Decision.of(OutboundTls.of(level), Rule.from(ORIGIN, rule))) != null) {
                throw new PolicyException(Wording.quoted(domain.toString()) + " stands twice in <tls>", "remove one");
            }
        }
        return TlsPolicy.builder().outbound(rules).build();
    }

    private static TlsLevel level(String written) throws PolicyException {
        if (written.equals(TlsLevel.FINGERPRINT.keyword())) {
            throw new PolicyException(
                    "<tls> can't name the certificates that the level fingerprint needs",
                    "write this rule into the policy file, rempart.xml");
        }
        if (TlsLevel.ofKeyword(written).filter(TlsLevel::isDane).isPresent()) {
            throw new PolicyException(
                    "<tls> can't say who proves the answers of the DNS, which the level " + written + " needs",
                    "write this rule into the policy file, rempart.xml, with <outbound dnssec=\"validate\">");
        }
        List<String> keywords = new ArrayList<>();
        for (TlsLevel level : LEVELS) {
            if (level.keyword().equals(written)) {
                return level;
            }
            keywords.add(level.keyword());
        }
        throw new PolicyException(
                Wording.quoted(written) + " in <tls> is not a level", Wording.possible(written, keywords));
    }
}
