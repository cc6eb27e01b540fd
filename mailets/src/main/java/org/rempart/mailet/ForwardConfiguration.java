/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.KeyFile;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SenderRewriting;

/** What the mailets that work on forwarded mail have to agree about. */
final class ForwardConfiguration {
    static final String POLICY = "policy";

    private ForwardConfiguration() {}

    /** The policy file that the mailet's parameter names, or the one that is there by default. */
    static Policy policy(GenericMailet mailet, FileSystem files) throws MessagingException {
        Optional<String> url = Parameters.of(mailet, POLICY).text(POLICY);
        try {
            return url.isPresent()
                    ? PolicyFile.readNamed(url.get(), files::getResource)
                    : PolicyFile.read(PolicyFile.DEFAULT_URL, files::getResource);
        } catch (PolicyException | IOException fault) {
            throw new MessagingException(name(mailet) + ": " + fault.getMessage(), fault);
        }
    }

    /** The rewriting of senders under this server's key, which the first start writes. */
    static SenderRewriting senders(GenericMailet mailet, ForwardPolicy policy, FileSystem files)
            throws MessagingException {
        try {
            byte[] key = KeyFile.read(files.getFile(SenderRewriting.KEY_URL), SenderRewriting.KEY_NAME);
            return new SenderRewriting(key, policy.bounces(), Clock.systemUTC());
        } catch (IOException fault) {
            throw new MessagingException(name(mailet) + ": " + fault.getMessage(), fault);
        }
    }

    private static String name(GenericMailet mailet) {
        return mailet.getClass().getSimpleName();
    }
}
