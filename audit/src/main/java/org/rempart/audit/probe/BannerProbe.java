/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Smtp;

/** What a listener tells of itself before anyone has said who he is: greeting, EHLO, HELP, answers to nonsense. */
final class BannerProbe extends ListenerProbe {
    static final String PRODUCT = "leak.product";
    static final String INSIDE = "leak.inside";

    private static final Pattern PRODUCTS = Pattern.compile(
            "(?i)\\b(postfix|exim|sendmail|opensmtpd|haraka|james|apache|qmail|courier|dovecot|cyrus|stalwart|maddy|exchange"
                    + "|microsoft|zimbra|hmailserver|mailenable|icewarp|kerio|mdaemon|communigate|domino|lotus|groupwise|postal"
                    + "|mailcow|iredmail|halon|powermta|momentum|ecelerity|rempart|java|debian|ubuntu|centos|red ?hat|windows"
                    + "|freebsd|openssl|pigeonhole|spamassassin|rspamd|amavis|mailscanner|barracuda|ironport|fortimail|proofpoint"
                    + "|mimecast|sophos|trend ?micro|kaspersky|mailmarshal|forcepoint|netty|subethasmtp|greenmail|smtp4dev|mailhog"
                    + "|mailpit|xmail|surgemail|axigen|zarafa|kopano|citadel|smartermail|aiosmtpd|gmx|lmail|smtpd/|esmtp_? ?\\d)");
    private static final Pattern VERSION = Pattern.compile("(?<![\\d.])v?\\d+\\.\\d+(\\.\\d+)+(?![\\d.])");
    private static final Pattern TRACE = Pattern.compile(
            "(?:\\bat |\\bcaused by: )?\\b(?:[a-z_]+\\.){2,}[A-Z]\\w*(?:Exception|Error)\\b|\\bTraceback\\b|\\bstack trace\\b");
    private static final Pattern PATH =
            Pattern.compile("(?<![\\w/])/(?:usr|var|home|etc|opt|root|srv|tmp)/[\\w./-]+|\\b[A-Z]:\\\\\\w+");

    @Override
    public String name() {
        return "greetings";
    }

    @Override
    public Set<String> checks() {
        return Set.of(PRODUCT, INSIDE);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return true;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return checks();
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        List<String> said;
        String us;
        String self = "";
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            String capabilities = dialogue.capabilities();
            if (dialogue instanceof Smtp smtp) {
                // The answer to EHLO begins with the server's domain (RFC 5321, section 4.1.1.1).
                self = capabilities.split("\\s", 2)[0];
                for (String command :
                        List.of("HELP", "XYZZY", "MAIL FROM:", "RCPT TO:<@>", "VRFY \"", "MAIL FROM:<a@b> SIZE=x")) {
                    if (smtp.refusals() < 5) {
                        smtp.command(command);
                    }
                }
            }
            us = dialogue.wire().localAddress().getHostAddress();
            said = dialogue.transcript().lines().stream()
                    .filter(line -> line.startsWith("< "))
                    .toList();
        }
        // Who calls knows his own address and the one that he calls.
        Set<String> known = Set.copyOf(
                List.of(
                                us,
                                listener.address().getHostAddress(),
                                plan.host(),
                                plan.domain().orElse(plan.host()))
                        .stream()
                        .map(name -> name.toLowerCase(Locale.ROOT))
                        .distinct()
                        .toList());
        // The name that the client gave is echoed; it is no name of the server's.
        List<String> products = new ArrayList<>();
        List<String> inside = new ArrayList<>();
        for (String line : said) {
            String text = line.replace(Smtp.NAME, "client");
            find(PRODUCTS, text).ifPresent(found -> products.add(line + "   (" + found + ")"));
            if (find(PRODUCTS, text).isEmpty()) {
                find(VERSION, withoutCodes(text)).ifPresent(found -> products.add(line + "   (version " + found + ")"));
            }
            for (Pattern pattern : List.of(TRACE, PATH)) {
                find(pattern, text).ifPresent(found -> inside.add(line + "   (" + found + ")"));
            }
            InnerNames.in(text, known).ifPresent(found -> inside.add(line + "   (" + found + ")"));
        }
        if (self.matches("[A-Za-z0-9-]+") && !known.contains(self.toLowerCase(Locale.ROOT))) {
            inside.add("the server calls itself " + self + ", which is no name of the Internet's");
        }
        String subject = listener.toString();
        findings.add(
                PRODUCT,
                subject,
                products.isEmpty() ? Verdict.PASS : Verdict.FAIL,
                products.isEmpty() ? "no product or version is named" : "product or version is named",
                products);
        findings.add(
                INSIDE,
                subject,
                inside.isEmpty() ? Verdict.PASS : Verdict.FAIL,
                inside.isEmpty()
                        ? "nothing of the internal network is told"
                        : "something of the internal network is told",
                inside);
    }

    /** Without the enhanced status codes (RFC 3463), which look like versions. */
    private static String withoutCodes(String line) {
        return line.replaceAll("\\b[245]\\.\\d{1,3}\\.\\d{1,3}\\b", "")
                .replaceAll("\\b\\d{1,3}(\\.\\d{1,3}){3}\\b", "");
    }

    private static Optional<String> find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group()) : Optional.empty();
    }
}
