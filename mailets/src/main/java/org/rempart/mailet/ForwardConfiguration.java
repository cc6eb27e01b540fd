/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.time.Clock;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.file.Policy;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SenderRewriting;
import org.rempart.policy.ledger.Keys;
import org.rempart.policy.server.ServerPolicy;

/** What the mailets that work on forwarded mail have to agree about. */
final class ForwardConfiguration {
    static final String POLICY = "policy";

    private ForwardConfiguration() {}

    /** The policy file that the mailet's parameter names, or the one that is there by default. */
    static Policy policy(GenericMailet mailet, ServerPolicy server) throws MessagingException {
        return Parameters.of(mailet, POLICY).policy(POLICY, server);
    }

    /** The rewriting of senders under this server's key, which the first start writes. */
    static SenderRewriting senders(GenericMailet mailet, ForwardPolicy policy, FileSystem files)
            throws MessagingException {
        try {
            byte[] key = Keys.read(files, SenderRewriting.KEY_URL, SenderRewriting.KEY_NAME);
            return new SenderRewriting(key, policy.bounces(), Clock.systemUTC());
        } catch (IOException fault) {
            throw new MessagingException(name(mailet) + ": " + fault.getMessage(), fault);
        }
    }

    /** Whether a domain is ours; asked of the domain list itself, since James's context answers "no" when that is down. */
    static boolean isOurs(GenericMailet mailet, DomainList domains, Domain domain) throws MessagingException {
        try {
            return domains.containsDomain(domain);
        } catch (DomainListException down) {
            throw new MessagingException(
                    name(mailet) + ": the domain list can't tell whether " + domain.asString() + " is ours", down);
        }
    }

    private static String name(GenericMailet mailet) {
        return mailet.getClass().getSimpleName();
    }
}
