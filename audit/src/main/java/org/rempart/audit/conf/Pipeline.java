/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import static org.rempart.audit.conf.ConfigurationAudit.at;
import static org.rempart.audit.conf.ConfigurationAudit.truth;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.Verdict;

/** The mailet container: where mail goes, what guards its way out, and where it ends without a trace. */
final class Pipeline {
    private static final String FILE = "mailetcontainer.xml";

    /** Conditions that a stranger's mail does not meet. SentByMailet is none: a forward of a stranger's mail has it. */
    private static final Set<String> GUARDS = Set.of(
            "SMTPAuthSuccessful",
            "SMTPAuthUserIs",
            "SMTPIsAuthNetwork",
            "RemoteAddrInNetwork",
            "SentByJmap",
            "SubmittedBy",
            "SentByMailet",
            "SenderIsLocal");

    /** Mailets after which nothing of a mail is left. */
    private static final Set<String> ENDS = Set.of(
            "ToProcessor",
            "LocalDelivery",
            "RemoteDelivery",
            "SecureRemoteDelivery",
            "ToRepository",
            "Null",
            "Bounce",
            "DSNBounce",
            "NotifySender",
            "RefuseMail",
            "SendReport",
            "Resend",
            "Forward",
            "Redirect",
            "ToSenderDomainRepository",
            "ToSenderFolder",
            "ToRecipientFolder");

    private final XmlNode root;
    private final Findings findings;
    private final Map<String, XmlNode> processors = new LinkedHashMap<>();
    private final Map<String, XmlNode> matchers = new HashMap<>();

    Pipeline(XmlNode root, Findings findings) {
        this.root = root;
        this.findings = findings;
    }

    void run() {
        root.walk(node -> {
            if (node.name().equals("processor") && !node.attribute("state").isEmpty()) {
                processors.put(node.attribute("state"), node);
            }
            if (node.name().equals("matcher") && !node.attribute("name").isEmpty()) {
                matchers.put(node.attribute("name"), node);
            }
        });
        deliveries();
        dropped();
        unmatched();
        failOpen();
    }

    private static String simple(String name) {
        String bare = name.replaceAll("[=(].*", "").strip();
        return bare.substring(bare.lastIndexOf('.') + 1);
    }

    private static boolean all(XmlNode mailet) {
        return simple(mailet.attribute("match")).equals("All");
    }

    private static boolean passesOn(XmlNode mailet) {
        String name = simple(mailet.attribute("class"));
        if (Set.of("ToRepository", "Forward", "Redirect", "Resend", "NotifySender", "Bounce", "DSNBounce")
                .contains(name)) {
            return truth(mailet.text("passThrough"));
        }
        return false;
    }

    /** Whether every mail that meets the condition was, in some way, proved to be of ours. */
    private boolean guards(String match, Set<String> seen) {
        String name = simple(match);
        if (GUARDS.contains(name)) {
            return true;
        }
        XmlNode named = matchers.get(match.strip());
        if (named == null || !seen.add(match)) {
            return false;
        }
        List<String> inner = named.children("matcher").stream()
                .map(child -> child.attribute("match"))
                .toList();
        String kind = simple(named.attribute("match"));
        return switch (kind) {
            case "Or", "Xor" -> !inner.isEmpty() && inner.stream().allMatch(one -> guards(one, seen));
            case "And" -> inner.stream().anyMatch(one -> guards(one, seen));
            default -> false;
        };
    }

    /** Follows a stranger's mail to another domain from the root, and sees what it meets. */
    private void deliveries() {
        Set<XmlNode> open = new HashSet<>();
        Set<String> seen = new HashSet<>();
        Deque<String> left = new ArrayDeque<>(List.of("root"));
        while (!left.isEmpty()) {
            String state = left.pop();
            XmlNode processor = processors.get(state);
            if (processor == null || !seen.add(state)) {
                continue;
            }
            for (XmlNode mailet : processor.children("mailet")) {
                String match = mailet.attribute("match");
                String name = simple(mailet.attribute("class"));
                boolean denied = simple(match).equals("RelayDenied");
                if (denied && ENDS.contains(name)) {
                    // From here on only what may relay is left.
                    break;
                }
                boolean local = Set.of(
                                "RecipientIsLocal", "HostIsLocal", "RelayLimit", "IsSenderInRRTLoop", "AccountIsHeld")
                        .contains(simple(match));
                if (local || guards(match, new HashSet<>())) {
                    continue;
                }
                if (name.equals("ToProcessor")) {
                    left.add(mailet.text("processor"));
                } else if (name.endsWith("RemoteDelivery")) {
                    open.add(mailet);
                }
                if (all(mailet) && ENDS.contains(name) && !passesOn(mailet)) {
                    break;
                }
            }
        }
        for (XmlNode processor : processors.values()) {
            boolean stripped = false;
            for (XmlNode mailet : processor.children("mailet")) {
                String name = simple(mailet.attribute("class"));
                stripped |= (name.equals("StripHeaders") && !isForBlindCopies(mailet))
                        || (name.equals("RemoveMimeHeader")
                                && !mailet.text("name").toLowerCase(Locale.ROOT).matches("(bcc,?\\s*)+"))
                        || name.equals("RemoveMimeHeaderByPrefix");
                if (name.endsWith("RemoteDelivery")) {
                    delivery(mailet, name, open.contains(mailet), stripped);
                }
            }
        }
    }

