/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.Hook;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.HookResultHook;
import org.apache.james.protocols.smtp.hook.HookReturnCode;
import org.apache.james.smtpserver.JamesMessageHook;
import org.apache.james.smtpserver.SMTPConstants;
import org.apache.mailet.Mail;
import org.rempart.policy.ledger.Keys;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.policy.trail.Pseudonyms;

/**
 * Writes each message that a client has sent to the audit trail, with what became of it: who sent what, when, from where.
 * For every listener, before the hooks that judge messages:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.SubmissionAuditHook"/>
 * }</pre>
 *
 * The event is {@code submission} where the client has proved an account, {@code reception} where it has not. Its verdict
 * is {@code accepted}, {@code refused} or {@code deferred}; the rule is the one that refused, or the one about identity
 * that let an account pass. It is written after the message is in the spool.
 */
public final class SubmissionAuditHook extends PolicyHook implements HookResultHook {
    @Inject
    public SubmissionAuditHook(ServerPolicy server) {
        super(server);
    }

    /** What {@code <audit>} of the policy says holds for all events of the process. */
    @Override
    void ready(FileSystem files) throws IOException {
        AuditEvent.namePeople(
                policy().audit(), Pseudonyms.of(Keys.read(files, Pseudonyms.KEY_URL, Pseudonyms.KEY_NAME)));
    }

    @Override
    public HookResult onHookResult(SMTPSession session, HookResult result, long executionTime, Hook hook) {
        if (hook instanceof JamesMessageHook) {
            verdict(result.getResult().getAction())
                    .ifPresent(verdict -> session.getAttachment(SMTPConstants.MAIL, State.Transaction)
                            .ifPresent(mail -> log(session, mail, verdict, result)));
        }
        return result;
    }

    /** What the result decided; empty where it leaves the decision to the next hook. */
    private static Optional<String> verdict(HookReturnCode.Action action) {
        switch (action) {
            case OK:
                return Optional.of("accepted");
            case DENY:
                return Optional.of("refused");
            case DENYSOFT:
                return Optional.of("deferred");
            case DECLINED:
            case NONE:
                return Optional.empty();
        }
        throw new AssertionError(action);
    }

    private void log(SMTPSession session, Mail mail, String verdict, HookResult result) {
        Transaction transaction = Transaction.of(session);
        boolean account = transaction.account().isPresent();
        AuditEvent trail =
                AuditTrail.event(account ? "submission" : "reception", session).with("verdict", verdict);
        AuditTrail.describe(trail, mail);
        if (result.getSmtpRetCode() != null) {
            trail.with("answer", result.getSmtpRetCode() + " " + result.getSmtpDescription());
        }
        if (result.getResult().getAction() != HookReturnCode.Action.OK) {
            transaction.refusal().ifPresent(trail::rule);
        } else if (account) {
            trail.rule(policy().submission()
                    .identity()
                    .decideEnvelope(() -> true, () -> true)
                    .rule());
        }
        trail.log();
    }
}
