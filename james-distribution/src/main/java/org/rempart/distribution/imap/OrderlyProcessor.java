/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.james.imap.api.ImapConfiguration;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.UidRange;
import org.apache.james.imap.api.message.request.ImapRequest;
import org.apache.james.imap.api.message.response.ImapResponseMessage;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.api.process.SelectedMailbox;
import org.apache.james.imap.message.request.SearchRequest;
import org.apache.james.imap.message.response.ExistsResponse;
import org.apache.james.imap.message.response.ExpungeResponse;
import org.apache.james.imap.message.response.FetchResponse;
import org.apache.james.imap.message.response.SearchResponse;
import org.apache.james.imap.message.response.UnpooledStatusResponseFactory;
import org.apache.james.imap.message.response.VanishedResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Sees to it that each command is answered, and that the answers fit each other while others change the same mailbox.
 *
 * <ul>
 *   <li>A command of which nothing has been heard for a while is answered {@code NO}, and the audit trail tells of it.
 *   <li>A client hears of a message's number only after the {@code EXISTS} that covers it (RFC 9051, section 7.4.1), and
 *       {@code EXISTS} counts what the client may still ask for.
 *   <li>A message that had gone before the client heard of it has no number, and so no {@code EXPUNGE}.
 * </ul>
 */
final class OrderlyProcessor implements ImapProcessor {
    private static final Logger LOGGER = LoggerFactory.getLogger(OrderlyProcessor.class);
    static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(2);

    private static final String KNOWN = "org.rempart.imap.known";
    private static final HumanReadableText OVERDUE =
            new HumanReadableText("org.rempart.imap.OVERDUE", "failed. It takes too long, try again later.");

    private final ImapProcessor next;
    private final StatusResponseFactory responses = new UnpooledStatusResponseFactory();
    private volatile Duration deadline = DEFAULT_DEADLINE;

    OrderlyProcessor(ImapProcessor next) {
        this.next = next;
    }

    /** So long a command may be silent. */
    void setDeadline(Duration deadline) {
        this.deadline = deadline;
    }

    @Override
    public void configure(ImapConfiguration configuration) {
        next.configure(configuration);
    }

    @Override
    public Mono<Void> processReactive(ImapMessage message, Responder responder, ImapSession session) {
        if (!(message instanceof ImapRequest request)) {
            return next.processReactive(message, responder, session);
        }
        return Mono.defer(() -> {
            Answers answers = new Answers(responder, session, asksForNumbers(request));
            Mono<Void> silence = Flux.interval(deadline.dividedBy(4))
                    .filter(tick -> answers.silent().compareTo(deadline) > 0)
                    .next()
                    .flatMap(tick -> Mono.error(new TimeoutException()));
            return Mono.firstWithSignal(next.processReactive(message, answers, session), silence)
                    .onErrorResume(
                            TimeoutException.class,
                            late -> Mono.fromRunnable(() -> overdue(request, responder, answers, session)));
        });
    }

    private static boolean asksForNumbers(ImapRequest request) {
        return request instanceof SearchRequest search && !search.isUseUids();
    }

    private void overdue(ImapRequest request, Responder responder, Answers answers, ImapSession session) {
        answers.end();
        LOGGER.error(
                "{} was not answered within {} s, and is given up",
                request.getCommand().getName(),
                deadline.toSeconds());
        LoginBrake.event("command-overdue", session)
                .with("command", request.getCommand().getName())
                .with("seconds", deadline.toSeconds())
                .log();
        responder.respond(responses.taggedNo(request.getTag(), request.getCommand(), OVERDUE));
        responder.flush();
    }

    /** How many messages of the selected mailbox a client knows of. */
    private static final class Known {
        private final SelectedMailbox mailbox;
        private long messages;

        Known(SelectedMailbox mailbox) {
            this.mailbox = mailbox;
        }
    }

    /** The answers to one command. */
    private static final class Answers implements Responder {
        private final Responder next;
        private final ImapSession session;
        private final boolean searchesNumbers;
        private long heard = System.nanoTime();
        private boolean ended;

        Answers(Responder next, ImapSession session, boolean searchesNumbers) {
            this.next = next;
            this.session = session;
            this.searchesNumbers = searchesNumbers;
        }

        synchronized Duration silent() {
            return Duration.ofNanos(System.nanoTime() - heard);
        }

        /** What still comes is not said any more. */
        synchronized void end() {
            ended = true;
        }

        @Override
        public synchronized void respond(ImapResponseMessage message) {
            heard = System.nanoTime();
            if (!ended) {
                // What comes while a client idles comes in threads of its own.
                synchronized (session) {
                    answer(message, session.getSelected());
                }
            }
        }

        private void answer(ImapResponseMessage message, SelectedMailbox selected) {
            if (selected == null) {
                next.respond(message);
                return;
            }
            Known known = known(selected);
            if (message instanceof ExistsResponse) {
                exists(known);
            } else if (message instanceof ExpungeResponse expunged) {
                expunged.getMessageSequenceNumber().asInt().ifPresent(number -> expunge(known, number, message));
            } else if (message instanceof FetchResponse fetched) {
                if (fetched.getMessageNumber().asInt() > known.messages) {
                    exists(known);
                }
                next.respond(message);
            } else if (message instanceof VanishedResponse vanished) {
                vanish(known, vanished);
            } else {
                if (message instanceof SearchResponse
                        && searchesNumbers
                        && known.mailbox.existsCount() > known.messages) {
                    exists(known);
                }
                next.respond(message);
            }
        }

        private void vanish(Known known, VanishedResponse message) {
            if (!message.isEarlier()) {
                for (UidRange range : message.getUids()) {
                    known.messages -=
                            range.getHighVal().asLong() - range.getLowVal().asLong() + 1;
                }
                known.messages = Math.max(0, known.messages);
            }
            next.respond(message);
        }

        private Known known(SelectedMailbox selected) {
            Known known = (Known) session.getAttribute(KNOWN);
            if (known == null || known.mailbox != selected) {
                known = new Known(selected);
                session.setAttribute(KNOWN, known);
            }
            return known;
        }

        private void exists(Known known) {
            known.messages = known.mailbox.existsCount();
            next.respond(new ExistsResponse(known.messages));
        }

        private void expunge(Known known, int number, ImapResponseMessage message) {
            if (number <= known.messages) {
                known.messages--;
                next.respond(message);
            }
        }

        @Override
        public void flush() {
            next.flush();
        }
    }
}
