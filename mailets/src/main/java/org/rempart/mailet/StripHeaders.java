/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.header.HeaderFirewall;
import org.rempart.mailet.header.HeaderFirewall.TooManyHopsException;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.HeaderPattern;
import org.rempart.policy.HeaderPolicy;
import org.rempart.policy.HeaderPreset;
import org.rempart.policy.Policy;
import org.rempart.policy.PolicyException;
import org.rempart.policy.PolicyFile;
import org.rempart.policy.ReceivedHandling;
import org.rempart.policy.Rule;

/**
 * Takes out of a mail's header what tells of the inside, before the mail leaves. By the policy file:
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
 *       strip. With keep, whoever sends a mail can save a field of his by signing it, and name fields of ours that he
 *       guesses; the {@code Received} fields that servers wrote above his signature are never saved. Signatures by our own
 *       domains save nothing: sign after this mailet</td></tr>
 * </table>
 *
 * <p>What stays of the header is the same bytes in the same order; the body is not read. Where nothing is to be stripped,
 * the message is left alone. A mail that can't be stripped fails, and James's error processor keeps it: it does not leave.
 *
 * <p>With {@code remove}, the number of removed hops stays in a field {@code X-Hop-Count}, which tells nothing else, and a
 * mail with more than a hundred of them fails: James's RelayLimit, which counts {@code Received} fields, would not see the
 * loop any more.
 */
public final class StripHeaders extends GenericMailet {
    private static final String POLICY = "policy";
    private static final String PRESET = "preset";
    private static final String STRIP = "strip";
    private static final String KEEP = "keep";
    private static final String RECEIVED = "received";
    private static final String PUBLIC_NAME = "publicName";
    private static final String SIGNED = "signed";

    private final FileSystem fileSystem;
    private final DomainList domains;
    private HeaderFirewall firewall;

    @Inject
    public StripHeaders(FileSystem fileSystem, DomainList domains) {
        this.fileSystem = fileSystem;
        this.domains = domains;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(this, POLICY, PRESET, STRIP, KEEP, RECEIVED, PUBLIC_NAME, SIGNED);
        boolean inline = Stream.of(PRESET, STRIP, KEEP, RECEIVED, PUBLIC_NAME, SIGNED)
                .anyMatch(name -> parameters.text(name).isPresent());
        if (inline && parameters.text(POLICY).isPresent()) {
            throw parameters.fault(
                    POLICY,
                    parameters.text(POLICY).get(),
                    "and other parameters exclude each other",
                    "say it all in the policy file, or all here");
        }
        HeaderPolicy policy = inline ? inlinePolicy(parameters) : filePolicy(parameters);
        firewall = new HeaderFirewall(policy, this::isOurs, publicName(policy));
    }

    private HeaderPolicy filePolicy(Parameters parameters) throws MessagingException {
        try {
            Optional<String> named = parameters.text(POLICY);
            Policy policy = named.isPresent()
                    ? PolicyFile.readNamed(named.get(), fileSystem::getResource)
                    : PolicyFile.read(PolicyFile.DEFAULT_URL, fileSystem::getResource);
            return policy.headers();
        } catch (PolicyException | IOException fault) {
            throw new MessagingException("StripHeaders: " + fault.getMessage(), fault);
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
        Optional<String> publicName = parameters.text(PUBLIC_NAME);
        if (publicName.isPresent()) {
            policy.publicName(hostName(parameters, publicName.get()));
        }
        Optional<String> signed = parameters.text(SIGNED);
        if (signed.isPresent()) {
            if (!signed.get().equals("keep") && !signed.get().equals("strip")) {
                throw parameters.fault(SIGNED, signed.get(), "is unknown", "write keep or strip");
            }
            policy.keepSigned(signed.get().equals("keep"), rule(SIGNED, signed.get()));
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

    private static String hostName(Parameters parameters, String name) throws MessagingException {
        try {
            DomainPattern host = DomainPattern.parse(name);
            if (!host.isWildcard()) {
                return host.toString();
            }
        } catch (PolicyException fault) {
            // Told below, with the parameter's name.
        }
        throw parameters.fault(PUBLIC_NAME, name, "is no host name", "write the public name of the mail server");
    }

    private String publicName(HeaderPolicy policy) throws MessagingException {
        if (policy.publicName().isPresent()) {
            return policy.publicName().get();
        }
        try {
            return domains.getDefaultDomain().asString();
        } catch (DomainListException fault) {
            throw new MessagingException(
                    "StripHeaders: the server has no default domain; name one in domainlist.xml, or give <publicName>",
                    fault);
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (mail.getMessage() == null) {
            return;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            Optional<byte[]> stripped = firewall.apply(message.header());
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

    /** Whether a domain is ours; asked of the domain list itself, since James's context answers "no" when that is down. */
    private boolean isOurs(Domain domain) {
        try {
            return domains.containsDomain(domain);
        } catch (DomainListException down) {
            throw new IllegalStateException(
                    "the domain list can't tell whether " + domain.asString() + " is ours", down);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Takes out of the header what tells of the inside";
    }
}
