/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.mailet.Mail;
import org.apache.mailet.PerRecipientHeaders;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.header.HeaderFirewall;
import org.rempart.mailet.header.HeaderFirewall.TooManyHopsException;
import org.rempart.mailet.header.MessageIds;
import org.rempart.message.DispositionNotification;
import org.rempart.message.HeaderBlock;
import org.rempart.message.MailOrigin;
import org.rempart.message.RawMessage;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.headers.HeaderPattern;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.headers.ReceivedHandling;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes out of a mail's header what tells of the internal network, before the mail leaves. By the policy file:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.RecipientIsRemote" class="org.rempart.mailet.StripHeaders"/>
 * }</pre>
 *
 * or by parameters of its own, and then no policy file is read:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.RecipientIsRemote" class="org.rempart.mailet.StripHeaders">
 *   <preset>client, filter</preset>
 *   <strip>X-Acme-*, X-Debug</strip>
 *   <keep>X-Acme-Public</keep>
 *   <received>rewrite</received>
 *   <publicName>mail.example.com</publicName>
 *   <signed>keep</signed>
 * </mailet>
 * }</pre>
 *
 * <table>
 *   <caption>Parameters; all are optional</caption>
 *   <tr><td>policy</td><td>the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given</td></tr>
 *   <tr><td>preset</td><td>presets of fields: client, filter, exchange, labels, trace</td></tr>
 *   <tr><td>strip</td><td>names of fields, or beginnings with a star, without regard to case</td></tr>
 *   <tr><td>keep</td><td>names that stay although a preset or a beginning means them</td></tr>
 *   <tr><td>received</td><td>trace fields: keep, rewrite (the default), remove</td></tr>
 *   <tr><td>publicName</td><td>the host name for rewritten ones, the server's default domain if not given</td></tr>
 *   <tr><td>signed</td><td>fields that a foreign DKIM signature covers (RFC 6376, section 5.4.2): keep (the default),
 *       strip. With keep, anyone who sends a mail can save a field of his by signing it, and name fields of ours that he
 *       guesses; the {@code Received} fields that servers wrote above his signature are never saved. Signatures by our own
 *       domains save nothing: sign after this mailet</td></tr>
 *   <tr><td>values</td><td>private addresses and inner host names in the fields that leave: rewrite (the default),
 *       keep</td></tr>
 *   <tr><td>inner</td><td>internal domains, each with all below it, beside those below our mail domains</td></tr>
 * </table>
 *
 * <p>What stays of the header is the same bytes in the same order; the body is not read. Where nothing is to be stripped,
 * the message is left alone. A mail that can't be stripped fails, and James's error processor keeps it: it does not leave.
 *
 * <p>Fields that James keeps beside the message for single recipients, such as {@code Delivered-To}, are stripped like those
 * in it.
 *
 * <p>With {@code <values>rewrite</values>}, message ids that name an inner host leave in another form, under a key in
 * {@value MessageIdKey#URL}; {@link RestoreMessageIds} undoes it in answers; a mail without an id gets one, since James would give it
 * one that names the machine. An ARC set of ours that tells of the internal network is
 * left out: seal after this mailet.
 *
 * <p>Two kinds of mail have their body changed, where values are rewritten. A report of a failed delivery that this server has
 * written itself names no inner host and no program any more, and the header that it quotes is stripped too. A disposition
 * notification (RFC 8098) that an account submits loses the same in its fields and in the header that it quotes.
 *
 * <p>With {@code remove}, the number of removed hops stays in a field {@code X-Hop-Count}, which tells nothing else, and a
 * mail with more than a hundred of them fails: James's RelayLimit, which counts {@code Received} fields, would not see the
 * loop any more.
 */
public final class StripHeaders extends GenericMailet {
    private static final Logger LOGGER = LoggerFactory.getLogger(StripHeaders.class);

    private static final String POLICY = "policy";
    private static final String PRESET = "preset";
    private static final String STRIP = "strip";
    private static final String KEEP = "keep";
    private static final String RECEIVED = "received";
    private static final String PUBLIC_NAME = "publicName";
    private static final String SIGNED = "signed";
    private static final String VALUES = "values";
    private static final String INNER = "inner";

    private final ServerPolicy server;
    private final DomainList domains;
    private final UsersRepository users;
    private HeaderFirewall firewall;

    @Inject
    public StripHeaders(ServerPolicy server, DomainList domains, UsersRepository users) {
        this.server = server;
        this.domains = domains;
        this.users = users;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters =
                Parameters.of(this, POLICY, PRESET, STRIP, KEEP, RECEIVED, PUBLIC_NAME, SIGNED, VALUES, INNER);
        boolean inline = Stream.of(PRESET, STRIP, KEEP, RECEIVED, PUBLIC_NAME, SIGNED, VALUES, INNER)
                .anyMatch(name -> parameters.text(name).isPresent());
        if (inline && parameters.text(POLICY).isPresent()) {
            throw parameters.fault(
                    POLICY,
                    parameters.text(POLICY).get(),
                    "and other parameters exclude each other",
                    "say it all in the policy file, or all here");
        }
        HeaderPolicy policy = inline
                ? inlinePolicy(parameters)
                : parameters.policy(POLICY, server).headers();
        String publicName = HeaderConfiguration.publicName(this, policy, domains);
        // What is not rewritten needs no key, and then none is written.
        MessageIds ids = policy.rewriteValues().verdict()
                ? new MessageIds(MessageIdKey.of(server.files(), "StripHeaders"), publicName)
                : null;
        firewall = new HeaderFirewall(policy, this::isOurs, publicName, ids, machine(), this::isAccount);
    }

    /** The name of this machine, which James writes into ids and reports of its own. */
    private static List<String> machine() {
        try {
            return List.of(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException nameless) {
            return List.of();
        }
    }

    private static HeaderPolicy inlinePolicy(Parameters parameters) throws MessagingException {
        HeaderPolicy.Builder policy = HeaderPolicy.builder();
        for (String keyword : parameters.list(PRESET)) {
            HeaderPreset preset = HeaderPreset.ofKeyword(keyword)
                    .orElseThrow(() -> parameters.fault(
                            PRESET,
                            keyword,
                            "is unknown",
                            "the presets are "
                                    + keywords(Stream.of(HeaderPreset.values()).map(HeaderPreset::keyword))));
            policy.strip(preset, rule(PRESET, keyword));
        }
        for (String name : parameters.list(STRIP)) {
            policy.strip(pattern(parameters, STRIP, name), rule(STRIP, name));
        }
        for (String name : parameters.list(KEEP)) {
            policy.keep(pattern(parameters, KEEP, name), rule(KEEP, name));
        }
        Optional<String> received = parameters.text(RECEIVED);
        if (received.isPresent()) {
            ReceivedHandling handling = ReceivedHandling.ofKeyword(received.get())
                    .orElseThrow(() -> parameters.fault(
                            RECEIVED,
                            received.get(),
                            "is unknown",
                            "write "
                                    + keywords(
                                            Stream.of(ReceivedHandling.values()).map(ReceivedHandling::keyword))));
            policy.received(Decision.of(handling, rule(RECEIVED, received.get())));
        }
        if (parameters.text(PUBLIC_NAME).isPresent()) {
            policy.publicName(parameters.hostName(PUBLIC_NAME));
        }
        Optional<String> signed = parameters.text(SIGNED);
        if (signed.isPresent()) {
            if (!signed.get().equals("keep") && !signed.get().equals("strip")) {
                throw parameters.fault(SIGNED, signed.get(), "is unknown", "write keep or strip");
            }
            policy.keepSigned(signed.get().equals("keep"), rule(SIGNED, signed.get()));
        }
        Optional<String> values = parameters.text(VALUES);
        if (values.isPresent()) {
            if (!values.get().equals("keep") && !values.get().equals("rewrite")) {
                throw parameters.fault(VALUES, values.get(), "is unknown", "write keep or rewrite");
            }
            policy.rewriteValues(values.get().equals("rewrite"), rule(VALUES, values.get()));
        }
        for (String domain : parameters.list(INNER)) {
            try {
                policy.inner(domain);
            } catch (PolicyException fault) {
                throw parameters.fault(
                        INNER, domain, "is no domain", "write corp.example, which means it and all below it");
            }
        }
        return policy.build();
    }

    private static Rule rule(String parameter, String value) {
        return Rule.byDefault("<" + parameter + ">" + value + "</" + parameter + "> of StripHeaders");
    }

    private static String keywords(Stream<String> keywords) {
        return keywords.collect(Collectors.joining(", "));
    }

    private static HeaderPattern pattern(Parameters parameters, String parameter, String name)
            throws MessagingException {
        try {
            return HeaderPattern.parse(name);
        } catch (PolicyException fault) {
            throw parameters.fault(
                    parameter, name, "names no header field", "write X-Mailer, or X-Acme-* for all that begin so");
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (mail.getMessage() == null) {
            return;
        }
        Optional<String> account = MailOrigin.account(mail);
        if (!mail.hasSender()
                && mail.getAttribute(Mail.SENT_BY_MAILET_ATTRIBUTE.getName()).isPresent()) {
            stripReport(mail);
        } else if (account.isPresent()) {
            stripNotification(mail);
        }
        try (RawMessage message = RawMessage.of(mail)) {
            stripSpecificHeaders(mail.getPerRecipientSpecificHeaders());
            Optional<byte[]> stripped = firewall.applyToMessage(message.header(), account);
            if (stripped.isPresent()) {
                message.replaceHeader(stripped.get());
            }
        } catch (TooManyHopsException loop) {
            throw new MessagingException("StripHeaders: " + loop.getMessage(), loop);
        } catch (IOException | RuntimeException unread) {
            throw new MessagingException(
                    "StripHeaders: the header can't be stripped, so the mail must not leave", unread);
        }
    }

    /** What James keeps beside the message, to be added for single recipients, is judged as if it were in it. */
    private void stripSpecificHeaders(PerRecipientHeaders specific) throws TooManyHopsException {
        for (MailAddress recipient : List.copyOf(specific.getRecipientsWithSpecificHeaders())) {
            Collection<PerRecipientHeaders.Header> fields = specific.getHeadersForRecipient(recipient);
            List<PerRecipientHeaders.Header> before = List.copyOf(fields);
            fields.clear();
            for (PerRecipientHeaders.Header field : before) {
                String text = field.getName() + ": " + field.getValue() + "\r\n";
                String after = firewall.apply(HeaderBlock.parse(text.getBytes(UTF_8)))
                        .map(stripped -> new String(stripped, UTF_8))
                        .orElse(text);
                // Anything else than the field itself is what tells that it was there.
                if (after.startsWith(field.getName() + ":")) {
                    specific.addHeaderForRecipient(
                            PerRecipientHeaders.Header.builder()
                                    .name(field.getName())
                                    .value(
                                            after.equals(text)
                                                    ? field.getValue()
                                                    : after.substring(field.getName()
                                                                            .length()
                                                                    + 1)
                                                            .strip()),
                            recipient);
                }
            }
        }
    }

    /** A disposition notification of an account of ours is written by its program, but for the text. */
    private void stripNotification(Mail mail) throws MessagingException {
        try {
            byte[] stripped = null;
            try (RawMessage message = RawMessage.of(mail)) {
                if (firewall.mayBeNotification(message.header())) {
                    byte[] whole = message.whole();
                    if (DispositionNotification.isOne(new ByteArrayInputStream(whole))) {
                        stripped = firewall.applyToNotification(whole);
                    }
                }
            }
            if (stripped != null) {
                RawMessage.replace(mail, stripped);
            }
        } catch (IOException | RuntimeException unread) {
            throw new MessagingException(
                    "StripHeaders: the notification can't be stripped, so it must not leave", unread);
        }
    }

    /** A report of ours quotes a mail, and says who wrote it; no other body but a notification's is ever changed. */
    private void stripReport(Mail mail) throws MessagingException {
        try {
            byte[] stripped = null;
            try (RawMessage message = RawMessage.of(mail)) {
                if (firewall.isOwnReport(message.header())) {
                    stripped = firewall.applyToReport(message.whole());
                }
            }
            if (stripped != null) {
                RawMessage.replace(mail, stripped);
            }
        } catch (IOException | RuntimeException unread) {
            throw new MessagingException("StripHeaders: the report can't be stripped, so it must not leave", unread);
        }
    }

    /** Whether a domain is ours; asked of the domain list itself, since James's context answers "no" when that is down. */
    private boolean isOurs(Domain domain) {
        try {
            return domains.containsDomain(domain);
        } catch (DomainListException down) {
            throw new IllegalStateException(
                    "the domain list can't tell whether " + domain.asString() + " is ours", down);
        }
    }

    /** Whether an address is an account's name; yes where the users can't be asked: then it does not leave. */
    private boolean isAccount(String address) {
        try {
            return users.contains(Username.of(address));
        } catch (UsersRepositoryException | IllegalArgumentException down) {
            LOGGER.warn(
                    "Can't tell whether {} is an account; the field that names it does not leave",
                    address,
                    down.toString());
            return true;
        }
    }

    @Override
    public String getMailetInfo() {
        return "Takes out of the header what tells of the internal network";
    }
}
