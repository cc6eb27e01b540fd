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
import org.apache.james.imap.processor.AuthenticateProcessor;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.metrics.api.MetricFactory;

/** AUTHENTICATE (RFC 9051, section 6.2.2), with {@link LoginBrake}. */
final class BrakedAuthenticate extends AuthenticateProcessor {
    private static final String PLAIN = "PLAIN";

    private final LoginBrake brake;

    @Inject
    BrakedAuthenticate(
            MailboxManager mailboxes, StatusResponseFactory responses, MetricFactory metrics, LoginBrake brake) {
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
                PLAIN,
                responder,
                answering -> super.doAuth(attempt, session, request, answering, failed),
                () -> no(request, responder, LoginBrake.LATER));
    }

    @Override
    protected void doAuthWithDelegation(
            AuthenticationAttempt attempt, ImapSession session, ImapRequest request, Responder responder) {
        brake.attempt(
                session,
                Optional.ofNullable(attempt.getAuthenticationId()),
                attempt.getPassword(),
                PLAIN,
                responder,
                answering -> super.doAuthWithDelegation(attempt, session, request, answering),
                () -> no(request, responder, LoginBrake.LATER));
    }

    /** Whom a token (RFC 7628) is for, only its issuer knows; what fails counts for the address. */
    @Override
    protected void doOAuth(String response, ImapSession session, ImapRequest request, Responder responder) {
        brake.attempt(
                session,
                Optional.empty(),
                response,
                "OAUTHBEARER",
                responder,
                answering -> super.doOAuth(response, session, request, answering),
                () -> no(request, responder, LoginBrake.LATER));
    }

    @Override
    protected void manageFailureCount(
            ImapSession session, ImapRequest request, Responder responder, HumanReadableText failed) {
        brake.failed(session);
        super.manageFailureCount(session, request, responder, failed);
    }
}
