/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code <tls>}. */
final class TlsReader {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final String REASON = "write reason=\"…\", for those who will ask why and until when";

    /** What can be asked for today: nothing in the policy names the certificates that FINGERPRINT would need. */
    private static final EnumSet<TlsLevel> LEVELS = EnumSet.complementOf(EnumSet.of(TlsLevel.FINGERPRINT));

    private final NetworksReader networks;
    private final List<String> warnings;
    private final TlsPolicy.Builder builder = TlsPolicy.builder();

    private TlsReader(NetworksReader networks, List<String> warnings) {
        this.networks = networks;
        this.warnings = warnings;
    }

    /** Each of {@code <protocols>}, {@code <clients>} and {@code <outbound>} that is absent is as in the defaults. */
    static TlsPolicy read(XmlElement tls, NetworksReader networks, List<String> warnings) throws PolicyException {
        return new TlsReader(networks, warnings).read(tls);
    }

    private TlsPolicy read(XmlElement tls) throws PolicyException {
        tls.onlyAttributes();
        tls.onlyChildren("protocols", "clients", "outbound");
        tls.noText();
        Optional<XmlElement> protocols = tls.child("protocols");
        if (protocols.isPresent()) {
            protocols(protocols.get());
        }
        Optional<XmlElement> clients = tls.child("clients");
        if (clients.isPresent()) {
            clients(clients.get());
        }
        Optional<XmlElement> outbound = tls.child("outbound");
        if (outbound.isPresent()) {
            outbound(outbound.get());
        }
        return builder.build();
    }

    private void protocols(XmlElement element) throws PolicyException {
        element.onlyAttributes();
        element.onlyChildren();
        List<String> protocols = new ArrayList<>();
        for (String protocol : element.list(element.text(), "protocols")) {
            if (!PROTOCOLS.contains(protocol)) {
                boolean old = protocol.matches("(?i)(SSL|TLS).*") && !protocol.matches("(?i)TLSv?-?1[._]?[23]");
                throw element.fault(
                        old
                                ? Wording.abbreviated(protocol) + " is unsafe and never used (RFC 8996, RFC 7568)"
                                : Wording.quoted(protocol) + " is unknown as a protocol",
                        Wording.possible(protocol, PROTOCOLS));
            }
            if (protocols.contains(protocol)) {
                warnings.add(element.remark(protocol + " stands twice in <protocols>"));
            } else {
                protocols.add(protocol);
            }
        }
        if (!protocols.contains(PROTOCOLS.get(0))) {
            warnings.add(element.remark("<protocols> leaves out " + PROTOCOLS.get(0) + ", the newest one"));
        }
        builder.protocols(protocols);
    }

    private void clients(XmlElement element) throws PolicyException {
        element.onlyAttributes();
        element.onlyChildren("except");
        ClientTls requirement =
                element.keyword("requirement", element.text(), EnumSet.of(ClientTls.REQUIRED, ClientTls.OPTIONAL));
        Map<String, XmlElement> excepted = new LinkedHashMap<>();
        Map<String, Decision<ClientTls>> exceptions = new HashMap<>();
        for (XmlElement except : element.children("except")) {
            except.onlyAttributes("network", "reason");
            except.onlyChildren();
            except.noText();
            String network = except.required("network", "write <except network=\"printers\" reason=\"…\"/>");
            networks.use(network, except);
            except.required("reason", REASON);
            XmlElement before = excepted.putIfAbsent(network, except);
            if (before != null) {
                throw except.fault(
                        "a second <except> for network \"" + network + "\", the first is at " + before.location(),
                        "remove one of the two");
            }
            refuseSharedPrefix(except, network, excepted);
            exceptions.put(network, Decision.of(ClientTls.EXCEPTED, except.rule()));
        }
        builder.clients(Decision.of(requirement, element.rule()));
        builder.networks(networks.networks());
        builder.exceptions(exceptions);
    }

