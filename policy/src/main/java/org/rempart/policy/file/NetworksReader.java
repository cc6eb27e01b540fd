/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import inet.ipaddr.IPAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.rempart.policy.Networks;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/** Reads {@code <networks>}, and answers for those who name a network whether there is one. */
final class NetworksReader {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private final Networks networks;
    private final Map<String, XmlElement> defined;
    /** By prefix, the networks that have it, where there are several. */
    private final Map<IPAddress, List<String>> shared;
    /** A prefix that holds a good part of the Internet, by the network that has it. */
    private final Map<String, IPAddress> vast;

    private final Set<String> used = new HashSet<>();

    private NetworksReader(
            Networks networks,
            Map<String, XmlElement> defined,
            Map<IPAddress, List<String>> shared,
            Map<String, IPAddress> vast) {
        this.networks = networks;
        this.defined = defined;
        this.shared = shared;
        this.vast = vast;
    }

    static NetworksReader read(Optional<XmlElement> element, List<String> warnings) throws PolicyException {
        Networks.Builder builder = Networks.builder();
        Map<String, XmlElement> defined = new LinkedHashMap<>();
        Map<IPAddress, List<String>> holders = new HashMap<>();
        Map<String, IPAddress> vast = new HashMap<>();
        if (element.isPresent()) {
            for (XmlElement network : element.get().children("network")) {
                String name = name(network, defined);
                for (String cidr : network.list(network.text(), "networks")) {
                    IPAddress prefix = add(builder, network, name, cidr);
                    if (isVast(prefix)) {
                        vast.putIfAbsent(name, prefix);
                    }
                    List<String> names = holders.computeIfAbsent(prefix, unseen -> new ArrayList<>(1));
                    if (!names.isEmpty()) {
                        String other = names.get(names.size() - 1);
                        warnings.add(network.remark(
                                other.equals(name)
                                        ? cidr + " stands twice in network \"" + name + "\""
                                        : cidr + " is in network \"" + name + "\" and, at "
                                                + defined.get(other).location() + ", in network \"" + other
                                                + "\"; rules for either apply to it"));
                    }
                    if (!names.contains(name)) {
                        names.add(name);
                    }
                }
            }
        }
        holders.values().removeIf(names -> names.size() < 2);
        return new NetworksReader(builder.build(), defined, holders, vast);
    }

    private static String name(XmlElement network, Map<String, XmlElement> defined) throws PolicyException {
        String name = network.required("name", "write <network name=\"printers\">10.30.4.0/24</network>");
        if (!NAME.matcher(name).matches()) {
            throw network.fault(
                    Wording.quoted(name) + " can't be the name of a network",
                    "write letters, digits, and . _ - behind them");
        }
        XmlElement before = defined.putIfAbsent(name, network);
        if (before != null) {
            throw network.fault(
                    "network \"" + name + "\" is defined a second time, the first is at " + before.location(),
                    "put all of it into one <network>, or give this one another name");
        }
        return name;
    }

    private static IPAddress add(Networks.Builder builder, XmlElement network, String name, String cidr)
            throws PolicyException {
        try {
            return builder.put(name, cidr);
        } catch (PolicyException fault) {
            throw network.fault(fault);
        }
    }

    /** Shorter than any block that a single organisation has: 10.0.0.0/8, and fc00::/7 of RFC 4193. */
    private static boolean isVast(IPAddress prefix) {
        Integer length = prefix.getNetworkPrefixLength();
        return length != null && length < (prefix.isIPv4() ? 8 : 7);
    }

    Networks networks() {
        return networks;
    }

    /**
     * Notes that a rule is about a network.
     *
     * @param where the element that names it
     * @return the name
     * @throws PolicyException when there is no such network
     */
    String use(String name, XmlElement where) throws PolicyException {
        if (!defined.containsKey(name)) {
            throw where.fault(
                    "network " + Wording.quoted(name) + " is not defined",
                    defined.isEmpty()
                            ? "define it: <networks><network name=" + Wording.quoted(name)
                                    + ">10.20.0.0/16</network></networks>"
                            : "define it in <networks>; " + Wording.possible(name, defined.keySet()));
        }
        used.add(name);
        return name;
    }

    /** A prefix of the network that is too large for one organisation, if it has such a one. */
    Optional<IPAddress> vastPrefix(String name) {
        return Optional.ofNullable(vast.get(name));
    }

    /** Another of these networks that has a prefix of the one, if there is one; and that prefix. */
    Optional<Map.Entry<String, IPAddress>> sharing(String name, Set<String> others) {
        for (Map.Entry<IPAddress, List<String>> entry : shared.entrySet()) {
            if (entry.getValue().contains(name)) {
                for (String other : entry.getValue()) {
                    if (!other.equals(name) && others.contains(other)) {
                        return Optional.of(Map.entry(other, entry.getKey()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Remarks on the networks that no rule is about. */
    void remarkUnused(List<String> warnings) {
        defined.forEach((name, network) -> {
            if (!used.contains(name)) {
                warnings.add(network.remark("network \"" + name + "\" is not used"));
            }
        });
    }
}
