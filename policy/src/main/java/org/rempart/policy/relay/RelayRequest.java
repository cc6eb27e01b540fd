/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.relay;

import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MaybeSender;

/** The facts of one recipient that a relay decision needs. */
public final class RelayRequest {
    private final InetAddress client;
    private final boolean authenticated;
    private final Domain senderDomain;
    private final boolean recipientIsOurs;
    private final boolean proven;

    private RelayRequest(
            InetAddress client, boolean authenticated, Domain senderDomain, boolean recipientIsOurs, boolean proven) {
        this.client = client;
        this.authenticated = authenticated;
        this.senderDomain = senderDomain;
        this.recipientIsOurs = recipientIsOurs;
        this.proven = proven;
    }

    /**
     * @param client the connection's real address (behind a proxy: the one the PROXY protocol gave)
     * @param authenticated whether the client proved an account (RFC 4954)
     * @param sender the reverse-path of MAIL FROM
     * @param recipientIsOurs whether the recipient's domain is one that we receive mail for
     */
    public static RelayRequest of(
            InetAddress client, boolean authenticated, MaybeSender sender, boolean recipientIsOurs) {
        return new RelayRequest(
                Objects.requireNonNull(client),
                authenticated,
                sender.asOptional().map(address -> address.getDomain()).orElse(null),
                recipientIsOurs,
                false);
    }

    /** The same of a mail that passes DMARC. */
    public RelayRequest proven() {
        return new RelayRequest(client, authenticated, senderDomain, recipientIsOurs, true);
    }

    /** Whether the mail passes DMARC; false where that is not known yet. */
    public boolean isProven() {
        return proven;
    }

    public InetAddress client() {
        return client;
    }

    public boolean authenticated() {
        return authenticated;
    }

    /** The domain of the envelope sender; empty for the null reverse-path. */
    public Optional<Domain> senderDomain() {
        return Optional.ofNullable(senderDomain);
    }

    public boolean recipientIsOurs() {
        return recipientIsOurs;
    }
}