    private void refuseSharedPrefix(XmlElement except, String network, Map<String, XmlElement> excepted)
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

    private void outbound(XmlElement element) throws PolicyException {
        element.onlyAttributes("default");
        element.onlyChildren("to");
        element.noText();
        Decision<TlsLevel> byDefault = Policy.defaults().tls().outboundDefault();
        Optional<String> written = element.attribute("default");
        if (written.isPresent()) {
            TlsLevel level = level(element, "default", written.get());
            refuseNoneForAll(element, level);
            byDefault = Decision.of(level, element.rule());
        }
        Map<DomainPattern, XmlElement> elements = new LinkedHashMap<>();
        Map<DomainPattern, Decision<TlsLevel>> levels = new LinkedHashMap<>();
        for (XmlElement to : element.children("to")) {
            to(to, elements, levels);
        }
        if (written.isPresent() && elements.containsKey(DomainPattern.everything())) {
            warnings.add(element.remark(element + " never applies, since "
                    + elements.get(DomainPattern.everything()).location() + " is for every domain"));
        }
        remarkIdle(elements, levels, byDefault);
        builder.outbound(levels);
        builder.outboundDefault(byDefault);
    }

    private void to(
            XmlElement to, Map<DomainPattern, XmlElement> elements, Map<DomainPattern, Decision<TlsLevel>> levels)
            throws PolicyException {
        to.onlyAttributes("domain", "level", "reason");
        to.onlyChildren();
        to.noText();
        DomainPattern domain = domain(to);
        TlsLevel level = level(
                to,
                "level",
                to.required("level", "write level=\"encrypt\" for TLS, level=\"verify\" to check names too"));
        if (domain.equals(DomainPattern.everything())) {
            refuseNoneForAll(to, level);
        }
        if (level == TlsLevel.NONE || to.hasAttribute("reason")) {
            to.required("reason", REASON);
        }
        XmlElement before = elements.putIfAbsent(domain, to);
        Decision<TlsLevel> levelBefore = levels.putIfAbsent(domain, Decision.of(level, to.rule()));
        if (before == null) {
            return;
        }
        if (levelBefore.verdict() != level) {
            throw to.fault(to + " contradicts " + before + " at " + before.location(), "remove one of the two");
        }
        warnings.add(to.remark(to + " stands a second time, the first is at " + before.location()));
    }

    private static DomainPattern domain(XmlElement to) throws PolicyException {
        String right = "write domain=\"bank.example\", or domain=\"*.gov.example\" for all below it";
        try {
            return DomainPattern.parse(to.required("domain", right));
        } catch (PolicyException fault) {
            throw fault.location().isPresent() ? fault : to.fault(fault);
        }
    }

    private static TlsLevel level(XmlElement element, String attribute, String written) throws PolicyException {
        if (written.equals(TlsLevel.FINGERPRINT.keyword())) {
            throw element.fault(
                    "level fingerprint can't be enforced, since a policy does not yet name certificates",
                    "write verify, which checks the certificate against the trusted authorities");
        }
        return element.keyword(attribute, written, LEVELS);
    }

    private static void refuseNoneForAll(XmlElement element, TlsLevel level) throws PolicyException {
        if (level == TlsLevel.NONE) {
            throw element.fault(
                    "level none for every domain would send all mail in clear text",
                    "write opportunistic, and level none with a reason for the domains that need it");
        }
    }

    private void remarkIdle(
            Map<DomainPattern, XmlElement> elements,
            Map<DomainPattern, Decision<TlsLevel>> levels,
            Decision<TlsLevel> byDefault) {
        DomainTable<Decision<TlsLevel>> table = DomainTable.of(levels);
        elements.forEach((domain, to) -> {
            Decision<TlsLevel> wider = table.findWider(domain).orElse(byDefault);
            if (wider.verdict() == levels.get(domain).verdict()) {
                warnings.add(to.remark(to + " changes nothing, since " + wider.rule() + " already applies"));
            }
        });
    }
}
