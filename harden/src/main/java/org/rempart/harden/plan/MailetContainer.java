/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlEditor;
import org.rempart.harden.xml.XmlElement;

/**
 * mailetcontainer.xml: nothing leaves past the second gate, nothing is destroyed, nobody is told of what he has not sent.
 * James's mailets that do one of these become ours where they stand, ours are put where they belong, and all others stay.
 */
final class MailetContainer {
    private static final String NAME = "mailetcontainer.xml";
    private static final String OURS = "org.rempart.mailet.";
    private static final String PROPAGATE = "<onMailetException>propagate</onMailetException>\n";
    private static final String BOUNCES = "bounces";
    private static final String DENIED = "relay-denied";
    private static final String QUARANTINE = "quarantine";
    private static final String PUT_ASIDE = "HasMailAttribute=org.rempart.quarantined";
    private static final String JUNK = "HasMailAttribute=org.rempart.junk";
    private static final String NO_MAILBOX = "local-address-error";

    /** What James's samples ask before mail leaves. */
    private static final Set<String> LETS_OUT = Set.of(
            "All",
            "SMTPAuthSuccessful",
            "SMTPIsAuthNetwork",
            "SentByMailet",
            "SentByJmap",
            "org.apache.james.jmap.mailet.SentByJmap");

    /** Fields that the samples strip; StripHeaders does it without James's writing the others again. */
    private static final Set<String> STRIPPED = Set.of("bcc", "resent-bcc", "x-smime-status");

    private final XmlEditor editor;
    private final Site site;
    private final Pieces ours = Pieces.of(NAME);
    private final XmlElement root;
    private final XmlElement list;
    private final Map<String, XmlElement> processors = new LinkedHashMap<>();
    private final Set<XmlElement> changed = new LinkedHashSet<>();
    private final StringBuilder added = new StringBuilder();
    private final Set<String> whyAdded = new LinkedHashSet<>();

    private MailetContainer(XmlDocument document, XmlElement list, XmlEditor editor, Site site) {
        this.editor = editor;
        this.site = site;
        this.root = document.root();
        this.list = list;
        for (XmlElement processor : list.children("processor")) {
            processors.putIfAbsent(processor.attribute("state"), processor);
        }
    }

    static Draft draft(Configuration configuration, Site site) throws UnreadableException {
        Optional<XmlDocument> document = configuration.xml(NAME);
        if (document.isEmpty()) {
            Draft draft = Draft.of(SourceText.of(NAME, new byte[0]));
            draft.note(
                    0,
                    "this file is not there, and so no pipeline: take the sample of your James, and run harden again");
            return draft;
        }
        Draft draft = Draft.of(document.get().source());
        Optional<XmlElement> list = document.get().root().child("processors");
        if (list.isEmpty()) {
            draft.note(document.get().root().start(), "there is no <processors>: take the sample of your James");
        } else {
            new MailetContainer(document.get(), list.get(), new XmlEditor(document.get(), draft), site).harden();
        }
        return draft;
    }

    private void harden() {
        root();
        transport();
        gates();
        for (XmlElement processor : processors.values()) {
            forwards(processor);
            local(processor);
        }
        outgoing();
        refusal(DENIED, "mail that may not leave");
        if (processors.containsKey(NO_MAILBOX) || leadsTo(NO_MAILBOX)) {
            refusal(NO_MAILBOX, "mail to a mailbox that is not there");
        }
        error();
        rewriteError();
        for (String name : List.of("heloName", "hostName")) {
            root.all(name).stream()
                    .filter(element -> site.isPlaceholder(element.text()))
                    .forEach(element ->
                            editor.text(element, site.host(), Site.PLACEHOLDER + " is not the name of this host"));
        }
        if (added.length() > 0) {
            editor.append(list, added.toString(), String.join("; ", whyAdded));
        }
    }

    // -- root

