/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.james.imap.api.ImapConfiguration;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.UidRange;
import org.apache.james.imap.api.message.request.ImapRequest;
import org.apache.james.imap.api.message.response.ImapResponseMessage;
import org.apache.james.imap.api.message.response.StatusResponse;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.api.process.SelectedMailbox;
import org.apache.james.imap.message.request.AbstractMailboxSelectionRequest;
import org.apache.james.imap.message.request.AbstractMessageRangeRequest;
import org.apache.james.imap.message.request.CompressRequest;
import org.apache.james.imap.message.request.ExpungeRequest;
import org.apache.james.imap.message.request.FetchRequest;
import org.apache.james.imap.message.request.SearchRequest;
import org.apache.james.imap.message.request.StartTLSRequest;
import org.apache.james.imap.message.request.StoreRequest;
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
 *   <li>The tagged answer comes once, and last: what came after it would change numbers in the middle of the next command
 *       (section 7.5.1). All is written in the order in which it was said ({@link Outbox}).
 *   <li>What changed while a client was told of other changes is told the next time ({@link SelectedChanges}).
 *   <li>UIDs that do not exist are no fault of the client (section 6.4.9), in a mailbox without messages, too.
 * </ul>
 */
final class OrderlyProcessor implements ImapProcessor {
    private static final Logger LOGGER = LoggerFactory.getLogger(OrderlyProcessor.class);
    static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(2);

    private static final String KNOWN = "org.rempart.imap.known";
    private static final String ANSWERS = "org.rempart.imap.answers";
    private static final StatusResponseFactory RESPONSES = new UnpooledStatusResponseFactory();
    private static final HumanReadableText OVERDUE =
            new HumanReadableText("org.rempart.imap.OVERDUE", "failed. It takes too long, try again later.");

