/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.message.HeaderBlock;
import org.rempart.message.MailAttributes;
import org.rempart.message.MailOrigin;
import org.rempart.message.OriginatorField;
import org.rempart.message.Originators;
import org.rempart.message.RawMessage;
import org.rempart.message.ShownAddress;
import org.rempart.message.dkim.ArcChain;
import org.rempart.message.dkim.DkimSigner;
import org.rempart.policy.DomainNames;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.dkim.DkimPolicy.Sign;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.policy.relay.RelayPolicy;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.server.ServerPolicy;

/**
 * Signs mail that leaves (DKIM, RFC 6376), with the keys that {@code <dkim>} of the policy names for the domain of its From.
 * In the processor of mail that leaves, behind everything that changes the message:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.SignMail">
 *   <onMailetException>propagate</onMailetException>
 * </mailet>
 * }</pre>
 *
 * Signed is what an account of ours has submitted, what a network brought that {@code <relay>} lets send with that sender,
 * and what this server itself writes. A stranger's mail is not, though an address of ours sends it on and whatever its From
 * says; nor is mail that claims to be ours and has not proved it. What our MX has found of a stranger's mail is sealed (ARC, RFC
 * 8617) with the RSA key of the domain that forwarded mail has its sender in, so that others may believe it.
 *
 * <p>{@link SecureRemoteDelivery} sends the very bytes that were signed. James's own RemoteDelivery encodes messages
 * for servers without 8BITMIME once more, and breaks signatures then.
 *
 * <p>All keys are read when the server starts, and one that can't be used stops the start. A mail that can't be signed fails,
 * and James's error processor keeps it: it does not leave without its signature.
 *
 * <p>Parameter {@code policy}: the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given.
 */
public final class SignMail extends GenericMailet {
    private static final String POLICY = "policy";

    private final ServerPolicy server;
    private final DomainList domains;
    private final Clock clock;
    private final Map<Sign, DkimKey> keys = new LinkedHashMap<>();
    private DkimPolicy policy;
    private RelayPolicy relay;
    private Optional<String> forwardDomain;

    @Inject
    public SignMail(ServerPolicy server, DomainList domains) {
        this(server, domains, Clock.systemUTC());
    }

    SignMail(ServerPolicy server, DomainList domains, Clock clock) {
        this.server = server;
        this.domains = domains;
        this.clock = clock;
    }

    @Override
    public void init() throws MessagingException {
        Policy whole = Parameters.of(this, POLICY).policy(POLICY, server);
        policy = whole.dkim();
        relay = whole.relay();
        forwardDomain = whole.forwards().domain();
        try {
            for (Sign rule : policy.rules()) {
                keys.put(rule, DkimKey.of(rule, server.files()::getResource));
            }
        } catch (IOException fault) {
            throw new MessagingException("SignMail: " + fault.getMessage(), fault);
        }
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (keys.isEmpty() || mail.getMessage() == null) {
            return;
        }
        if (!isOfOurs(mail)) {
            seal(mail);
            return;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            List<DkimSigner.Signature> signatures = signatures(message.header());
            if (!signatures.isEmpty()) {
                byte[] signed;
                try (InputStream body = message.body()) {
                    signed = DkimSigner.sign(message.header(), body, signatures, clock.instant());
                }
                message.replaceHeader(signed);
            }
        } catch (IOException | GeneralSecurityException | RuntimeException fault) {
            throw new MessagingException("SignMail: the mail can't be signed, so it must not leave", fault);
        }
    }

    /**
     * Seals what our MX has found of a stranger's mail that is sent on, where a key is there for the domain that forwarded mail has
     * its sender in. A chain that did not hold when it came is not made longer.
     */
    private void seal(Mail mail) throws MessagingException {
        Optional<String> results = AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.PROOF, String.class);
        if (results.isEmpty() || MailOrigin.claimsToBeOurs(mail)) {
            return;
        }
        Optional<DkimSigner.Signature> sealer = sealer();
        if (sealer.isEmpty()) {
            return;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            ArcChain chain = ArcChain.of(message.header());
            boolean sound = chain.isEmpty()
                    || (chain.fault().isEmpty()
                            && chain.length() < ArcChain.MOST_SETS
                            // It is the last that is looked at, so nobody's address stands behind it.
                            && results.get().endsWith("; arc=pass"));
            if (sound) {
                byte[] sealed;
                try (InputStream body = message.body()) {
                    sealed = DkimSigner.seal(message.header(), body, sealer.get(), results.get(), clock.instant());
                }
                message.replaceHeader(sealed);
            }
        } catch (IOException | GeneralSecurityException | RuntimeException fault) {
            throw new MessagingException("SignMail: the mail can't be sealed, so it must not leave", fault);
        }
    }

    /** RSA, which all who verify seals know. */
    private Optional<DkimSigner.Signature> sealer() throws MessagingException {
        try {
            String domain = forwardDomain.isPresent()
                    ? forwardDomain.get()
                    : domains.getDefaultDomain().asString();
            return policy.of(DomainNames.comparable(domain)).stream()
                    .filter(rule -> keys.get(rule).kind() == DkimKeyKind.RSA)
                    .findFirst()
                    .map(rule -> new DkimSigner.Signature(rule, keys.get(rule)));
        } catch (DomainListException down) {
            throw new MessagingException("SignMail: the domain list does not answer", down);
        }
    }

    /** By the domain of From, so that the signatures are aligned with it (RFC 7489, section 3.1.1). */
    private List<DkimSigner.Signature> signatures(HeaderBlock header) {
        Set<Sign> rules = new LinkedHashSet<>();
        for (OriginatorField from : Originators.of(header).from()) {
            for (ShownAddress address : from.mailboxes()) {
                rules.addAll(policy.of(address.domain()));
            }
        }
        List<DkimSigner.Signature> signatures = new ArrayList<>();
        rules.forEach(rule -> signatures.add(new DkimSigner.Signature(rule, keys.get(rule))));
        return signatures;
    }

    /** Whether somebody wrote it for whom we answer. */
    private boolean isOfOurs(Mail mail) throws MessagingException {
        if (MailOrigin.isOwn(mail)) {
            return true;
        }
        if (MailOrigin.claimsToBeOurs(mail)) {
            return false;
        }
        return MailOrigin.account(mail).isPresent() || isOfAllowedNetwork(mail);
    }

    private boolean isOfAllowedNetwork(Mail mail) throws MessagingException {
        MaybeSender sender = mail.getMaybeSender();
        // What is sent on has another sender by now, of which <relay> says nothing.
        if (sender.asOptional()
                .map(MailAddress::getLocalPart)
                .filter(SenderRewriting::isRewritten)
                .isPresent()) {
            return false;
        }
        return relay.decide(RelayRequest.of(MailOrigin.client(mail), false, sender, false))
                        .verdict()
                == RelayVerdict.ALLOWED;
    }

    @Override
    public String getMailetInfo() {
        return "Signs mail of ours that leaves";
    }
}
