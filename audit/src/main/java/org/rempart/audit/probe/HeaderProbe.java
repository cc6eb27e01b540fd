/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.rempart.audit.Account;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Probe;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Reply;
import org.rempart.audit.net.Smtp;

/** What the header of a message that left tells of the internal network: of one that is sent to the sink, or of a file. */
final class HeaderProbe implements Probe {
    private static final String ADDRESSES = "header.addresses";
    private static final String PRODUCTS = "header.products";
    private static final String CLIENT = "header.client";
    private static final String ACCOUNTS = "header.accounts";
    private static final long LARGEST_FILE = 30L << 20;
    private static final int HEADER = 256 * 1024;

    /** Fields of filters and their verdicts, and of classification. */
    private static final Pattern FILTER =
            Pattern.compile("(?i)x-(spam|rspam|virus|amavis|barracuda|ironport|ipas|sbrs|proofpoint"
                    + "|mimecast|sophos|lased|brightmail|tm-|tmase|fireeye|fe-|feas-|fortimail|klms|kaspersky|forcepoint|seg-|msw-jemd|agari"
                    + "|threatsim|forefront|microsoft-antispam|ms-exchange-(organization|forest|crosspremises)|originatororg|titus|bj-|dg-"
                    + "|protective-marking|mailscanner|clamav|quarantine|pmx|cloudmark|bogosity|dspam|esets|avast|gdata|halon|rewards"
                    + "|whitelist|greylist|policyd|mailcontrol|scanned).*|msip_label.*");

    /** Fields that the sender's program writes of itself. */
    private static final Pattern PROGRAM =
            Pattern.compile("(?i)user-agent|x-mailer|x-newsreader|x-originating-.*|x-enigmail.*"
                    + "|x-pgp-agent|x-php-(originating-)?script|x-mimeole|x-ms-reactions|x-ms-has-attach|x-ms-tnef-correlator|x-eopattributed.*"
                    + "|thread-index|x-source.*|x-get-message-sender-via|x-antiabuse|x-webmail.*|x-squirrelmail.*|x-forward.*"
                    + "|x-client.*|x-apple-.*|x-universally-unique-identifier|x-ovh-.*");

    private static final Pattern ACCOUNT =
            Pattern.compile("(?i)x-(auth(enticated|-id)?.*|sender(-id)?|smtp-auth.*|sasl.*|uid|user"
                    + "|login|account.*|authenticated-(sender|user))|x-.*authuser.*");

    private record Field(String name, String value) {}

    @Override
    public String name() {
        return "the header of mail that leaves";
    }

    @Override
    public Set<String> checks() {
        return Set.of(ADDRESSES, PRODUCTS, CLIENT, ACCOUNTS);
    }