    private final ImapProcessor next;
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
            // What is said of a line that is no command, in the connection's thread: James may end the connection next,
            // with that unsaid.
            return next.processReactive(message, responder, session).then(Mono.fromRunnable(responder::flush));
        }
        return Mono.defer(() -> {
            Answers answers = new Answers(request, responder, session);
            Answers before = (Answers) session.getAttribute(ANSWERS);
            session.setAttribute(ANSWERS, answers);
            Mono<Void> turn = before == null ? Mono.empty() : before.told();
            Mono<Void> silence = Flux.interval(deadline.dividedBy(4))
                    .filter(tick -> answers.silent().compareTo(deadline) > 0)
                    .next()
                    .flatMap(tick -> Mono.error(new TimeoutException()));
            ImapSession seen =
                    message instanceof AbstractMailboxSelectionRequest ? SelectedChanges.selecting(session) : session;
            Mono<Void> answered = turn.then(Mono.defer(() -> next.processReactive(message, answers, seen)))
                    .doOnTerminate(answers::processed);
            Mono<Void> whole = Mono.firstWithSignal(answered, silence)
                    .onErrorResume(
                            TimeoutException.class,
                            late -> Mono.fromRunnable(() -> overdue(request, answers, session)));
            // James ends a command with what is left to write, and begins the next: both only when this one is written.
            return whole.onErrorResume(fault -> answers.written().then(Mono.error(fault)))
                    .then(answers.written());
        });
    }

    /**
     * Has what others have changed told while a command waits for it: one telling after the other, and none once the command
     * is answered.
     *
     * @param responder the command's
     */
    static Mono<Void> tell(Responder responder, Mono<Void> telling) {
        return responder instanceof Answers answers ? answers.tell(telling) : telling;
    }

    private static boolean searchesNumbers(ImapRequest request) {
        return request instanceof SearchRequest search && !search.isUseUids();
    }

    /** Whether James calls it a fault of the client that a mailbox has no messages at all. */
    private static boolean isAboutUids(ImapRequest request) {
        return (request instanceof FetchRequest fetch && fetch.isUseUids())
                || (request instanceof StoreRequest store && store.isUseUids())
                || (request instanceof AbstractMessageRangeRequest copy && copy.isUseUids())
                || request instanceof ExpungeRequest;
    }

    private void overdue(ImapRequest request, Answers answers, ImapSession session) {
        if (!answers.giveUp(RESPONSES.taggedNo(request.getTag(), request.getCommand(), OVERDUE))) {
            return;
        }
        LOGGER.error(
                "{} was not answered within {} s, and is given up",
                request.getCommand().getName(),
                deadline.toSeconds());
        LoginBrake.event("command-overdue", session)
                .with("command", request.getCommand().getName())
                .with("seconds", deadline.toSeconds())
                .log();
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
        private final ImapRequest request;
        private final Responder next;
        private final ImapSession session;
        private final Outbox outbox;
        private long heard = System.nanoTime();
        private CompletableFuture<Void> told = CompletableFuture.completedFuture(null);
        private StatusResponse tagged;
        private boolean processed;
        private boolean ended;

        Answers(ImapRequest request, Responder next, ImapSession session) {
            this.request = request;
            this.next = next;
            this.session = session;
            this.outbox = Outbox.of(session);
        }

        /** Ends when all that was said until then is written. */
        Mono<Void> written() {
            return outbox.written();
        }

        synchronized Duration silent() {
            return Duration.ofNanos(System.nanoTime() - heard);
        }

        /** Ends when what is being told, of a command that idles, has been told. */
        synchronized Mono<Void> told() {
            return Mono.fromFuture(told.copy());
        }

        Mono<Void> tell(Mono<Void> telling) {
            return Mono.defer(() -> {
                CompletableFuture<Void> mine = new CompletableFuture<>();
                Mono<Void> before;
                synchronized (this) {
                    if (tagged != null) {
                        return Mono.empty();
                    }
                    before = told();
                    told = mine;
                }
                return before.then(telling).doFinally(end -> {
                    synchronized (this) {
                        if (told == mine) {
                            told = CompletableFuture.completedFuture(null);
                            conclude();
                        }
                    }
                    // Only now: the next command may wait for it.
                    mine.complete(null);
                });
            });
        }

        /** Its processing is over: of IDLE, which is answered later, only the beginning. */
        synchronized void processed() {
            processed = true;
            conclude();
        }

        /**
         * What still comes is not said any more.
         *
         * @return whether it had no answer yet
         */
        synchronized boolean giveUp(StatusResponse answer) {
            boolean unanswered = tagged == null;
            if (unanswered) {
                tagged = answer;
            }
            processed = true;
            told = CompletableFuture.completedFuture(null);
            conclude();
            return unanswered;
        }

        @Override
        public synchronized void respond(ImapResponseMessage message) {
            heard = System.nanoTime();
            if (ended) {
                return;
            }
            if (message instanceof StatusResponse status && status.getTag() != null) {
                if (tagged == null) {
                    tagged = status;
                    conclude();
                }
                return;
            }
            // What comes while a client idles comes in threads of its own.
            synchronized (session) {
                answer(message, session.getSelected());
            }
        }

        /** Gives the tagged answer, if nothing comes before it any more. */
        private void conclude() {
            // Without a mailbox there is nothing to wait for, and STARTTLS has to be answered before TLS begins.
            boolean last =
                    session.getSelected() == null || request instanceof CompressRequest || (processed && told.isDone());
            if (tagged != null && !ended && last) {
                ended = true;
                catchUp();
                say(
                        isAboutNothing()
                                ? RESPONSES.taggedOk(
                                        request.getTag(), request.getCommand(), HumanReadableText.COMPLETED)
                                : tagged);
                flush();
            }
        }

        /** James forgets that messages came, if they did while it told of others. */
        private void catchUp() {
            SelectedMailbox selected = session.getSelected();
            if (selected != null
                    && session.getAttribute(KNOWN) instanceof Known known
                    && known.mailbox == selected
                    && selected.existsCount() > known.messages) {
                exists(known);
            }
        }

        private boolean isAboutNothing() {
            SelectedMailbox selected = session.getSelected();
            return tagged.getServerResponseType() == StatusResponse.Type.BAD
                    && HumanReadableText.INVALID_MESSAGESET.equals(tagged.getTextKey())
                    && isAboutUids(request)
                    && selected != null
                    && selected.existsCount() == 0;
        }

        private void answer(ImapResponseMessage message, SelectedMailbox selected) {
            if (selected == null) {
                say(message);
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
                say(message);
            } else if (message instanceof VanishedResponse vanished) {
                vanish(known, vanished);
            } else {
                if (message instanceof SearchResponse
                        && searchesNumbers(request)
                        && known.mailbox.existsCount() > known.messages) {
                    exists(known);
                }
                say(message);
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
            say(message);
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
            say(new ExistsResponse(known.messages));
        }

        private void expunge(Known known, int number, ImapResponseMessage message) {
            if (number <= known.messages) {
                known.messages--;
                say(message);
            }
        }

        private void say(ImapResponseMessage message) {
            write(() -> next.respond(message));
        }

        @Override
        public void flush() {
            write(next::flush);
        }

        private void write(Runnable write) {
            if (request instanceof StartTLSRequest || request instanceof CompressRequest) {
                // In the connection's thread already, which goes on to encrypt or compress.
                write.run();
            } else {
                outbox.add(write);
            }
        }
    }
}
