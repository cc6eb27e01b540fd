/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.io.IOException;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;

/** A matcher that asks the policy. A fault in the policy stops the server's start. */
abstract class PolicyMatcher extends GenericMatcher {
    private final FileSystem fileSystem;
    private Policy policy;

    PolicyMatcher(FileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    @Override
    public void init() throws MessagingException {
        policy = read(() -> PolicyFile.read(PolicyFile.DEFAULT_URL, fileSystem::getResource));
    }

    /** Reads the policy file that a condition names. */
    final Policy readNamed(String url) throws MessagingException {
        return read(() -> PolicyFile.readNamed(url, fileSystem::getResource));
    }

    private Policy read(Reading reading) throws MessagingException {
        try {
            return reading.read();
        } catch (PolicyException | IOException fault) {
            throw new MessagingException(name() + ": " + fault.getMessage(), fault);
        }
    }

    @FunctionalInterface
    private interface Reading {
        Policy read() throws PolicyException, IOException;
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
