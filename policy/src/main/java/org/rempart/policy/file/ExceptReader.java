/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;

/** Reads the {@code <except network="…" reason="…"/>} elements of a rule. */
final class ExceptReader {
    private static final String REASON = "write reason=\"…\", for those who will ask why and until when";

    private ExceptReader() {}

    /** The exceptions of a rule, by the name of their network. */
    static Map<String, Rule> read(XmlElement rule, NetworksReader networks) throws PolicyException {
        return read(rule.children("except"), networks);
    }

    /** The same of some of them. */
    static Map<String, Rule> read(List<XmlElement> exceptions, NetworksReader networks) throws PolicyException {
        Map<String, XmlElement> excepted = new LinkedHashMap<>();
        Map<String, Rule> rules = new LinkedHashMap<>();
        for (XmlElement except : exceptions) {
            String network = except.required("network", "write <except network=\"printers\" reason=\"…\"/>");
            networks.use(network, except);
            except.required("reason", REASON);
            XmlElement before = excepted.putIfAbsent(network, except);
            if (before != null) {
                throw except.fault(
                        "a second <except> for network \"" + network + "\", the first is at " + before.location(),
                        "remove one of the two");
            }
            refuseSharedPrefix(except, network, excepted, networks);
            rules.put(network, except.rule());
        }
        return rules;
    }

    private static void refuseSharedPrefix(
            XmlElement except, String network, Map<String, XmlElement> excepted, NetworksReader networks)
            throws PolicyException {
        Optional<Map.Entry<String, inet.ipaddr.IPAddress>> sharing = networks.sharing(network, excepted.keySet());
        if (sharing.isPresent()) {
            String other = sharing.get().getKey();
            throw except.fault(
                    "networks \"" + network + "\" and \"" + other + "\" both hold "
                            + sharing.get().getValue() + ", and the <except> at "
                            + excepted.get(other).location() + " gives it another reason",
                    "leave it in one of the two networks");
        }
    }
}
