/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.Optional;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.rempart.policy.Rule;

/** Carries the rule that refused a message from the hook that asked it to the audit trail. */
final class Verdicts {
    private static final AttachmentKey<Rule> REFUSED_BY = AttachmentKey.of("org.rempart.smtp.refused-by", Rule.class);

    private Verdicts() {}

    static void refusedBy(SMTPSession session, Rule rule) {
        session.setAttachment(REFUSED_BY, rule, State.Transaction);
    }

    /**
     * Notes that a message was refused since it is not from its account, and says so in the trail.
     *
     * @param where {@code envelope} or {@code header}
     * @param addresses those that are not the account's
     */
    static void identityRefused(SMTPSession session, String where, List<String> addresses, String reason, Rule rule) {
        AuditTrail.event("identity-refused", session)
                .with("where", where)
                .with("addresses", addresses)
                .with("reason", reason)
                .rule(rule)
                .log();
        refusedBy(session, rule);
    }

    /** The rule that refused the current transaction. */
    static Optional<Rule> refusal(SMTPSession session) {
        return session.getAttachment(REFUSED_BY, State.Transaction);
    }
}
