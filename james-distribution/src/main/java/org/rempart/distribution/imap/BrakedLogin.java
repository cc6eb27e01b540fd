/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.request.ImapRequest;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.processor.LoginProcessor;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.metrics.api.MetricFactory;

/** LOGIN (RFC 9051, section 6.2.3), with {@link LoginBrake}. */
final class BrakedLogin extends LoginProcessor {
    private final LoginBrake brake;

    @Inject
    BrakedLogin(MailboxManager mailboxes, StatusResponseFactory responses, MetricFactory metrics, LoginBrake brake) {
        super(mailboxes, responses, metrics);
        this.brake = brake;
    }

    @Override
    protected void doAuth(
            AuthenticationAttempt attempt,
            ImapSession session,
            ImapRequest request,
            Responder responder,
            HumanReadableText failed) {
        brake.attempt(
                session,
                Optional.ofNullable(attempt.getAuthenticationId()),
                attempt.getPassword(),
                "LOGIN",
                responder,
                answering -> super.doAuth(attempt, session, request, answering, failed),
                () -> no(request, responder, LoginBrake.LATER));
    }

    @Override
    protected void manageFailureCount(
            ImapSession session, ImapRequest request, Responder responder, HumanReadableText failed) {
        brake.failed(session);
        super.manageFailureCount(session, request, responder, failed);
    }
}
