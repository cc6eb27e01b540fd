/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import javax.inject.Inject;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.AbstractAuthRequiredToRelayRcptHook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * James's own question, after {@link RelayHook}'s, whether a recipient is in a domain of ours. It is one of
 * {@link CoreHandlers}. When the domains can't be looked up, the answer is {@code 451 4.3.0}; James takes the domain for
 * somebody else's then, and refuses for good what it should only put off.
 */
public final class RelayBackstop extends AbstractAuthRequiredToRelayRcptHook {
    private static final Logger LOGGER = LoggerFactory.getLogger(RelayBackstop.class);

    private final DomainList domains;

    @Inject
    public RelayBackstop(DomainList domains) {
        this.domains = domains;
    }

    @Override
    public HookResult doRcpt(SMTPSession session, MaybeSender sender, MailAddress recipient) {
        try {
            return super.doRcpt(session, sender, recipient);
        } catch (UnknownDomainException unknown) {
            return Answers.cannotDecide(LOGGER, recipient, unknown.getCause());
        }
    }

    @Override
    protected boolean isLocalDomain(Domain domain) {
        try {
            return domains.containsDomain(domain);
        } catch (DomainListException | RuntimeException unknown) {
            throw new UnknownDomainException(unknown);
        }
    }

    /** The way out of a method that James lets answer yes or no only. */
    private static final class UnknownDomainException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnknownDomainException(Exception cause) {
            super(cause);
        }
    }
}
