/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.Wording;
import org.rempart.policy.inbound.FailedHandling;
import org.rempart.policy.inbound.InboundPolicy;
import org.rempart.policy.inbound.UnansweredHandling;

/** Reads {@code <inbound>}. */
final class InboundReader {
    private static final String DOMAIN = "domain";
    private static final String SEALER = "sealer";
    private static final String REPORTS = "reports";

    private InboundReader() {}

    /** What is not said is as in the defaults. */
    static InboundPolicy read(XmlElement inbound, NetworksReader networks) throws PolicyException {
        String proof = inbound.attribute("proof").orElse("on");
        if (!proof.equals("on") && !proof.equals("off")) {
            throw inbound.fault(
                    Wording.quoted(proof) + " is unknown as proof of <inbound>",
                    Wording.possible(proof, List.of("on", "off")));
        }
        Optional<XmlElement> dmarc = inbound.child("dmarc");
        if (dmarc.isPresent()) {
            return dmarc(proof.equals("on"), dmarc.get(), networks);
        }
        InboundPolicy defaults = InboundPolicy.byDefault();
        return proof.equals("on") ? defaults : defaults.withoutProof(inbound.rule());
    }

    private static InboundPolicy dmarc(boolean proof, XmlElement dmarc, NetworksReader networks)
            throws PolicyException {
        if (!proof) {
            throw dmarc.fault(
                    "<dmarc> says nothing where nothing is proven", "remove it, or remove proof=\"off\" of <inbound>");
        }
        List<XmlElement> byNetwork = new ArrayList<>();
        Map<DomainPattern, XmlElement> byDomain = new LinkedHashMap<>();
        Map<DomainPattern, XmlElement> bySealer = new LinkedHashMap<>();
        for (XmlElement except : dmarc.children("except")) {
            if (except.hasAttribute(DOMAIN)) {
                domain(DOMAIN, except, byDomain);
            } else if (except.hasAttribute(SEALER)) {
                domain(SEALER, except, bySealer);
            } else {
                byNetwork.add(except);
            }
        }
        Map<DomainPattern, Rule> domains = new LinkedHashMap<>();
        byDomain.forEach((domain, except) -> domains.put(domain, except.rule()));
        Map<String, Rule> sealers = new LinkedHashMap<>();
        for (Map.Entry<DomainPattern, XmlElement> sealer : bySealer.entrySet()) {
            if (sealer.getKey().isWildcard()) {
                throw sealer.getValue()
                        .fault(
                                "a sealer is one domain, and no pattern",
                                "write <except sealer=\"lists.example\" reason=\"…\"/>");
            }
            sealers.put(sealer.getKey().name(), sealer.getValue().rule());
        }
        InboundPolicy policy = InboundPolicy.of(
                true,
                handling(dmarc, "reject", "refuse"),
                handling(dmarc, "quarantine", "junk"),
                Decision.of(
                        dmarc.keyword(
                                "unanswered",
                                dmarc.attribute("unanswered").orElse("accept"),
                                EnumSet.allOf(UnansweredHandling.class)),
                        dmarc.rule()),
                networks.networks(),
                ExceptReader.read(byNetwork, networks),
                domains,
                sealers);
        Optional<MailAddress> reports = reports(dmarc);
        return reports.isPresent() ? policy.withReports(reports.get()) : policy;
    }

    private static Optional<MailAddress> reports(XmlElement dmarc) throws PolicyException {
        if (!dmarc.hasAttribute(REPORTS)) {
            return Optional.empty();
        }
        String right =
                "write the address that reports to other domains come from, reports=\"dmarc-reports@example.com\"";
        String written = dmarc.required(REPORTS, right);
        try {
            MailAddress address = new MailAddress(written);
            if (written.matches("[!-~&&[^\\[]]+")) {
                return Optional.of(address);
            }
        } catch (AddressException none) {
            // Told below.
        }
        throw dmarc.fault(Wording.quoted(written) + " is no address", right);
    }

    private static Decision<FailedHandling> handling(XmlElement dmarc, String attribute, String otherwise)
            throws PolicyException {
        return Decision.of(
                dmarc.keyword(
                        attribute, dmarc.attribute(attribute).orElse(otherwise), EnumSet.allOf(FailedHandling.class)),
                dmarc.rule());
    }

    private static void domain(String attribute, XmlElement except, Map<DomainPattern, XmlElement> before)
            throws PolicyException {
        except.onlyAttributes(List.of(attribute, "reason"));
        String written = except.required(attribute, "write <except " + attribute + "=\"list.example\" reason=\"…\"/>");
        except.required("reason", "write reason=\"…\", for those who will ask why and until when");
        DomainPattern domain;
        try {
            domain = DomainPattern.parse(written);
        } catch (PolicyException fault) {
            throw except.fault(fault);
        }
        if (domain.equals(DomainPattern.everything())) {
            throw except.fault(
                    "an exception for every domain is none", "write reject=\"accept\" and quarantine=\"accept\"");
        }
        XmlElement first = before.putIfAbsent(domain, except);
        if (first != null) {
            throw except.fault(
                    "a second <except> for " + Wording.quoted(written) + ", the first is at " + first.location(),
                    "remove one of the two");
        }
    }
}
