/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.mailet.Mail;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.relay.RelayRequest;
import org.rempart.policy.relay.RelayVerdict;
import org.rempart.policy.server.ServerPolicy;

/**
 * A handler of smtpserver.xml that asks the policy. Each takes an optional {@code <policy>} parameter, the URL of the
 * policy file, {@value PolicyFile#DEFAULT_URL} where it is not given:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.RelayHook">
 *   <policy>file://conf/rempart.xml</policy>
 * </handler>
 * }</pre>
 *
 * A fault in the policy, a parameter that the handler does not know, or the name of another file than other parts of the
 * server have, stops the server's start.
 */
abstract class PolicyHook implements ListenerHook {
    private static final String POLICY = "policy";

    private final ServerPolicy server;
    private Policy policy;

    PolicyHook(ServerPolicy server) {
        this.server = server;
    }

    /** The parameters, besides {@code policy}, that the handler takes. */
    Set<String> parameters() {
        return Set.of();
    }

    @Override
    public final void init(Configuration config) throws ConfigurationException {
        Set<String> known = new TreeSet<>(parameters());
        known.add(POLICY);
        HandlerParameters.refuseUnknown(this, config, known);
        try {
            policy = server.asked(
                    Optional.ofNullable(config.getString(POLICY, null)),
                    getClass().getSimpleName() + " in smtpserver.xml");
            ready(server.files());
        } catch (PolicyException | IOException fault) {
            throw new ConfigurationException(getClass().getSimpleName() + ": " + fault.getMessage(), fault);
        }
    }

    /** What else the handler does at its start, when it has its policy. */
    void ready(FileSystem files) throws IOException {}

    /** The policy, once the handler was initialised. */
    final Policy policy() {
        if (policy == null) {
            throw new IllegalStateException(getClass().getSimpleName() + " was not initialised");
        }
        return policy;
    }

    /** Whether a mail is of no account, and of no client that {@code <relay>} lets send with its envelope sender. */
    final boolean isFromOutside(Transaction transaction, Mail mail) {
        RelayRequest outside = RelayRequest.of(transaction.client(), false, mail.getMaybeSender(), false);
        return transaction.account().isEmpty()
                && policy().relay().decide(outside).verdict() == RelayVerdict.DENIED;
    }

    /** The name that this server goes by in what it writes into messages. */
    final String publicName(SMTPSession session) {
        return policy().headers()
                .publicName()
                .orElseGet(() -> session.getConfiguration().getHelloName());
    }
}