    private void root() {
        XmlElement processor = processors.get("root");
        if (processor == null) {
            editor.note(list, "there is no processor root, and James does not start without");
            return;
        }
        for (XmlElement mailet : mailets(processor)) {
            if (Mailets.matches(mailet, "RelayLimit") && Mailets.is(mailet, "Null")) {
                become(
                        mailet,
                        "ToRepository",
                        Set.of(),
                        own("root", "RelayLimit=50", "ToRepository"),
                        "mail that went through many servers is destroyed, and nobody is told: it is kept");
            }
        }
        List<XmlElement> mailets = mailets(processor);
        Optional<XmlElement> first = mailets.stream()
                .filter(mailet -> !Mailets.is(mailet, "PostmasterAlias") && !Mailets.matches(mailet, "RelayLimit"))
                .findFirst();
        StringBuilder lines = new StringBuilder();
        Set<String> reasons = new LinkedHashSet<>();
        if (!has(processor, "CheckSubmission")) {
            lines.append(own("root", "All", "CheckSubmission"));
            reasons.add("what users submit by JMAP comes past identity, limits, holds and the trail");
        }
        if (mailets.stream()
                .noneMatch(mailet ->
                        Mailets.matches(mailet, "AccountIsHeld=kept") && Mailets.is(mailet, "ToRepository"))) {
            lines.append(site.fill(ours.mailets("root", mailet -> Mailets.matches(mailet, "AccountIsHeld=kept"))));
            reasons.add("<held mail=\"keep\"/> of rempart.xml is void: what a held account sends goes on");
        }
        if (mailets.stream().noneMatch(mailet -> Mailets.matches(mailet, PUT_ASIDE))) {
            lines.append(own("root", PUT_ASIDE, "ToProcessor"));
            reasons.add("what <filters> of rempart.xml put aside is delivered");
            if (!processors.containsKey(QUARANTINE)) {
                add(ours.processor(QUARANTINE), "what filters put aside has nowhere to go");
            }
        }
        Optional<XmlElement> gate = mailets.stream()
                .filter(mailet -> Mailets.is(mailet, "CheckSubmission"))
                .findFirst();
        if (lines.length() > 0 && gate.isPresent()) {
            editor.insertAfter(gate.get(), lines.toString(), String.join("; ", reasons));
        } else if (lines.length() > 0 && first.isPresent()) {
            editor.insertBefore(first.get(), lines.toString(), String.join("; ", reasons));
        } else if (lines.length() > 0) {
            editor.append(processor, lines.toString(), String.join("; ", reasons));
        }
    }

    // -- transport

    private void transport() {
        XmlElement processor = processors.get("transport");
        if (processor == null || mailets(processor).isEmpty()) {
            editor.note(
                    processor == null ? list : processor,
                    "there is no processor transport with mailets, so nothing is put before what leaves: write, before"
                            + " the mailet that sends mail out, <mailet match=\"org.rempart.matcher.RelayDenied\""
                            + " class=\"ToProcessor\">"
                            + "<processor>relay-denied</processor><onMatchException>matchall</onMatchException></mailet>");
            return;
        }
        blindCopies(processor);
    }

    private void blindCopies(XmlElement processor) {
        List<XmlElement> mailets = mailets(processor);
        List<XmlElement> removing = mailets.stream()
                .filter(mailet -> Mailets.is(mailet, "RemoveMimeHeader") && Mailets.matches(mailet, "All"))
                .filter(mailet -> STRIPPED.containsAll(names(mailet)))
                .collect(Collectors.toList());
        boolean stripped = mailets.stream()
                .anyMatch(mailet -> Mailets.is(mailet, "StripHeaders")
                        && Mailets.matches(mailet, "All")
                        && lower(mailet.text("strip")).contains("bcc"));
        String last = ours.mailets("transport", mailet -> Mailets.is(mailet, "RemoveMimeHeader"));
        if (stripped) {
            if (removing.stream().noneMatch(mailet -> names(mailet).contains("bcc"))) {
                editor.append(processor, last, "James does not start without this line");
            }
            return;
        }
        String reason =
                "James's RemoveMimeHeader writes the whole header again: fields that it can't read are damaged, and"
                        + " signatures break";
        String strip = ours.mailets("transport", mailet -> Mailets.is(mailet, "StripHeaders"));
        if (removing.stream().anyMatch(mailet -> names(mailet).contains("x-smime-status"))) {
            strip = strip.replace("Bcc, Resent-Bcc", "Bcc, Resent-Bcc, X-SMIME-Status");
        }
        editor.insertBefore(removing.isEmpty() ? mailets.get(0) : removing.get(0), strip, reason);
        removing.forEach(mailet -> editor.delete(mailet, reason));
        editor.append(processor, last, reason);
    }

