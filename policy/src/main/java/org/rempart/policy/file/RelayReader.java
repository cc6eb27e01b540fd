/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.relay.RelayPolicy;

/** Reads {@code <relay>}. */
final class RelayReader {
    private static final String SAMPLE =
            "write <allow authenticated=\"true\"/>, <allow network=\"…\"/>, or both; senderDomains may be added to either";

    private RelayReader() {}

    /** An element without any {@code <allow>} lets nobody relay; without the element, authenticated clients may. */
    static RelayPolicy read(XmlElement relay, NetworksReader networks, List<String> warnings) throws PolicyException {
        List<XmlElement> elements = relay.children("allow");
        List<RelayPolicy.Allow> rules = new ArrayList<>();
        for (XmlElement allow : elements) {
            rules.add(allow(allow, networks, warnings));
        }
        remarkShadowed(elements, rules, warnings);
        return RelayPolicy.of(networks.networks(), rules);
    }

    private static RelayPolicy.Allow allow(XmlElement allow, NetworksReader networks, List<String> warnings)
            throws PolicyException {
        boolean authenticated = authenticated(allow);
        Optional<String> network = allow.attribute("network");
        if (network.isPresent()) {
            networks.use(network.get(), allow);
        }
        Set<DomainPattern> senders = new LinkedHashSet<>();
        if (allow.attribute("senderDomains").isPresent()) {
            senders = senderDomains(allow, warnings);
        }
        if (!authenticated && network.isEmpty()) {
            throw allow.fault(
                    senders.isEmpty()
                            ? "<allow> asks for nothing, so that anybody might relay"
                            : "senderDomains alone would let anybody relay who writes such a sender",
                    SAMPLE);
        }
        if (!authenticated && networks.vastPrefix(network.orElseThrow()).isPresent()) {
            throw allow.fault(
                    "network \"" + network.get() + "\" holds "
                            + networks.vastPrefix(network.get()).get() + ", so that half the Internet might relay",
                    "name the networks that are yours, or add authenticated=\"true\"");
        }
        RelayPolicy.Allow rule =
                RelayPolicy.Allow.of(allow.rule(), authenticated, network.orElse(null), List.copyOf(senders));
        return proof(allow, authenticated) ? rule.withProof() : rule;
    }

    private static boolean proof(XmlElement allow, boolean authenticated) throws PolicyException {
        Optional<String> written = allow.attribute("proof");
        if (written.isEmpty()) {
            return false;
        }
        if (!written.get().equals("dmarc")) {
            throw allow.fault(
                    "proof=" + Wording.quoted(written.get()) + " says nothing",
                    "write proof=\"dmarc\", or leave the attribute out");
        }
        if (authenticated) {
            throw allow.fault(
                    "an account is a proof already, and its mail has none of DMARC",
                    "remove proof=\"dmarc\", or write an <allow> of its own for the network");
        }
        return true;
    }

    private static boolean authenticated(XmlElement allow) throws PolicyException {
        Optional<String> written = allow.attribute("authenticated");
        if (written.isEmpty()) {
            return false;
        }
        if (!written.get().equals("true")) {
            throw allow.fault(
                    "authenticated=" + Wording.quoted(written.get()) + " says nothing",
                    "write authenticated=\"true\", or leave the attribute out where no authentication is asked for");
        }
        return true;
    }

    private static Set<DomainPattern> senderDomains(XmlElement allow, List<String> warnings) throws PolicyException {
        Set<DomainPattern> patterns = new LinkedHashSet<>();
        for (String domain : allow.list(allow.attribute("senderDomains").orElseThrow(), "domains")) {
            try {
                if (!patterns.add(DomainPattern.parse(domain))) {
                    warnings.add(allow.remark(domain + " stands twice in senderDomains"));
                }
            } catch (PolicyException fault) {
                throw allow.fault(fault);
            }
        }
        return patterns;
    }

    private static void remarkShadowed(
            List<XmlElement> elements, List<RelayPolicy.Allow> rules, List<String> warnings) {
        for (int i = 0; i < rules.size(); i++) {
            for (int j = 0; j < rules.size(); j++) {
                boolean shadowed = i != j
                        && rules.get(j).admitsAllOf(rules.get(i))
                        // Of two that say the same, the later one is the superfluous one.
                        && (j < i || !rules.get(i).admitsAllOf(rules.get(j)));
                if (shadowed) {
                    warnings.add(elements.get(i)
                            .remark(elements.get(i) + " changes nothing, since " + elements.get(j) + " at "
                                    + elements.get(j).location() + " already allows all that it would"));
                    break;
                }
            }
        }
    }
}