    private static boolean isForBlindCopies(XmlNode mailet) {
        return mailet.text("received").equals("keep") && mailet.text("values").equals("keep");
    }

    private void delivery(XmlNode mailet, String name, boolean open, boolean stripped) {
        String where = at(FILE, mailet);
        findings.decide(
                "conf.relay-pipeline",
                where,
                !open,
                open
                        ? "mail of strangers to other domains reaches this " + name
                        : "what reaches this " + name + " was proved to be ours before",
                List.of());
        findings.decide(
                "conf.headers",
                where,
                stripped,
                stripped
                        ? "fields are removed before this " + name
                        : "nothing removes fields that tell of the internal network before this " + name,
                List.of());
        if (name.equals("SecureRemoteDelivery")) {
            findings.pass("conf.outbound-tls", where, "TLS as the policy's <outbound> says");
        } else if (!truth(mailet.text("startTLS")) && !truth(mailet.text("sslEnable"))) {
            findings.fail(
                    "conf.outbound-tls", where, "everything leaves in clear text: startTLS is not set", List.of());
        } else if (mailet.at("verifyServerIdentity").isEmpty() || truth(mailet.text("verifyServerIdentity"))) {
            findings.warn(
                    "conf.outbound-tls",
                    where,
                    "all or nothing: a server whose certificate is not trusted gets no mail, one without STARTTLS clear text",
                    List.of());
        } else {
            findings.warn("conf.outbound-tls", where, "any certificate is taken, no matter who shows it", List.of());
        }
        for (String dead : List.of("outgoingQueue", "deliveryThreads", "sslTrustAllCerts")) {
            mailet.at(dead).ifPresent(node -> {
                if (!(name.equals("SecureRemoteDelivery") && dead.equals("deliveryThreads"))) {
                    findings.warn(
                            "conf.dead-settings",
                            at(FILE, node),
                            "<" + dead + "> is read by nothing"
                                    + (dead.equals("outgoingQueue") ? "; <outgoing> names the queue" : ""),
                            List.of());
                }
            });
        }
    }

    /** Null, but where the mail was kept or answered just before. */
    private void dropped() {
        List<String> seen = new ArrayList<>();
        for (XmlNode processor : processors.values()) {
            List<XmlNode> mailets = processor.children("mailet");
            for (int i = 0; i < mailets.size(); i++) {
                XmlNode mailet = mailets.get(i);
                if (!simple(mailet.attribute("class")).equals("Null")) {
                    continue;
                }
                boolean kept = false;
                for (int before = 0; before < i; before++) {
                    XmlNode earlier = mailets.get(before);
                    String name = simple(earlier.attribute("class"));
                    boolean answers = Set.of(
                                    "ToRepository",
                                    "Bounce",
                                    "DSNBounce",
                                    "NotifySender",
                                    "NotifyPostmaster",
                                    "Forward",
                                    "LocalDelivery",
                                    "RemoteDelivery")
                            .contains(name);
                    kept |= answers
                            && (all(earlier) || earlier.attribute("match").equals(mailet.attribute("match")));
                }
                if (!kept) {
                    seen.add(at(FILE, mailet) + ": match=\"" + mailet.attribute("match") + "\"");
                    findings.fail(
                            "conf.dropped",
                            at(FILE, mailet),
                            "mail that " + mailet.attribute("match") + " matches disappears: no bounce, no copy",
                            List.of());
                }
            }
        }
        if (seen.isEmpty()) {
            findings.pass("conf.dropped", at(FILE, root), "no mail ends in Null without having been kept or answered");
        }
    }

    private void unmatched() {
        boolean right = true;
        for (Map.Entry<String, XmlNode> entry : processors.entrySet()) {
            List<XmlNode> mailets = entry.getValue().children("mailet");
            boolean caught = mailets.stream()
                    .anyMatch(mailet ->
                            all(mailet) && ENDS.contains(simple(mailet.attribute("class"))) && !passesOn(mailet));
            // Bounce and DSNBounce end a mail unless told otherwise, so they catch; an empty processor does not.
            if (!caught) {
                right = false;
                findings.add(
                        "conf.unmatched",
                        at(FILE, entry.getValue()),
                        Verdict.FAIL,
                        "processor " + entry.getKey()
                                + " ends without a mailet that takes all that is left: that mail disappears",
                        List.of());
            }
        }
        if (right && !processors.isEmpty()) {
            findings.pass(
                    "conf.unmatched", at(FILE, root), "every processor ends with a mailet that takes all that is left");
        }
    }

    private void failOpen() {
        boolean right = true;
        for (XmlNode processor : processors.values()) {
            for (XmlNode mailet : processor.children("mailet")) {
                String match = simple(mailet.attribute("match"));
                String target = mailet.text("processor").toLowerCase(Locale.ROOT);
                boolean gate = match.equals("RelayDenied")
                        || simple(mailet.attribute("class")).equals("RefuseMail")
                        || target.contains("denied")
                        || target.contains("reject");
                if (gate && !all(mailet) && mailet.text("onMatchException").equals("nomatch")) {
                    right = false;
                    findings.fail(
                            "conf.fail-open",
                            at(FILE, mailet.at("onMatchException").orElse(mailet)),
                            "when " + match + " fails, the mail passes",
                            List.of());
                }
            }
        }
        if (right) {
            findings.pass("conf.fail-open", at(FILE, root), "no gate opens when its matcher fails");
        }
    }
}