    private static List<String> names(XmlElement mailet) {
        return Mailets.list(lower(mailet.text("name")));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** The second gate: in each processor that sends mail to a delivery, and before deliveries that no processor leads to. */
    private void gates() {
        boolean any = false;
        for (XmlElement processor : processors.values()) {
            List<XmlElement> exits = mailets(processor).stream()
                    .filter(mailet -> isExit(processor, mailet))
                    .collect(Collectors.toList());
            if (!exits.isEmpty()) {
                gate(processor, exits);
                any = true;
            }
        }
        if (!any) {
            editor.note(
                    list,
                    "no mailet sends mail out or to a processor that does; before the one that does in another way,"
                            + " write <mailet match=\"org.rempart.matcher.RelayDenied\""
                            + " class=\"ToProcessor\"><processor>relay-denied"
                            + "</processor><onMatchException>matchall</onMatchException></mailet>");
        }
    }

    private boolean isExit(XmlElement processor, XmlElement mailet) {
        if (Mailets.delivers(mailet)) {
            return isMain(processor) || !leadsTo(processor.attribute("state"));
        }
        return Mailets.goesTo(mailet)
                .filter(state -> !state.equals(DENIED))
                .map(processors::get)
                .filter(next -> !isMain(next) && mailets(next).stream().anyMatch(Mailets::delivers))
                .isPresent();
    }

    /** Where mail of all kinds comes through, and has its gate inside. */
    private static boolean isMain(XmlElement processor) {
        return processor.attribute("state").equals("root")
                || processor.attribute("state").equals("transport");
    }

    private void gate(XmlElement processor, List<XmlElement> exits) {
        List<XmlElement> mailets = mailets(processor);
        String reason = "whatever reaches the spool another way than through a listener leaves unseen by <relay> of"
                + " rempart.xml";
        Optional<XmlElement> gate = mailets.stream()
                .filter(mailet -> Mailets.matches(mailet, "RelayDenied") && Mailets.is(mailet, "ToProcessor"))
                .findFirst();
        if (gate.isEmpty()) {
            String lines = ours.mailets("transport", mailet -> Mailets.matches(mailet, "RelayDenied"));
            editor.insertBefore(exits.get(0), site.fill(lines), reason);
        } else if (mailets.indexOf(gate.get()) > mailets.indexOf(exits.get(0))) {
            editor.note(exits.get(0), "this sends mail out before the gate: move it below the mailet of RelayDenied");
        } else {
            Settings settings = new Settings(editor, gate.get());
            settings.require("onMatchException", "matchall", "the gate stands open when it can't decide");
            settings.write();
        }
        boolean all = false;
        for (XmlElement exit : exits) {
            all |= letsAllOut(exit, mailets);
        }
        for (XmlElement mailet : mailets) {
            boolean rest = Mailets.matches(mailet, "All")
                    && Mailets.goesTo(mailet).filter(DENIED::equals).isPresent();
            if (rest && all && mailets.indexOf(mailet) > mailets.indexOf(exits.get(0))) {
                editor.delete(mailet, "what may not leave is with the gate before; nothing reaches this line any more");
            }
        }
        XmlElement end = mailets.get(mailets.size() - 1);
        boolean taken = all
                || mailets.stream()
                        .anyMatch(mailet -> Mailets.matches(mailet, "All")
                                && Mailets.goesTo(mailet).isPresent());
        if (!taken && processor.attribute("state").equals("transport")) {
            editor.insertAfter(
                    Mailets.is(end, "RemoveMimeHeader") ? exits.get(exits.size() - 1) : end,
                    "<mailet match=\"All\" class=\"ToProcessor\">\n  <processor>" + DENIED
                            + "</processor>\n</mailet>\n",
                    "mail that no line takes is destroyed, and nobody is told");
        }
    }

    /** Whether an exit lets everything out that the gate has let through, now or after its edit. */
    private boolean letsAllOut(XmlElement exit, List<XmlElement> mailets) {
        String match = exit.attribute("match");
        if (match.equals("All")) {
            return true;
        }
        Optional<XmlElement> named = root.all("matcher").stream()
                .filter(matcher -> matcher.attribute("name").equals(match))
                .findFirst();
        List<XmlElement> asked =
                named.map(matcher -> matcher.children("matcher")).orElse(List.of());
        List<String> others = asked.stream()
                .map(matcher -> matcher.attribute("match"))
                .filter(each -> !LETS_OUT.contains(Mailets.simple(each)))
                .collect(Collectors.toList());
        boolean or = named.filter(
                        matcher -> Mailets.simple(matcher.attribute("match")).equals("Or"))
                .isPresent();
        boolean networks = others.stream().allMatch(each -> each.startsWith("RemoteAddrInNetwork="));
        if (LETS_OUT.contains(Mailets.simple(match)) || (or && networks)) {
            for (String network : others) {
                editor.note(
                        named.orElseThrow(),
                        "if " + network + " has to relay without a login, write into rempart.xml <networks><network"
                                + " name=\"relaying\">" + network.substring(network.indexOf('=') + 1)
                                + "</network></networks> and into its <relay> <allow network=\"relaying\"/>");
            }
            String reason = "rempart.xml says who may relay: " + match + " would keep back what it allows";
            boolean remote = mailets.subList(0, mailets.indexOf(exit)).stream()
                    .anyMatch(mailet -> Mailets.matches(mailet, "HostIsLocal"));
            editor.attribute(exit, "match", remote ? "All" : "org.rempart.matcher.RecipientIsRemote", reason);
            named.filter(matcher -> others.isEmpty() && uses(match) == 1)
                    .ifPresent(matcher -> editor.delete(matcher, reason));
            return remote;
        }
        if (named.isPresent() && !others.isEmpty()) {
            editor.note(
                    exit,
                    "match=\"" + match + "\" asks " + String.join(", ", others)
                            + ", which is not James's, and stays: what rempart.xml allows leaves only where it agrees;"
                            + " write match=\"All\" if rempart.xml alone decides");
        }
        return false;
    }

    private long uses(String matcher) {
        return root.all("mailet").stream()
                        .filter(mailet -> mailet.attribute("match").equals(matcher))
                        .count()
                + root.all("matcher").stream()
                        .filter(each -> each.attribute("match").equals(matcher))
                        .count();
    }

    // -- what is forwarded, what is delivered here

    private void forwards(XmlElement processor) {
        List<XmlElement> mailets = mailets(processor);
        Optional<XmlElement> table = mailets.stream()
                .filter(mailet -> Mailets.is(mailet, "RecipientRewriteTable"))
                .findFirst();
        if (table.isPresent() && !has(processor, "BeforeForwarding")) {
            editor.insertBefore(
                    table.get(),
                    own("transport", "All", "BeforeForwarding", table.get()),
                    "what an alias or a forward adds can't be told from those whom the mail was addressed to, and"
                            + " bounces of what was sent on do not find back");
        }
        table.filter(each -> !has(processor, "FollowSubaddresses")).ifPresent(this::details);
    }

    /** Behind the table, since an alias may lead to a detail; not beside James's own mailet for them, which needs the detail. */
    private void details(XmlElement table) {
        Optional<XmlElement> own = root.all("mailet").stream()
                .filter(mailet -> Mailets.is(mailet, "SubAddressing"))
                .findFirst();
        if (own.isPresent()) {
            editor.note(
                    own.get(),
                    "James's SubAddressing reads the details of addresses here, so FollowSubaddresses is not put in:"
                            + " write <subaddresses mail=\"refuse\"/> into rempart.xml, or take this line out");
        } else {
            editor.insertAfter(
                    table,
                    own("transport", "All", "FollowSubaddresses", table),
                    "mail for alice+detail, which <subaddresses> of rempart.xml accepts, reaches nobody");
        }
    }

    private void local(XmlElement processor) {
        List<XmlElement> mailets = mailets(processor);
        List<XmlElement> deliveries = mailets.stream()
                .filter(mailet -> Mailets.is(mailet, "LocalDelivery"))
                .collect(Collectors.toList());
        if (deliveries.isEmpty()) {
            return;
        }
        XmlElement delivery = deliveries.get(0);
        String match = delivery.attribute("match");
        boolean whole = match.equals("All") && !has(processor, "RecipientRewriteTable");
        XmlElement first = mailets.stream()
                .filter(mailet -> whole
                        || mailet == delivery
                        || (!match.equals("All") && match.equals(mailet.attribute("match"))))
                .filter(mailet -> !Mailets.goesTo(mailet).isPresent())
                .findFirst()
                .orElse(delivery);
        StringBuilder before = new StringBuilder();
        Set<String> reasons = new LinkedHashSet<>();
        if (!has(processor, "RestoreMessageIds")) {
            before.append(own("local-delivery", "All", "RestoreMessageIds", delivery));
            reasons.add("answers name our messages by ids that the mailboxes do not know");
        }
        if (!has(processor, "MarkUnverifiedSender")) {
            before.append(own("local-delivery", "All", "MarkUnverifiedSender", delivery));
            reasons.add("recipients are not told where a sender of ours is not proved (<spoofed> of rempart.xml)");
        }
        if (mailets.stream().noneMatch(mailet -> Mailets.matches(mailet, JUNK))) {
            String lines = own("local-delivery", JUNK, "WithStorageDirective");
            String reason = "what <filters> and <dmarc> of rempart.xml take for junk lies between the other mail";
            if (first == delivery) {
                before.append(lines);
                reasons.add(reason);
            } else {
                editor.insertBefore(delivery, lines, reason);
            }
        }
        if (before.length() > 0) {
            editor.insertBefore(first, before.toString(), String.join("; ", reasons));
        }
        deliveries.forEach(each -> trail(mailets, each));
    }

    /** A delivery leaves the mail to the trail's event behind it, which ends it. */
    private void trail(List<XmlElement> mailets, XmlElement delivery) {
        boolean told = mailets.subList(mailets.indexOf(delivery), mailets.size()).stream()
                .anyMatch(mailet -> Mailets.is(mailet, "AuditMail")
                        && mailet.text("event").equals("local-delivery")
                        && mailet.attribute("match").equals(delivery.attribute("match")));
        if (told) {
            return;
        }
        String reason = "the audit trail does not say what was delivered here";
        Settings settings = new Settings(editor, delivery);
        settings.require("consume", "false", reason);
        if (delivery.child("onMailetException").isEmpty()) {
            settings.add(PROPAGATE, "mail that can't be delivered into its mailbox is to be kept");
        }
        settings.write();
        editor.insertAfter(delivery, own("local-delivery", "All", "AuditMail", delivery), reason);
    }

    // -- what leaves

    private void outgoing() {
        Set<String> queues = new LinkedHashSet<>();
        Set<String> bounces = new LinkedHashSet<>();
        boolean any = false;
        for (XmlElement processor : processors.values()) {
            List<XmlElement> deliveries =
                    mailets(processor).stream().filter(Mailets::delivers).collect(Collectors.toList());
            for (XmlElement delivery : deliveries) {
                any = true;
                String reports = delivery.text("bounceProcessor");
                reports = reports.isEmpty() ? BOUNCES : reports;
                bounces.add(reports);
                if (delivery == deliveries.get(0)) {
                    beforeItLeaves(processor, delivery);
                }
                if (Mailets.is(delivery, "RemoteDelivery")) {
                    new RemoteDeliveryLines(editor, site, delivery).becomeOurs(queues, reports, tellsSenders(reports));
                } else {
                    queues.add(delivery.child("outgoing").map(XmlElement::text).orElse("outgoing"));
                }
            }
        }
        if (!any) {
            editor.note(
                    list,
                    "no mailet delivers to other servers: where one has to, write <mailet match=\"All\" class=\"" + OURS
                            + "SecureRemoteDelivery\"/>");
        }
        bounces.forEach(this::bounces);
    }

    private void beforeItLeaves(XmlElement processor, XmlElement delivery) {
        List<XmlElement> mailets = mailets(processor);
        StringBuilder lines = new StringBuilder();
        Set<String> reasons = new LinkedHashSet<>();
        if (mailets.stream()
                .noneMatch(mailet ->
                        Mailets.is(mailet, "AuditMail") && mailet.text("event").equals("outgoing"))) {
            lines.append(own("relay", "All", "AuditMail", delivery));
            reasons.add("the audit trail does not say what leaves");
        }
        if (!has(processor, "RewriteForwardedSender")) {
            lines.append(own("relay", "IsForwarded", "RewriteForwardedSender"));
            reasons.add("what addresses of ours send on leaves with a foreign sender (<forwards> of rempart.xml)");
        }
        if (mailets.stream()
                .noneMatch(mailet -> Mailets.is(mailet, "StripHeaders")
                        && mailet.child("strip").isEmpty())) {
            lines.append(own("relay", "All", "StripHeaders", delivery));
            reasons.add("what leaves names programs, internal hosts and addresses (<headers> of rempart.xml)");
        }
        if (!has(processor, "SignMail")) {
            lines.append(own("relay", "All", "SignMail", delivery));
            reasons.add("what leaves is not signed (<dkim> of rempart.xml)");
        }
        if (lines.length() > 0) {
            editor.insertBefore(delivery, lines.toString(), String.join("; ", reasons));
        }
    }

    /** Whether a processor tells senders by SendReport, now or after the edits. */
    private boolean tellsSenders(String state) {
        XmlElement processor = processors.get(state);
        return processor == null
                || mailets(processor).stream().anyMatch(mailet -> Mailets.is(mailet, "SendReport") || isBounce(mailet));
    }

    private static boolean isBounce(XmlElement mailet) {
        return Mailets.matches(mailet, "All") && (Mailets.is(mailet, "DSNBounce") || Mailets.is(mailet, "Bounce"));
    }

    private void bounces(String state) {
        XmlElement processor = processors.get(state);
        if (processor == null) {
            add(
                    ours.processor(BOUNCES).replace("\"" + BOUNCES + "\"", "\"" + state + "\""),
                    "senders are not told what became of their mail");
            return;
        }
        if (has(processor, "SendReport")) {
            return;
        }
        Optional<XmlElement> bounce =
                mailets(processor).stream().filter(MailetContainer::isBounce).findFirst();
        if (bounce.isPresent()) {
            become(
                    bounce.get(),
                    OURS + "SendReport",
                    Set.of(),
                    own(BOUNCES, "All", "SendReport"),
                    "James's bounces name the inside, damage what they quote, and end without a trace for mail with a"
                            + " null sender");
        } else {
            editor.note(
                    processor,
                    "what tells senders that a mail failed is not James's, and stays: write <mailet match=\"All\""
                            + " class=\""
                            + OURS + "SendReport\"> if ours is to do it");
        }
    }

    // -- what goes nowhere

    private void refusal(String state, String what) {
        XmlElement processor = processors.get(state);
        if (processor == null) {
            add(ours.processor(state), "there is no processor " + state + ": " + what + " has nowhere to go");
            return;
        }
        mailets(processor).stream()
                .filter(Mailets::delivers)
                .forEach(mailet -> editor.note(mailet, "this sends out what was refused: take it out"));
        if (has(processor, "RefuseMail")) {
            return;
        }
        Optional<XmlElement> kept = mailets(processor).stream()
                .filter(mailet -> Mailets.is(mailet, "ToRepository") && Mailets.matches(mailet, "All"))
                .findFirst();
        if (kept.isEmpty()) {
            editor.note(
                    processor,
                    "nothing in here keeps " + what + ", and nothing is changed: write <mailet match=\"All\" class=\""
                            + OURS + "RefuseMail\"> with <repositoryPath>, last");
            return;
        }
        String lines = own(state, "All", "RefuseMail");
        become(
                kept.get(),
                OURS + "RefuseMail",
                Set.of("repositoryPath"),
                lines,
                what + ": its sender is told only where it is an account of ours, by RefuseMail");
        noBounces(processor, kept.get(), state);
    }

    /** The first bounce to an unproven sender becomes an event of the trail; others like it go. */
    private void noBounces(XmlElement processor, XmlElement before, String state) {
        String reason =
                "bounces go to the address that a stranger names as sender; the postmaster finds the mail in its"
                        + " repository";
        String lines = own(state, "All", "AuditMail");
        boolean told = has(processor, "AuditMail");
        for (XmlElement mailet : mailets(processor)) {
            boolean bounce = Mailets.is(mailet, "Bounce")
                    && (Mailets.matches(mailet, "All") || Mailets.matches(mailet, "not-reprocessed"));
            if (bounce && changed.contains(mailet)) {
                continue;
            }
            if (bounce && !told && mailet.start() < before.start()) {
                become(mailet, OURS + "AuditMail", Set.of(), lines, reason);
                editor.attribute(mailet, "match", "All", reason);
                told = true;
            } else if (bounce) {
                changed.add(mailet);
                editor.delete(mailet, reason);
            } else if (Mailets.is(mailet, "Bounce")) {
                editor.note(
                        mailet,
                        "this bounce goes to the address that a stranger names as sender; take it out, unless its"
                                + " matcher knows your accounts");
            }
        }
        if (!told) {
            editor.insertBefore(before, lines, "the audit trail does not say what is kept");
        }
    }

    private void error() {
        XmlElement processor = processors.get("error");
        if (processor == null) {
            return;
        }
        Optional<XmlElement> kept = mailets(processor).stream()
                .filter(mailet -> Mailets.is(mailet, "ToRepository"))
                .findFirst();
        if (kept.isPresent()) {
            noBounces(processor, kept.get(), "error");
        } else {
            editor.note(
                    processor,
                    "nothing in here keeps mail that a mailet failed on: write <mailet match=\"All\""
                            + " class=\"ToRepository\"> with <repositoryPath>");
        }
    }

    private void rewriteError() {
        XmlElement processor = processors.get("rrt-error");
        if (processor == null) {
            if (leadsToByRewriting()) {
                add(
                        ours.processor("rrt-error"),
                        "there is no processor rrt-error, to which RecipientRewriteTable sends");
            }
            return;
        }
        Optional<XmlElement> kept = mailets(processor).stream()
                .filter(mailet -> Mailets.is(mailet, "ToRepository") && Mailets.matches(mailet, "All"))
                .findFirst();
        if (kept.isEmpty()) {
            editor.note(
                    processor,
                    "nothing in here keeps mail whose aliases run in a circle: write <mailet match=\"All\""
                            + " class=\"ToRepository\"> with <repositoryPath>");
            return;
        }
        noBounces(processor, kept.get(), "rrt-error");
        for (XmlElement mailet : mailets(processor)) {
            if (Mailets.is(mailet, "Null") && Mailets.matches(mailet, "IsSenderInRRTLoop")) {
                editor.delete(mailet, "the mail is kept above, and nothing reaches this line any more");
            }
        }
        List<XmlElement> rest = mailets(processor);
        boolean foreign = rest.subList(rest.indexOf(kept.get()) + 1, rest.size()).stream()
                .anyMatch(mailet -> !Mailets.is(mailet, "Null") && !Mailets.is(mailet, "Bounce"));
        if (!foreign) {
            kept.get()
                    .child("passThrough")
                    .filter(pass -> pass.text().equals("true"))
                    .ifPresent(pass -> editor.text(pass, "false", "the mail is kept, and ends here"));
        }
    }

    // -- tools

    private static List<XmlElement> mailets(XmlElement processor) {
        return processor.children("mailet");
    }

    private static boolean has(XmlElement processor, String simpleClass) {
        return mailets(processor).stream().anyMatch(mailet -> Mailets.is(mailet, simpleClass));
    }

    private boolean leadsTo(String state) {
        return root.all("mailet").stream()
                .anyMatch(mailet -> Mailets.goesTo(mailet).filter(state::equals).isPresent());
    }

    private boolean leadsToByRewriting() {
        return root.all("mailet").stream()
                .anyMatch(mailet -> mailet.text("errorProcessor").equals("rrt-error"));
    }

    /** Lines of ours for a mailet, with its comment. */
    private String own(String state, String match, String simpleClass) {
        return site.fill(
                ours.mailets(state, mailet -> Mailets.matches(mailet, match) && Mailets.is(mailet, simpleClass)));
    }

    /** The same, for the mail that another mailet takes. */
    private String own(String state, String match, String simpleClass, XmlElement like) {
        return own(state, match, simpleClass)
                .replace("match=\"All\"", "match=\"" + like.attribute("match").replace("\"", "&quot;") + "\"");
    }

    private void add(String processor, String reason) {
        added.append(site.fill(processor));
        whyAdded.add(reason);
    }

    /**
     * Makes a mailet one of another class where it stands: parameters that this one does not have go, those of the lines come,
     * and comments stay.
     */
    private void become(XmlElement mailet, String className, Set<String> keeps, String lines, String reason) {
        if (!changed.add(mailet)) {
            return;
        }
        editor.attribute(mailet, "class", className, reason);
        List<String> parameters = new ArrayList<>();
        List<String> given = lines.lines().collect(Collectors.toList());
        int first = 0;
        while (!given.get(first).startsWith("<mailet")) {
            first++;
        }
        given.subList(first + 1, given.size() - 1).forEach(line -> parameters.add(line.substring(2)));
        for (XmlElement parameter : mailet.children()) {
            if (keeps.contains(parameter.name())) {
                parameters.removeIf(line -> line.startsWith("<" + parameter.name() + ">"));
            } else {
                editor.delete(parameter, reason);
            }
        }
        editor.append(mailet, String.join("\n", parameters) + "\n", reason);
    }
}
