/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes a policy of the elements of its file. Every fault is told with its place and with what would be right; what is
 * odd but harmless becomes a warning.
 */
final class PolicyReader {
    private static final Pattern RATE = Pattern.compile("(\\d{1,18})/(.+)");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})([smhd])");
    private static final Pattern NETWORK_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");
    private static final Set<String> PROTOCOLS = Set.of("TLSv1.3", "TLSv1.2");

    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Element> definitions = new LinkedHashMap<>();
    private final Set<String> usedNetworks = new TreeSet<>();

    private PolicyReader() {}

    /**
     * Makes the policy.
     *
     * @throws PolicyException at the first fault
     */
    static Policy read(Element root) throws PolicyException {
        return new PolicyReader().policy(root);
    }

    private Policy policy(Element root) throws PolicyException {
        if (!root.name().equals("policy")) {
            throw root.fault("the file begins with <" + root.name() + ">", "a policy file begins with <policy>");
        }
        attributes(root, "xmlns:xsi", "xsi:noNamespaceSchemaLocation");
        noText(root);
        children(root, "networks", "relay", "submission", "headers", "tls");

        Policy defaults = Policy.defaults();
        Optional<Element> networksElement = single(root, "networks");
        Networks networks = networksElement.isPresent() ? networks(networksElement.get()) : defaults.networks();
        Optional<Element> relay = single(root, "relay");
        Optional<Element> submission = single(root, "submission");
        Optional<Element> headers = single(root, "headers");
        Optional<Element> tls = single(root, "tls");
        Policy policy = new Policy(
                networks,
                relay.isPresent() ? relay(relay.get(), networks) : defaults.relay(),
                submission.isPresent() ? submission(submission.get()) : defaults.submission(),
                headers.isPresent() ? headers(headers.get()) : defaults.headers(),
                tls.isPresent() ? tls(tls.get(), networks) : defaults.tls(),
                List.of());
        definitions.forEach((name, element) -> {
            if (!usedNetworks.contains(name)) {
                warn(element, "the network \"" + name + "\" is used by no rule");
            }
        });
        return policy.withWarnings(warnings);
    }

    // ---- networks

    private Networks networks(Element element) throws PolicyException {
        attributes(element);
        noText(element);
        children(element, "network");
        Networks.Builder networks = Networks.builder();
        for (Element network : element.children()) {
            attributes(network, "name");
            children(network);
            String name = required(network, "name", "a name, such as name=\"app-servers\"");
            if (!NETWORK_NAME.matcher(name).matches()) {
                throw network.fault(
                        "\"" + name + "\" can't be the name of a network",
                        "write letters, digits, dots, hyphens and underscores, a letter first");
            }
            Element before = definitions.putIfAbsent(name, network);
            if (before != null) {
                throw network.fault(
                        "the network \"" + name + "\" is defined twice, before at " + before.location(),
                        "write all its addresses into one <network>, separated by commas");
            }
            for (String cidr : list(network, network.text(), "10.20.0.0/16, 2001:db8:20::/48")) {
                Optional<String> other = at(network, () -> networks.add(name, cidr));
                if (other.isPresent()) {
                    warn(
                            network,
                            other.get().equals(name)
                                    ? cidr + " stands twice in the network \"" + name + "\""
                                    : cidr + " is also in the network \"" + other.get() + "\"");
                }
            }
        }
        return networks.build();
    }

    private String networkReference(Element element, String name) throws PolicyException {
        if (!definitions.containsKey(name)) {
            throw element.fault(
                    "the network \"" + name + "\" is not defined",
                    definitions.isEmpty()
                            ? "define it: <networks><network name=\"" + name + "\">10.20.0.0/16</network></networks>"
                            : "define it in <networks>, or use one of " + quoted(definitions.keySet())
                                    + meant(name, definitions.keySet()));
        }
        usedNetworks.add(name);
        return name;
    }

    // ---- relay

    private RelayPolicy relay(Element element, Networks networks) throws PolicyException {
        attributes(element);
        noText(element);
        children(element, "allow");
        List<RelayPolicy.Allow> rules = new ArrayList<>();
        for (Element allow : element.children()) {
            rules.add(allow(allow));
        }
        for (int later = 0; later < rules.size(); later++) {
            for (int earlier = 0; earlier < rules.size(); earlier++) {
                boolean duplicate = covers(rules.get(later), rules.get(earlier));
                if (earlier != later
                        && covers(rules.get(earlier), rules.get(later))
                        && (!duplicate || earlier < later)) {
                    warn(
                            element.children().get(later),
                            "the rule changes nothing: all that it allows, "
                                    + rules.get(earlier).rule() + " allows already");
                    break;
                }
            }
        }
        return RelayPolicy.of(networks, rules);
    }

    private RelayPolicy.Allow allow(Element element) throws PolicyException {
        attributes(element, "authenticated", "network", "senderDomains");
        noText(element);
        children(element);
        Optional<String> authenticated = element.attribute("authenticated");
        if (authenticated.isPresent() && !authenticated.get().equals("true")) {
            throw element.fault(
                    "authenticated=\"" + authenticated.get() + "\" says nothing",
                    "write authenticated=\"true\", or leave the attribute out where an account is not asked for");
        }
        Optional<String> network = element.attribute("network");
        if (network.isPresent()) {
            networkReference(element, network.get());
        }
        List<DomainPattern> senderDomains = new ArrayList<>();
        if (element.attribute("senderDomains").isPresent()) {
            for (String domain :
                    list(element, element.attribute("senderDomains").get(), "example.com, *.example.com")) {
                senderDomains.add(at(element, () -> DomainPattern.parse(domain)));
            }
        }
        if (authenticated.isEmpty() && network.isEmpty()) {
            throw senderDomains.isEmpty()
                    ? element.fault(
                            "an <allow> without a condition would open the relay to everybody",
                            "write authenticated=\"true\", or network=\"…\", or both")
                    : element.fault(
                            "senderDomains alone opens the relay to everybody, since a client may claim any sender",
                            "add authenticated=\"true\", or network=\"…\", or both");
        }
        return RelayPolicy.Allow.of(element.rule(), authenticated.isPresent(), network.orElse(null), senderDomains);
    }

    /** Whether the first rule allows all that the second one does. */
    private static boolean covers(RelayPolicy.Allow wide, RelayPolicy.Allow narrow) {
        boolean authentication = !wide.authenticated() || narrow.authenticated();
        boolean network = wide.network().isEmpty() || wide.network().equals(narrow.network());
        boolean sender = wide.senderDomains().isEmpty()
                || (!narrow.senderDomains().isEmpty() && wide.senderDomains().containsAll(narrow.senderDomains()));
        return authentication && network && sender;
    }

    // ---- submission

    private SubmissionPolicy submission(Element element) throws PolicyException {
        attributes(element);
        noText(element);
        children(element, "identity", "rate", "failures");
        IdentityPolicy identity = Policy.defaults().submission().identity();
        Optional<Element> identityElement = single(element, "identity");
        if (identityElement.isPresent()) {
            identity = identity(identityElement.get());
        }
        List<RateLimit> rates = new ArrayList<>();
        for (Element rate : element.children("rate")) {
            rates.add(rate(rate));
        }
        List<FailureLimit> failures = new ArrayList<>();
        for (Element failure : element.children("failures")) {
            failures.add(failures(failure));
        }
        return SubmissionPolicy.of(identity, rates, failures);
    }

    private IdentityPolicy identity(Element element) throws PolicyException {
        attributes(element, "envelope", "header");
        noText(element);
        children(element);
        return IdentityPolicy.of(
                keyword(
                        element,
                        "envelope",
                        element.attribute("envelope").orElse("own"),
                        IdentityRequirement::ofKeyword,
                        keywords(IdentityRequirement.values(), IdentityRequirement::keyword)),
                keyword(
                        element,
                        "header",
                        element.attribute("header").orElse("own"),
                        IdentityRequirement::ofKeyword,
                        keywords(IdentityRequirement.values(), IdentityRequirement::keyword)),
                element.rule());
    }

    private RateLimit rate(Element element) throws PolicyException {
        attributes(element, "per", "messages", "recipients", "then");
        noText(element);
        children(element);
        oneOf(element, "per", required(element, "per", "per=\"account\""), List.of("account"));
        Optional<String> messages = element.attribute("messages");
        Optional<String> recipients = element.attribute("recipients");
        if (messages.isEmpty() && recipients.isEmpty()) {
            throw element.fault(
                    "the <rate> limits nothing", "write messages=\"200/1h\", or recipients=\"1000/1d\", or both");
        }
        String then = element.attribute("then").orElse("defer");
        oneOf(element, "then", then, List.of("defer", "hold"));
        return RateLimit.of(
                messages.isPresent() ? quantity(element, "messages", messages.get()) : null,
                recipients.isPresent() ? quantity(element, "recipients", recipients.get()) : null,
                then.equals("hold") ? RateLimit.Then.HOLD : RateLimit.Then.DEFER,
                element.rule());
    }

    private FailureLimit failures(Element element) throws PolicyException {
        attributes(element, "per", "limit", "then");
        noText(element);
        children(element);
        String per = required(element, "per", "per=\"address\" or per=\"account\"");
        oneOf(element, "per", per, List.of("address", "account"));
        RateLimit.Quantity limit = quantity(element, "limit", required(element, "limit", "limit=\"10/10m\""));
        String then = required(element, "then", "then=\"block/1h\"");
        if (!then.startsWith("block/")) {
            throw element.fault(
                    "then=\"" + then + "\" is unknown", "write block/ and how long, such as then=\"block/1h\"");
        }
        return FailureLimit.of(
                per.equals("address") ? FailureLimit.Per.ADDRESS : FailureLimit.Per.ACCOUNT,
                limit,
                duration(element, "then", then.substring("block/".length())),
                element.rule());
    }

    private static RateLimit.Quantity quantity(Element element, String attribute, String text) throws PolicyException {
        Matcher matcher = RATE.matcher(text);
        if (!matcher.matches()) {
            throw element.fault(
                    attribute + "=\"" + text + "\" is not a rate", "write how many in how long, such as 200/1h");
        }
        long count = Long.parseLong(matcher.group(1));
        if (count < 1 || count > Integer.MAX_VALUE) {
            throw element.fault(
                    attribute + "=\"" + text + "\" counts " + (count < 1 ? "nothing" : "too far"),
                    "write a number from 1 to " + Integer.MAX_VALUE);
        }
        return RateLimit.Quantity.of((int) count, duration(element, attribute, matcher.group(2)));
    }

    private static Duration duration(Element element, String attribute, String text) throws PolicyException {
        Matcher matcher = DURATION.matcher(text);
        long amount = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
        if (amount == 0) {
            throw element.fault(
                    "\"" + text + "\" in " + attribute + " is not a duration",
                    "write a number above 0 and s, m, h or d without a space between, such as 30s, 10m, 1h, 1d");
        }
        switch (matcher.group(2)) {
            case "s":
                return Duration.ofSeconds(amount);
            case "m":
                return Duration.ofMinutes(amount);
            case "h":
                return Duration.ofHours(amount);
            default:
                return Duration.ofDays(amount);
        }
    }

    // ---- headers

    private HeaderPolicy headers(Element element) throws PolicyException {
        attributes(element);
        noText(element);
        children(element, "strip", "keep", "received", "signed");
        HeaderPolicy.Builder headers = HeaderPolicy.builder();
        Map<HeaderPattern, Element> stripped = new LinkedHashMap<>();
        Set<HeaderPattern> byPreset = new LinkedHashSet<>();
        for (Element strip : element.children("strip")) {
            attributes(strip, "preset", "name");
            noText(strip);
            children(strip);
            Optional<String> preset = strip.attribute("preset");
            Optional<String> name = strip.attribute("name");
            if (preset.isPresent() == name.isPresent()) {
                throw strip.fault(
                        "<strip> needs either a preset or a name",
                        "write <strip preset=\"client\"/> or <strip name=\"X-Acme-*\"/>");
            }
            if (preset.isPresent()) {
                HeaderPreset known = keyword(
                        strip,
                        "preset",
                        preset.get(),
                        HeaderPreset::ofKeyword,
                        keywords(HeaderPreset.values(), HeaderPreset::keyword));
                byPreset.addAll(known.patterns());
                headers.strip(known, strip.rule());
            } else {
                HeaderPattern pattern = at(strip, () -> HeaderPattern.parse(name.get()));
                Element before = stripped.putIfAbsent(pattern, strip);
                if (before != null) {
                    warn(strip, "\"" + name.get() + "\" is stripped already by " + before.rule());
                }
                headers.strip(pattern, strip.rule());
            }
        }
        keeps(element, headers, stripped, byPreset);
        received(element, headers, stripped);
        Optional<Element> signed = single(element, "signed");
        if (signed.isPresent()) {
            attributes(signed.get());
            children(signed.get());
            oneOf(signed.get(), "<signed>", signed.get().text(), List.of("keep", "strip"));
            headers.keepSigned(signed.get().text().equals("keep"), signed.get().rule());
        }
        return headers.build();
    }

    private void keeps(
            Element element,
            HeaderPolicy.Builder headers,
            Map<HeaderPattern, Element> stripped,
            Set<HeaderPattern> byPreset)
            throws PolicyException {
        for (Element keep : element.children("keep")) {
            attributes(keep, "name");
            noText(keep);
            children(keep);
            String name = required(keep, "name", "name=\"X-Acme-Public\"");
            HeaderPattern pattern = at(keep, () -> HeaderPattern.parse(name));
            Element contradiction = stripped.get(pattern);
            if (contradiction != null) {
                throw keep.fault(
                        "\"" + name + "\" is kept here and stripped at " + contradiction.location(),
                        "delete one of the two");
            }
            boolean useful = Stream.concat(stripped.keySet().stream(), byPreset.stream())
                    .anyMatch(strip -> overlap(strip, pattern));
            if (!useful) {
                warn(keep, "\"" + name + "\" is kept, but nothing strips it");
            }
            headers.keep(pattern, keep.rule());
        }
    }

    private static boolean overlap(HeaderPattern one, HeaderPattern other) {
        return one.equals(other)
                || (one.isPrefix() && other.name().startsWith(one.name()))
                || (other.isPrefix() && one.name().startsWith(other.name()));
    }

    private static void received(Element element, HeaderPolicy.Builder headers, Map<HeaderPattern, Element> stripped)
            throws PolicyException {
        Optional<Element> received = single(element, "received");
        if (received.isEmpty()) {
            return;
        }
        Element given = received.get();
        attributes(given, "name");
        children(given);
        ReceivedHandling handling = keyword(
                given,
                "<received>",
                given.text(),
                ReceivedHandling::ofKeyword,
                keywords(ReceivedHandling.values(), ReceivedHandling::keyword));
        for (Map.Entry<HeaderPattern, Element> strip : stripped.entrySet()) {
            if (strip.getKey().name().equals("received") && !strip.getKey().isPrefix()) {
                throw given.fault(
                        "<received> says what happens to Received, and so does <strip> at "
                                + strip.getValue().location(),
                        "delete one of the two");
            }
        }
        headers.received(Decision.of(handling, given.rule()));
        if (given.attribute("name").isPresent()) {
            DomainPattern name =
                    at(given, () -> DomainPattern.parse(given.attribute("name").get()));
            if (name.isWildcard()) {
                throw given.fault(
                        "name=\"" + name + "\" is not a host name", "write the public name of the mail server");
            }
            headers.publicName(name.toString());
        }
    }

    // ---- tls

    private TlsPolicy tls(Element element, Networks networks) throws PolicyException {
        attributes(element);
        noText(element);
        children(element, "protocols", "clients", "outbound");
        TlsPolicy.Builder tls = TlsPolicy.builder().networks(networks);
        Optional<Element> protocols = single(element, "protocols");
        if (protocols.isPresent()) {
            tls.protocols(protocols(protocols.get()));
        }
        Optional<Element> clients = single(element, "clients");
        if (clients.isPresent()) {
            clients(clients.get(), tls);
        }
        Optional<Element> outbound = single(element, "outbound");
        if (outbound.isPresent()) {
            outbound(outbound.get(), tls);
        }
        return tls.build();
    }

    private List<String> protocols(Element element) throws PolicyException {
        attributes(element);
        children(element);
        Set<String> protocols = new LinkedHashSet<>();
        for (String protocol : list(element, element.text(), "TLSv1.3, TLSv1.2")) {
            if (!PROTOCOLS.contains(protocol)) {
                throw element.fault(
                        "the protocol \"" + protocol + "\" is "
                                + (protocol.startsWith("SSL") || protocol.startsWith("TLSv1") ? "unsafe" : "unknown"),
                        "write TLSv1.3, TLSv1.2 or one of them; older ones are never used (RFC 8996)");
            }
            if (!protocols.add(protocol)) {
                warn(element, "the protocol " + protocol + " stands twice");
            }
        }
        return List.copyOf(protocols);
    }

    private void clients(Element element, TlsPolicy.Builder tls) throws PolicyException {
        attributes(element);
        children(element, "except");
        oneOf(element, "<clients>", element.text(), List.of("required", "optional"));
        boolean required = element.text().equals("required");
        tls.clients(Decision.of(required ? ClientTls.REQUIRED : ClientTls.OPTIONAL, element.rule()));
        Map<String, Decision<ClientTls>> exceptions = new HashMap<>();
        Map<String, Element> places = new HashMap<>();
        for (Element except : element.children("except")) {
            attributes(except, "network", "reason");
            noText(except);
            children(except);
            String network = networkReference(
                    except, required(except, "network", "the name of a network: network=\"printers\""));
            reason(except, "an exception from TLS");
            Element before = places.putIfAbsent(network, except);
            if (before != null) {
                throw except.fault(
                        "the network \"" + network + "\" is excepted twice, before at " + before.location(),
                        "delete one of the two");
            }
            exceptions.put(network, Decision.of(ClientTls.EXCEPTED, except.rule()));
        }
        tls.exceptions(exceptions);
    }

    private void outbound(Element element, TlsPolicy.Builder tls) throws PolicyException {
        attributes(element, "default", "reason");
        noText(element);
        children(element, "to");
        TlsLevel byDefault =
                level(element, "default", element.attribute("default").orElse("opportunistic"));
        tls.outboundDefault(Decision.of(byDefault, element.rule()));
        Map<DomainPattern, Decision<TlsLevel>> rules = new LinkedHashMap<>();
        Map<DomainPattern, Element> places = new LinkedHashMap<>();
        for (Element to : element.children("to")) {
            attributes(to, "domain", "level", "reason");
            noText(to);
            children(to);
            String domain = required(to, "domain", "domain=\"bank.example\"");
            DomainPattern pattern = at(to, () -> DomainPattern.parse(domain));
            TlsLevel level = level(to, "level", required(to, "level", "level=\"verify\""));
            Decision<TlsLevel> before = rules.putIfAbsent(pattern, Decision.of(level, to.rule()));
            if (before != null && before.verdict() != level) {
                throw to.fault(
                        "\"" + domain + "\" gets the level " + level.keyword() + " here and "
                                + before.verdict().keyword() + " at "
                                + places.get(pattern).location(),
                        "delete one of the two");
            } else if (before != null) {
                warn(to, "\"" + domain + "\" has this level already by " + before.rule());
            } else {
                places.put(pattern, to);
            }
        }
        places.forEach((pattern, place) -> {
            Map<DomainPattern, Decision<TlsLevel>> others = new LinkedHashMap<>(rules);
            TlsLevel level = others.remove(pattern).verdict();
            Decision<TlsLevel> wider =
                    DomainTable.of(others).wider(pattern).orElse(Decision.of(byDefault, element.rule()));
            if (wider.verdict() == level) {
                warn(place, "the rule changes nothing: " + wider.rule() + " gives this level already");
            }
        });
        tls.outbound(rules);
    }

    private static TlsLevel level(Element element, String attribute, String keyword) throws PolicyException {
        TlsLevel level = keyword(
                element, attribute, keyword, TlsLevel::ofKeyword, keywords(TlsLevel.values(), TlsLevel::keyword));
        if (level == TlsLevel.NONE) {
            reason(element, "clear text");
        }
        if (level == TlsLevel.FINGERPRINT) {
            throw element.fault(
                    "this version can't enforce the level fingerprint",
                    "write secure or verify, which check the certificate against its authority");
        }
        return level;
    }

    private static void reason(Element element, String what) throws PolicyException {
        if (element.attribute("reason").map(String::isBlank).orElse(true)) {
            throw element.fault(
                    what + " needs a reason",
                    "write why, and until when: reason=\"firmware without TLS, replaced 2027\"");
        }
    }

    // ---- shared

    private void warn(Element element, String what) {
        warnings.add(element.location() + ": " + what);
    }

    private static Optional<Element> single(Element parent, String name) throws PolicyException {
        List<Element> found = parent.children(name);
        if (found.size() > 1) {
            throw found.get(1)
                    .fault(
                            "<" + name + "> stands twice, before at "
                                    + found.get(0).location(),
                            "write all of it into one <" + name + ">");
        }
        return found.stream().findFirst();
    }

    private static void children(Element element, String... allowed) throws PolicyException {
        for (Element child : element.children()) {
            if (!Arrays.asList(allowed).contains(child.name())) {
                throw child.fault(
                        "<" + child.name() + "> is unknown inside <" + element.name() + ">",
                        allowed.length == 0
                                ? "<" + element.name() + "> holds no elements"
                                : "there may stand <" + String.join(">, <", allowed) + ">"
                                        + meant(child.name(), Arrays.asList(allowed)));
            }
        }
    }

    private static void attributes(Element element, String... allowed) throws PolicyException {
        for (String attribute : element.attributes().keySet()) {
            if (!Arrays.asList(allowed).contains(attribute)) {
                throw element.fault(
                        "the attribute \"" + attribute + "\" of <" + element.name() + "> is unknown",
                        allowed.length == 0
                                ? "<" + element.name() + "> takes none"
                                : "it takes " + String.join(", ", allowed) + meant(attribute, Arrays.asList(allowed)));
            }
        }
    }

    private static void noText(Element element) throws PolicyException {
        if (!element.text().isEmpty()) {
            throw element.fault(
                    "<" + element.name() + "> holds the text \"" + shortened(element.text()) + "\"",
                    "no text belongs there; a remark goes into <!-- … -->");
        }
    }

    private static String required(Element element, String attribute, String right) throws PolicyException {
        Optional<String> value = element.attribute(attribute).filter(text -> !text.isBlank());
        if (value.isEmpty()) {
            throw element.fault("<" + element.name() + "> lacks " + attribute, "add " + right);
        }
        return value.get();
    }

    private static List<String> list(Element element, String text, String sample) throws PolicyException {
        List<String> parts = Stream.of(text.split(",", -1)).map(String::trim).collect(Collectors.toList());
        if (parts.stream().anyMatch(String::isEmpty)) {
            throw element.fault(
                    text.isBlank()
                            ? "a list in <" + element.name() + "> is empty"
                            : "the list \"" + shortened(text) + "\" in <" + element.name() + "> has an empty place",
                    "write one or more, separated by commas: " + sample);
        }
        return parts;
    }

    private static void oneOf(Element element, String what, String value, List<String> allowed) throws PolicyException {
        if (!allowed.contains(value)) {
            throw element.fault(
                    what + " can't be \"" + shortened(value) + "\"",
                    "write " + String.join(" or ", allowed) + meant(value, allowed));
        }
    }

    private static <K> K keyword(
            Element element, String what, String value, Function<String, Optional<K>> find, List<String> allowed)
            throws PolicyException {
        oneOf(element, what, value, allowed);
        return find.apply(value).orElseThrow();
    }

    private static <K> List<String> keywords(K[] values, Function<K, String> keyword) {
        return Stream.of(values).map(keyword).collect(Collectors.toList());
    }

    private static String quoted(Set<String> names) {
        return names.stream().map(name -> "\"" + name + "\"").collect(Collectors.joining(", "));
    }

    private static String shortened(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.length() <= 60 ? line : line.substring(0, 59) + "…";
    }

    /** The name that was probably meant, when one is near enough. */
    private static String meant(String written, Iterable<String> known) {
        String nearest = null;
        int least = 3;
        for (String candidate : known) {
            int distance = distance(written.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < least && distance < candidate.length()) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest == null ? "" : " (did you mean \"" + nearest + "\"?)";
    }

    /** The edit distance of two short words. */
    private static int distance(String one, String other) {
        if (Math.abs(one.length() - other.length()) > 2) {
            return Integer.MAX_VALUE;
        }
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int substitution = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitution, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }

    /** Reads a value, and gives a fault of it the place of the element that holds it. */
    private static <T> T at(Element element, Reading<T> reading) throws PolicyException {
        try {
            return reading.read();
        } catch (PolicyException fault) {
            throw fault.at(element.location());
        }
    }

    @FunctionalInterface
    private interface Reading<T> {
        T read() throws PolicyException;
    }
}
