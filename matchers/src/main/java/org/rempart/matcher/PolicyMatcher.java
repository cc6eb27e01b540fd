/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.io.IOException;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.server.ServerPolicy;

/** A matcher that asks the policy. A fault in the policy stops the server's start. */
abstract class PolicyMatcher extends GenericMatcher {
    private final ServerPolicy server;
    private Policy policy;

    PolicyMatcher(ServerPolicy server) {
        this.server = server;
    }

    @Override
    public void init() throws MessagingException {
        read(Optional.empty());
    }

    /**
     * Reads the policy.
     *
     * @param named the URL of its file, where the condition names one
     */
    final void read(Optional<String> named) throws MessagingException {
        try {
            policy = server.asked(named, name() + " in mailetcontainer.xml");
        } catch (PolicyException | IOException fault) {
            throw new MessagingException(name() + ": " + fault.getMessage(), fault);
        }
    }

    final Policy policy() {
        return policy;
    }

    final String name() {
        return getClass().getSimpleName();
    }

    /** A fault in the condition. */
    final MessagingException fault(String wrong, String right) {
        return new MessagingException(name() + "=" + getCondition() + ": " + wrong + "; " + right);
    }
}
