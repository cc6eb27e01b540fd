/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.headers.HeaderPolicy;

/** What the mailets that work on headers have to agree about. */
final class HeaderConfiguration {
    private HeaderConfiguration() {}

    /** The host name that the outside may know: the policy's, else the server's default domain. */
    static String publicName(GenericMailet mailet, HeaderPolicy policy, DomainList domains) throws MessagingException {
        if (policy.publicName().isPresent()) {
            return policy.publicName().get();
        }
        try {
            return domains.getDefaultDomain().asString();
        } catch (DomainListException fault) {
            throw new MessagingException(
                    name(mailet)
                            + ": the server has no default domain; name one in domainlist.xml, or give <publicName>",
                    fault);
        }
    }

    private static String name(GenericMailet mailet) {
        return mailet.getClass().getSimpleName();
    }
}
