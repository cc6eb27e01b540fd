/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.time.Clock;
import javax.inject.Inject;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.RcptHook;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.policy.ledger.Keys;
import org.rempart.policy.server.ServerPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes bounces of mail that we have sent on, at the address that {@code org.rempart.mailet.RewriteForwardedSender} gave it
 * for a sender. Before {@link KnownRecipientHook}, on every listener:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.ForwardedSenderHook"/>
 * }</pre>
 *
 * Such an address takes mail from the null sender alone (RFC 5321, section 4.5.5), and only for the time that
 * {@code <forwards>} of the policy says. All else is answered {@code 550 5.7.1}: anyone who might make such addresses, or use one
 * for ever, would relay through us.
 */
public final class ForwardedSenderHook extends PolicyHook implements RcptHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(ForwardedSenderHook.class);

    private final DomainList domains;
    private SenderRewriting senders;

    @Inject
    public ForwardedSenderHook(DomainList domains, ServerPolicy server) {
        super(server);
        this.domains = domains;
    }

    @Override
    void ready(FileSystem files) throws IOException {
        senders = new SenderRewriting(
                Keys.read(files, SenderRewriting.KEY_URL, SenderRewriting.KEY_NAME),
                policy().forwards().bounces(),
                Clock.systemUTC());
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        SenderRewriting.Kind kind = senders.read(recipient).kind();
        if (kind == SenderRewriting.Kind.OTHER) {
            return HookResult.DECLINED;
        }
        try {
            if (!domains.containsDomain(recipient.getDomain())) {
                return HookResult.DECLINED;
            }
        } catch (DomainListException | RuntimeException unknown) {
            return Answers.cannotDecide(LOGGER, recipient, unknown);
        }
        if (kind == SenderRewriting.Kind.FORGED) {
            return refuse(session, sender, recipient, "forged", "This address was not made here");
        }
        if (kind == SenderRewriting.Kind.EXPIRED) {
            return refuse(session, sender, recipient, "expired", "This address has expired");
        }
        if (!sender.isNullSender()) {
            return refuse(session, sender, recipient, "no bounce", "This address takes delivery reports only");
        }
        Transaction.of(session).takeBounce(recipient);
        return HookResult.DECLINED;
    }

    private static HookResult refuse(
            SMTPSession session, MaybeSender sender, MailAddress recipient, String reason, String answer) {
        AuditTrail.event("bounce-refused", session)
                .with("from", sender.asString())
                .recipient(recipient)
                .with("reason", reason)
                .log();
        return Answers.refuse("550", "5.7.1 " + answer);
    }
}
