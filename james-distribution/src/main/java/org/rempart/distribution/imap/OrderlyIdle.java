/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import javax.inject.Inject;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.processor.IdleProcessor;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.metrics.api.MetricFactory;
import reactor.core.publisher.Mono;

/** IDLE (RFC 2177). James tells in several threads at once, and goes on after the client has said DONE. */
final class OrderlyIdle extends IdleProcessor {
    @Inject
    OrderlyIdle(MailboxManager mailboxes, StatusResponseFactory responses, MetricFactory metrics) {
        super(mailboxes, responses, metrics);
    }

    @Override
    protected Mono<Void> unsolicitedResponses(ImapSession session, Responder responder, boolean useUids) {
        return OrderlyProcessor.tell(
                responder, Mono.defer(() -> super.unsolicitedResponses(session, responder, useUids)));
    }
}
