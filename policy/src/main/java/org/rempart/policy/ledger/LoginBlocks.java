/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.util.List;
import java.util.function.Supplier;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is said of the blocks that begin with a login failure, whatever was logged in to. */
public final class LoginBlocks {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoginBlocks.class);

    private LoginBlocks() {}

    /**
     * Writes an event for each to the audit trail, and a line to the log.
     *
     * @param blocked what {@link LoginFailureLedger.Attempt#failed} has answered
     * @param event makes a new event {@code blocked} with who tried, and from where
     */
    public static void tell(List<LoginFailureLedger.Subject> blocked, Supplier<AuditEvent> event) {
        for (LoginFailureLedger.Subject subject : blocked) {
            event.get()
                    .with("blocked", subject.name())
                    .with("seconds", subject.limit().block().toSeconds())
                    .rule(subject.limit().rule())
                    .log();
            LOGGER.warn(
                    "{} is blocked for {}: {}",
                    subject.name(),
                    subject.limit().block(),
                    subject.limit().rule());
        }
    }
}
