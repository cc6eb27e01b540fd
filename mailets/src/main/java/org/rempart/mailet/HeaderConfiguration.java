/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.headers.HeaderPolicy;

/** What the mailets that work on headers have to agree about. */
final class HeaderConfiguration {
    private HeaderConfiguration() {}

    /**
     * The {@code <headers>} of the policy file.
     *
     * @param url where it is; empty: where it is by default, and the safe defaults when it is not there
     */
    static HeaderPolicy filePolicy(GenericMailet mailet, Optional<String> url, FileSystem files)
            throws MessagingException {
        try {
            Policy policy = url.isPresent()
                    ? PolicyFile.readNamed(url.get(), files::getResource)
                    : PolicyFile.read(PolicyFile.DEFAULT_URL, files::getResource);
            return policy.headers();
        } catch (PolicyException | IOException fault) {
            throw new MessagingException(name(mailet) + ": " + fault.getMessage(), fault);
        }
    }

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
