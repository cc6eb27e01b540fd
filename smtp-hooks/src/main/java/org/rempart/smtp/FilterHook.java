/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.mail.MessagingException;
import javax.net.ssl.SSLSession;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.message.MailAttributes;
import org.rempart.message.RawMessage;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.filter.AwayHandling;
import org.rempart.policy.filter.Filter;
import org.rempart.policy.filter.FilterHandling;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.smtp.filter.FilterAnswer;
import org.rempart.smtp.filter.FilterClient;
import org.rempart.smtp.filter.FilteredHeader;
import org.rempart.smtp.filter.FilteredMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows each message to the filters that {@code <filters>} of the policy names, one after the other, and does what the policy
 * says with their word: {@code 550 5.7.1} with the filter's text, {@code 451}, or the message is taken, and kept for the
 * postmaster ({@link MailAttributes#QUARANTINED}) or delivered as junk ({@link MailAttributes#JUNK}). One of {@link MxHandlers}
 * and {@link SubmissionHandlers}, behind all hooks that may refuse a message for less:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.FilterHook"/>
 * }</pre>
 *
 * What filters change of the header is changed; field {@value #UNFILTERED} names those that have not seen the message. Of mail
 * from outside, fields that speak as our filters do are removed.
 */
public final class FilterHook extends PolicyHook implements JamesMessageHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(FilterHook.class);
    private static final String UNFILTERED = "X-Unfiltered";

    private static final Pattern A_FILTERS_NAME = Pattern.compile(
            "(?i)x-spam([-_].*)?|x-spamd(-.*)?|x-rspamd-.*|x-virus-.*|x-unfiltered|x-unverified-sender");

    /** For the name of a client. */
    private static final Duration NAME_TIME = Duration.ofSeconds(1);

    private static final int MOST_NAMES = 3;

    private final Dns dns;
    private final Map<Filter, FilterClient> clients = new LinkedHashMap<>();

    @Inject
    public FilterHook(DNSService dns, ServerPolicy server) {
        super(server);
        this.dns = Dns.of(dns);
    }

    @Override
    void ready(FileSystem files) {
        policy().filters().filters().forEach(filter -> clients.put(filter, FilterClient.of(filter)));
    }

    @Override
    public HookResult onMessage(SMTPSession session, Mail mail) {
        if (clients.isEmpty()) {
            return HookResult.DECLINED;
        }
        Transaction transaction = Transaction.of(session);
        boolean outside = isFromOutside(transaction, mail);
        List<Filter> shown = policy().filters().shown(outside, transaction.client());
        if (shown.isEmpty()) {
            return HookResult.DECLINED;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            String name = publicName(session);
            FilteredHeader header = new FilteredHeader(message.header(), field -> outside && isOurs(field, name));
            Shown facts = new Shown(session, mail, message, header, name);
            for (Filter filter : shown) {
                Optional<HookResult> refusal = ask(session, mail, filter, facts);
                if (refusal.isPresent()) {
                    return refusal.get();
                }
            }
            if (outside) {
                header.removeClaims(FilterHook::isAFiltersName);
            }
            if (header.isChanged()) {
                message.replaceHeader(header.header().bytes());
            }
            return HookResult.DECLINED;
        } catch (MessagingException | IOException | RuntimeException unread) {
            LOGGER.error("{} can't be shown to filters", mail.getName(), unread);
            return Answers.cannotDecide();
        }
    }

    /** What SenderProofHook has written. */
    private static boolean isOurs(HeaderField field, String name) {
        return field.isNamed("Authentication-Results") && SenderProofHook.claims(field.value(), name);
    }

    private static boolean isAFiltersName(String name) {
        return A_FILTERS_NAME.matcher(name).matches();
    }

    private Optional<HookResult> ask(SMTPSession session, Mail mail, Filter filter, Shown message) throws IOException {
        if (filter.largest().isPresent() && message.size() > filter.largest().getAsLong()) {
            message.changed.mark(UNFILTERED, filter.name() + "; too large for it");
            audit(session, filter, "unfiltered", "larger than it is shown");
            return Optional.empty();
        }
        FilterAnswer answer;
        try {
            answer = clients.get(filter).ask(message);
        } catch (IOException | RuntimeException away) {
            String why = String.valueOf(away.getMessage());
            LOGGER.warn("The filter {} does not answer about {}: {}", filter.name(), mail.getName(), why);
            if (filter.away() == AwayHandling.DEFER) {
                audit(session, filter, "deferred", why);
                Transaction.of(session).refuse(filter.rule());
                return Optional.of(Answers.cannotDecide());
            }
            message.changed.mark(UNFILTERED, filter.name() + "; no answer");
            audit(session, filter, "unfiltered", why);
            return Optional.empty();
        }
        message.changed.apply(answer.changes());
        switch (answer.verdict()) {
            case ACCEPT:
                return Optional.empty();
            case TEMPFAIL:
                audit(session, filter, "deferred", answer.text());
                Transaction.of(session).refuse(filter.rule());
                return Optional.of(Answers.refuseForNow("451", answer.reply('4')));
            case SPAM:
                return follow(session, mail, filter, filter.spam(), answer);
            case QUARANTINE:
                return follow(session, mail, filter, filter.quarantine(), answer);
            case REJECT:
                return follow(session, mail, filter, filter.reject(), answer);
        }
        throw new AssertionError(answer.verdict());
    }

    private static Optional<HookResult> follow(
            SMTPSession session, Mail mail, Filter filter, FilterHandling handling, FilterAnswer answer) {
        switch (handling) {
            case REFUSE:
                audit(session, filter, "refused", answer.text());
                Transaction.of(session).refuse(filter.rule());
                return Optional.of(Answers.refuse("550", answer.reply('5')));
            case QUARANTINE:
                audit(session, filter, "quarantined", answer.text());
                set(mail, MailAttributes.QUARANTINED, filter.name() + ": " + answer.text());
                return Optional.empty();
            case JUNK:
                audit(session, filter, "junk", answer.text());
                set(mail, MailAttributes.JUNK, filter.name());
                return Optional.empty();
            case ACCEPT:
                audit(session, filter, "accepted", answer.text());
                return Optional.empty();
        }
        throw new AssertionError(handling);
    }

    private static void set(Mail mail, AttributeName name, String value) {
        mail.setAttribute(new Attribute(name, AttributeValue.of(value)));
    }

    private static void audit(SMTPSession session, Filter filter, String verdict, String said) {
        AuditTrail.event("filtered", session)
                .with("filter", filter.name())
                .with("verdict", verdict)
                .with("said", said)
                .rule(filter.rule())
                .log();
    }

    /** The name of a client that has it in both directions, as far as the DNS says so in time. */
    private Optional<String> nameOf(InetAddress client) {
        Dns hurried = dns.within(NAME_TIME);
        try {
            for (String name : hurried.names(client).stream().limit(MOST_NAMES).collect(Collectors.toList())) {
                if (hurried.addresses(name).contains(client)) {
                    return Optional.of(name);
                }
            }
        } catch (UnansweredException unknown) {
            LOGGER.debug("The DNS does not say the name of {}", client, unknown);
        }
        return Optional.empty();
    }

    /** A message as filters see it. */
    private final class Shown implements FilteredMessage {
        private final SMTPSession session;
        private final Mail mail;
        private final RawMessage message;
        private final FilteredHeader changed;
        private final String server;
        private Optional<String> clientName;
        private long bodySize = -1;

        Shown(SMTPSession session, Mail mail, RawMessage message, FilteredHeader changed, String server) {
            this.session = session;
            this.mail = mail;
            this.message = message;
            this.changed = changed;
            this.server = server;
        }

        long size() throws IOException {
            return message.header().length() + bodySize();
        }

        @Override
        public String id() {
            return mail.getName();
        }

        @Override
        public String server() {
            return server;
        }

        @Override
        public InetAddress client() {
            return SmtpFacts.client(session);
        }

        @Override
        @SuppressWarnings("OptionalAssignedToNull") // Not asked for yet.
        public Optional<String> clientName() {
            if (clientName == null) {
                clientName = nameOf(client());
            }
            return clientName;
        }

        @Override
        public String helo() {
            return SmtpFacts.helo(session);
        }

        @Override
        public Optional<String> account() {
            return SmtpFacts.account(session).map(account -> account.asString());
        }

        @Override
        public Optional<String> tlsVersion() {
            return SmtpFacts.tls(session).map(SSLSession::getProtocol);
        }

        @Override
        public Optional<String> cipher() {
            return SmtpFacts.tls(session).map(SSLSession::getCipherSuite);
        }

        @Override
        public String sender() {
            return mail.getMaybeSender().asOptional().map(MailAddress::asString).orElse("");
        }

        @Override
        public List<String> recipients() {
            return mail.getRecipients().stream().map(MailAddress::asString).collect(Collectors.toList());
        }

        @Override
        public HeaderBlock header() {
            return changed.header();
        }

        @Override
        public long bodySize() throws IOException {
            if (bodySize < 0) {
                try (InputStream body = body()) {
                    bodySize = body.transferTo(OutputStream.nullOutputStream());
                }
            }
            return bodySize;
        }

        @Override
        public InputStream body() throws IOException {
            return message.body();
        }
    }
}