    @Override
    public void run(Plan plan, Budget budget, Findings findings) throws IOException {
        if (plan.message().isPresent()) {
            Path file = plan.message().get();
            if (Files.size(file) > LARGEST_FILE) {
                throw new IOException(file + " is larger than " + LARGEST_FILE + " bytes");
            }
            judge(
                    plan,
                    file.getFileName().toString(),
                    new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1),
                    findings);
            return;
        }
        if (plan.account().isEmpty() || plan.sink().isEmpty()) {
            return;
        }
        String token = Tokens.next();
        Listener listener =
                IdentityProbe.submission(plan).orElseThrow(() -> new IOException("there is no submission listener"));
        send(plan, listener, budget, plan.account().get(), token);
        Optional<byte[]> arrived = plan.sink().get().await(token, plan.sinkWait());
        if (arrived.isEmpty()) {
            throw new IOException("the message did not arrive at the sink within "
                    + plan.sinkWait().toSeconds() + " s; does mail for " + plan.foreign() + " go there?");
        }
        judge(plan, "a message sent by " + listener, new String(arrived.get(), StandardCharsets.ISO_8859_1), findings);
    }

    /** A message with all that clients and filters write, each of it invented. */
    private static void send(Plan plan, Listener listener, Budget budget, Account account, String token)
            throws IOException {
        String own = account.name().contains("@")
                ? account.name()
                : account.name() + "@" + plan.domain().orElse(plan.host());
        String message = "Received: from desktop-7.corp.internal ([10.77.88.99]) by relay.corp.internal (Postfix)\r\n"
                + "\twith ESMTP id AUDIT; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
                + "X-Originating-IP: [10.77.88.99]\r\n"
                + "X-Mailer: Audit Mailer 1.2.3\r\n"
                + "User-Agent: Audit/1.2.3 (X11; desktop-7)\r\n"
                + "X-Spam-Status: No, score=-1.2 on filter.corp.internal\r\n"
                + "X-Virus-Scanned: amavisd-new at filter.corp.internal\r\n"
                + ProbeSupport.message("From: <" + own + ">\r\n", plan, token, "header");
        try (Smtp smtp = IdentityProbe.login(listener, budget, account)) {
            Reply reply = smtp.command("MAIL FROM:<" + own + ">");
            if (reply.completed()) {
                reply = smtp.command("RCPT TO:<rempart-audit@" + plan.foreign() + ">");
            }
            if (reply.completed()) {
                reply = smtp.command("DATA");
            }
            if (reply.code() == 354) {
                reply = smtp.message(message, "(a test message)");
            }
            if (!reply.completed()) {
                throw new IOException("the test message was refused: " + reply);
            }
            smtp.quit();
        }
    }

    private static void judge(Plan plan, String subject, String message, Findings findings) {
        List<String> addresses = new ArrayList<>();
        List<String> products = new ArrayList<>();
        List<String> client = new ArrayList<>();
        List<String> accounts = new ArrayList<>();
        Set<String> known = Set.of(plan.domain().orElse("example.com").toLowerCase(Locale.ROOT));
        String account = plan.account().map(Account::name).orElse("");
        for (Field field : fields(message)) {
            String line = field.name() + ": " + field.value();
            String lower = field.name().toLowerCase(Locale.ROOT);
            // What a user writes is his own business.
            boolean written = Set.of("subject", "to", "cc", "from", "reply-to", "comments", "keywords")
                    .contains(lower);
            if (!written) {
                InnerNames.in(field.value(), known).ifPresent(found -> addresses.add(line + "   (" + found + ")"));
            }
            if (FILTER.matcher(field.name()).matches()) {
                products.add(line);
            } else if (lower.equals("received")
                    && field.value()
                            .matches("(?is).*\\b(by|with)\\b.*\\((postfix|exim|james|microsoft"
                                    + "|sendmail|amavis|[^)]*smtp server|[^)]*spam[^)]*|[^)]*virus[^)]*)[^)]*\\).*")) {
                products.add(line);
            }
            if (PROGRAM.matcher(field.name()).matches()
                    || (lower.equals("mime-version") && field.value().contains("("))) {
                client.add(line);
            }
            if (ACCOUNT.matcher(field.name()).matches()
                    || (lower.equals("received")
                            && (field.value().toLowerCase(Locale.ROOT).contains("authenticated sender")
                                    || field.value().toLowerCase(Locale.ROOT).contains("authenticated as")
                                    || (!account.isEmpty() && field.value().contains("auth=" + account))))) {
                accounts.add(line);
            }
        }
        String clean = "no field tells of it";
        findings.decide(
                ADDRESSES,
                subject,
                addresses.isEmpty(),
                addresses.isEmpty() ? clean : addresses.size() + " fields tell private addresses or inner names",
                addresses);
        findings.decide(
                PRODUCTS,
                subject,
                products.isEmpty(),
                products.isEmpty() ? clean : products.size() + " fields tell which products are in use",
                products);
        findings.decide(
                CLIENT,
                subject,
                client.isEmpty(),
                client.isEmpty() ? clean : client.size() + " fields tell of the sender's program",
                client);
        findings.decide(
                ACCOUNTS,
                subject,
                accounts.isEmpty(),
                accounts.isEmpty() ? clean : accounts.size() + " fields tell the account's name",
                accounts);
    }

    /** The fields of the header, unfolded (RFC 5322, section 2.2.3). What is no field is passed over. */
    private static List<Field> fields(String message) {
        List<Field> fields = new ArrayList<>();
        String header = message.substring(0, Math.min(message.length(), HEADER));
        StringBuilder current = new StringBuilder();
        for (String line : header.split("\r?\n", -1)) {
            if (line.isEmpty()) {
                break;
            }
            if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                current.append(' ').append(line.strip());
                continue;
            }
            add(fields, current.toString());
            current.setLength(0);
            current.append(line);
        }
        add(fields, current.toString());
        return fields;
    }

    private static void add(List<Field> fields, String text) {
        int colon = text.indexOf(':');
        if (colon > 0) {
            fields.add(new Field(
                    text.substring(0, colon).strip(), text.substring(colon + 1).strip()));
        }
    }
}
