/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.io.IOException;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.policy.Policy;
import org.rempart.policy.PolicyException;
import org.rempart.policy.PolicyFile;

/** A matcher that asks the policy. A fault in the policy stops the server's start. */
abstract class PolicyMatcher extends GenericMatcher {
    private final FileSystem fileSystem;
    private Policy policy;

    PolicyMatcher(FileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    @Override
    public void init() throws MessagingException {
        policy = read(PolicyFile.DEFAULT_URL);
    }

    /** Reads the policy file behind a URL. */
    final Policy read(String url) throws MessagingException {
        try {
            return PolicyFile.read(url, fileSystem::getResource);
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
