/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.header.IncomingIds;
import org.rempart.mailet.header.MessageIds;
import org.rempart.message.RawMessage;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.server.ServerPolicy;

/**
 * Gives an answer from outside the message ids that our users know. {@link StripHeaders} writes an id that names an inner
 * host in another form; in {@code In-Reply-To}, {@code References} and {@code Message-ID} of mail that comes back, this puts
 * the id of before in its place, so that the answer stands in its thread. Only before a local delivery:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.RestoreMessageIds"/>
 * }</pre>
 *
 * <table>
 *   <caption>Parameters; both are optional</caption>
 *   <tr><td>policy</td><td>the URL of the policy file, {@value PolicyFile#DEFAULT_URL} if not given</td></tr>
 *   <tr><td>publicName</td><td>that of {@code StripHeaders}, where that is given there; no policy file is read then</td></tr>
 * </table>
 *
 * <p>A DKIM signature that covers these fields does not verify any more once an id was restored: check signatures before.
 * What goes on to the outside goes there with the id as it came, since this runs for mailboxes only. An id that cannot be
 * restored (of another key, changed on the way) stays as it is.
 */
public final class RestoreMessageIds extends GenericMailet {
    private static final String POLICY = "policy";
    private static final String PUBLIC_NAME = "publicName";

    private final ServerPolicy server;
    private final DomainList domains;
    private IncomingIds ids;

    @Inject
    public RestoreMessageIds(ServerPolicy server, DomainList domains) {
        this.server = server;
        this.domains = domains;
    }

    @Override
    public void init() throws MessagingException {
        Parameters parameters = Parameters.of(this, POLICY, PUBLIC_NAME);
        Optional<String> given = parameters.text(PUBLIC_NAME);
        if (given.isPresent() && parameters.text(POLICY).isPresent()) {
            throw parameters.fault(
                    POLICY,
                    parameters.text(POLICY).get(),
                    "and <publicName> exclude each other",
                    "give the one that StripHeaders is given");
        }
        String publicName = given.isPresent()
                ? parameters.hostName(PUBLIC_NAME)
                : HeaderConfiguration.publicName(
                        this, parameters.policy(POLICY, server).headers(), domains);
        ids = new IncomingIds(new MessageIds(MessageIdKey.of(server.files(), "RestoreMessageIds"), publicName));
    }

    @Override
    public void service(Mail mail) throws MessagingException {
        if (mail.getMessage() == null) {
            return;
        }
        try (RawMessage message = RawMessage.of(mail)) {
            Optional<byte[]> restored = ids.restore(message.header());
            // Also where nothing changes: a message with another header is written as its bytes, and James's is not.
            message.replaceHeader(restored.orElse(message.header().bytes()));
        } catch (IOException | RuntimeException unread) {
            throw new MessagingException("RestoreMessageIds: the header can't be read", unread);
        }
    }

    @Override
    public String getMailetInfo() {
        return "Gives answers from outside the message ids that our users know";
    }
}
