/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.DomainTable;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.tls.ClientTls;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;

/** Reads {@code <tls>}. */
final class TlsReader {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final String REASON = "write reason=\"…\", for those who will ask why and until when";

    /** What holds for every domain can't name one server's certificates. */
    private static final EnumSet<TlsLevel> DEFAULTS = EnumSet.complementOf(EnumSet.of(TlsLevel.FINGERPRINT));

    private static final String MTA_STS_PUBLICATION = "mta-sts";
    private static final String MTA_STS = "mtaSts";
    private static final String DNSSEC = "dnssec";
    private static final String ROOT_ANCHORS = "rootAnchors";
    private static final String REPORTS = "reports";
    private static final String TLS_REQUIRED = "tlsRequiredNo";

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
        Optional<XmlElement> published = tls.child(MTA_STS_PUBLICATION);
        if (published.isPresent()) {
            builder.publication(MtaStsReader.read(published.get()));
        }
        return builder.build();
    }

    private void protocols(XmlElement element) throws PolicyException {
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
        ClientTls requirement =
                element.keyword("requirement", element.text(), EnumSet.of(ClientTls.REQUIRED, ClientTls.OPTIONAL));
        Map<String, Decision<ClientTls>> exceptions = new HashMap<>();
        ExceptReader.read(element, networks)
                .forEach((network, rule) -> exceptions.put(network, Decision.of(ClientTls.EXCEPTED, rule)));
        builder.clients(Decision.of(requirement, element.rule()));
        builder.networks(networks.networks());
        builder.exceptions(exceptions);
    }

    private void outbound(XmlElement element) throws PolicyException {
        boolean mtaSts = choice(element, MTA_STS, "on", "off", "on");
        Dnssec dnssec = dnssec(element);
        Decision<OutboundTls> byDefault = Policy.defaults().tls().outboundDefault();
        Optional<String> written = element.attribute("default");
        if (written.isPresent()) {
            byDefault = Decision.of(OutboundTls.of(byDefault(element, written.get())), element.rule());
        }
        Map<DomainPattern, XmlElement> elements = new LinkedHashMap<>();
        Map<DomainPattern, Decision<OutboundTls>> rules = new LinkedHashMap<>();
        for (XmlElement to : element.children("to")) {
            to(to, elements, rules);
        }
        if (dnssec == Dnssec.OFF) {
            refuseDane(element, byDefault);
            for (Map.Entry<DomainPattern, Decision<OutboundTls>> rule : rules.entrySet()) {
                refuseDane(elements.get(rule.getKey()), rule.getValue());
            }
        }
        if (written.isPresent() && elements.containsKey(DomainPattern.everything())) {
            warnings.add(element.remark(element + " never applies, since "
                    + elements.get(DomainPattern.everything()).location() + " is for every domain"));
        }
        remarkIdle(elements, rules, byDefault, mtaSts || dnssec != Dnssec.OFF);
        builder.outbound(rules);
        builder.outboundDefault(byDefault);
        builder.mtaSts(mtaSts);
        builder.dnssec(dnssec, rootAnchors(element, dnssec));
        builder.reports(reports(element));
        builder.sendersWaive(choice(element, TLS_REQUIRED, "honour", "ignore", "ignore"));
    }

    private static Optional<MailAddress> reports(XmlElement element) throws PolicyException {
        if (!element.hasAttribute(REPORTS)) {
            return Optional.empty();
        }
        String right = "write the address that reports about TLS come from, reports=\"tls-reports@example.com\"";
        String written = element.required(REPORTS, right);
        try {
            MailAddress address = new MailAddress(written);
            if (written.matches("[!-~&&[^\\[]]+")) {
                return Optional.of(address);
            }
        } catch (AddressException none) {
            // Told below, with what would be right.
        }
        throw element.fault(Wording.quoted(written) + " is no address", right);
    }

    private static Dnssec dnssec(XmlElement element) throws PolicyException {
        Optional<String> written = element.attribute(DNSSEC);
        return written.isEmpty() ? Dnssec.OFF : element.keyword(DNSSEC, written.get(), EnumSet.allOf(Dnssec.class));
    }

    private static Optional<String> rootAnchors(XmlElement element, Dnssec dnssec) throws PolicyException {
        if (!element.hasAttribute(ROOT_ANCHORS)) {
            return Optional.empty();
        }
        if (dnssec != Dnssec.VALIDATE) {
            throw element.fault(
                    ROOT_ANCHORS + " says nothing with " + DNSSEC + "=\"" + dnssec.keyword() + "\"",
                    "remove it, or write " + DNSSEC + "=\"validate\"");
        }
        return Optional.of(element.required(
                ROOT_ANCHORS, "write the file with the root's DS records, rootAnchors=\"conf/root-anchors.txt\""));
    }

    private static void refuseDane(XmlElement element, Decision<OutboundTls> rule) throws PolicyException {
        TlsLevel level = rule.verdict().level();
        if (level.isDane()) {
            throw element.fault(
                    "the level " + level.keyword() + " needs answers of the DNS that are proven",
                    "write <outbound dnssec=\"validate\">, or dnssec=\"resolver\" where a validating resolver runs on "
                            + "this machine");
        }
    }

    private static boolean choice(XmlElement element, String name, String yes, String no, String byDefault)
            throws PolicyException {
        String written = element.attribute(name).orElse(byDefault);
        if (!written.equals(yes) && !written.equals(no)) {
            throw element.fault(
                    Wording.quoted(written) + " is unknown as " + name + " of <outbound>",
                    Wording.possible(written, List.of(yes, no)));
        }
        return written.equals(yes);
    }

    private static TlsLevel byDefault(XmlElement element, String written) throws PolicyException {
        if (written.equals(TlsLevel.FINGERPRINT.keyword())) {
            throw element.fault(
                    "level fingerprint can't be the default, since it names the certificates of one destination",
                    "write <to domain=\"…\" level=\"fingerprint\" fingerprints=\"sha256:…\"/> for that one");
        }
        TlsLevel level = element.keyword("default", written, DEFAULTS);
        refuseNoneForAll(element, level);
        return level;
    }

    private void to(
            XmlElement to, Map<DomainPattern, XmlElement> elements, Map<DomainPattern, Decision<OutboundTls>> rules)
            throws PolicyException {
        DomainPattern domain = domain(to);
        OutboundTls outbound = OutboundTlsReader.read(to, warnings);
        if (domain.equals(DomainPattern.everything())) {
            refuseNoneForAll(to, outbound.level());
        }
        if (outbound.level() == TlsLevel.NONE || to.hasAttribute("reason")) {
            to.required("reason", REASON);
        }
        XmlElement before = elements.putIfAbsent(domain, to);
        Decision<OutboundTls> ruleBefore = rules.putIfAbsent(domain, Decision.of(outbound, to.rule()));
        if (before == null) {
            return;
        }
        if (!ruleBefore.verdict().equals(outbound)) {
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

    private static void refuseNoneForAll(XmlElement element, TlsLevel level) throws PolicyException {
        if (level == TlsLevel.NONE) {
            throw element.fault(
                    "level none for every domain would send all mail in clear text",
                    "write opportunistic, and level none with a reason for the domains that need it");
        }
    }

    /** Where domains may ask for more by DANE or MTA-STS, a rule that says what the default says keeps them from it. */
    private void remarkIdle(
            Map<DomainPattern, XmlElement> elements,
            Map<DomainPattern, Decision<OutboundTls>> rules,
            Decision<OutboundTls> byDefault,
            boolean published) {
        DomainTable<Decision<OutboundTls>> table = DomainTable.of(rules);
        Decision<OutboundTls> everything = rules.getOrDefault(DomainPattern.everything(), byDefault);
        elements.forEach((domain, to) -> {
            boolean all = domain.equals(DomainPattern.everything());
            Decision<OutboundTls> wider =
                    all ? byDefault : table.findWider(domain).orElse(byDefault);
            boolean exempts = published && !all && wider == everything;
            if (!exempts && wider.verdict().equals(rules.get(domain).verdict())) {
                warnings.add(to.remark(to + " changes nothing, since " + wider.rule() + " already applies"));
            }
        });
    }
}
