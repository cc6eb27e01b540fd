/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import javax.mail.Flags;
import org.apache.james.imap.api.ImapConfiguration;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.Tag;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.IdRange;
import org.apache.james.imap.api.message.request.ImapRequest;
import org.apache.james.imap.api.message.response.ImapResponseMessage;
import org.apache.james.imap.api.message.response.StatusResponse;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.api.process.ImapProcessor.Responder;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.api.process.SelectedMailbox;
import org.apache.james.imap.encode.FakeImapSession;
import org.apache.james.imap.message.request.IdleRequest;
import org.apache.james.imap.message.request.NoopRequest;
import org.apache.james.imap.message.request.StoreRequest;
import org.apache.james.imap.message.response.ExistsResponse;
import org.apache.james.imap.message.response.UnpooledStatusResponseFactory;
import org.apache.james.mailbox.MessageManager.FlagsUpdateMode;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The answers to a command fit each other, and the tagged one ends them. */
class OrderlyProcessorTest {
    private static final StatusResponseFactory RESPONSES = new UnpooledStatusResponseFactory();

    private final List<String> said = new ArrayList<>();
    private final ImapSession session = new FakeImapSession();
    private int messages = 1;
    private int flushed;

    private interface Processing {
        Mono<Void> of(ImapRequest request, Responder responder);
    }

    private void select() {
        SelectedMailbox mailbox = (SelectedMailbox) Proxy.newProxyInstance(
                SelectedMailbox.class.getClassLoader(),
                new Class<?>[] {SelectedMailbox.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("existsCount")) {
                        return (long) messages;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
        session.selected(mailbox).block();
    }

    private Mono<Void> process(ImapRequest request, Processing processing) {
        return process(request, responder -> processing.of(request, responder));
    }

    private Mono<Void> process(ImapMessage processed, Function<Responder, Mono<Void>> processing) {
        return new OrderlyProcessor(new ImapProcessor() {
                    @Override
                    public Mono<Void> processReactive(ImapMessage message, Responder responder, ImapSession any) {
                        return processing.apply(responder);
                    }

                    @Override
                    public void configure(ImapConfiguration configuration) {}
                })
                .processReactive(
                        processed,
                        new Responder() {
                            @Override
                            public void respond(ImapResponseMessage message) {
                                said.add(
                                        message instanceof StatusResponse status && status.getTag() != null
                                                ? status.getTag().asString() + " " + status.getServerResponseType()
                                                : message instanceof ExistsResponse exists
                                                        ? exists.getNumberOfMessages() + " EXISTS"
                                                        : message.toString());
                            }

                            @Override
                            public void flush() {
                                flushed = said.size();
                            }
                        },
                        session);
    }

    private static ImapRequest noop(String tag) {
        return new NoopRequest(new Tag(tag));
    }

    private static ImapResponseMessage ok(ImapRequest request) {
        return RESPONSES.taggedOk(request.getTag(), request.getCommand(), HumanReadableText.COMPLETED);
    }

    private static ImapResponseMessage no(ImapRequest request) {
        return RESPONSES.taggedNo(request.getTag(), request.getCommand(), HumanReadableText.FAILED);
    }

    private static Mono<Void> exists(Responder responder) {
        return Mono.fromRunnable(() -> responder.respond(new ExistsResponse(1)));
    }

    @Test
    void theTaggedAnswerComesLast() {
        select();
        process(noop("a"), (request, responder) -> {
                    responder.respond(ok(request));
                    return exists(responder);
                })
                .block();
        assertThat(said).containsExactly("1 EXISTS", "a OK");
    }

    @Test
    void theTaggedAnswerComesOnce() {
        select();
        process(noop("a"), (request, responder) -> {
                    responder.respond(no(request));
                    responder.respond(ok(request));
                    return Mono.empty();
                })
                .block();
        assertThat(said).containsExactly("a NO");
    }

    @Test
    void withoutAMailboxTheAnswerIsGivenAtOnce() {
        process(noop("a"), (request, responder) -> {
                    responder.respond(ok(request));
                    assertThat(said).containsExactly("a OK");
                    return Mono.empty();
                })
                .block();
        assertThat(said).hasSize(1);
    }

    @Test
    void whatIsBeingToldEndsBeforeIdleAndTheNextCommandDo() {
        select();
        Sinks.Empty<Void> slow = Sinks.empty();
        List<Responder> idling = new ArrayList<>();
        process(new IdleRequest(new Tag("a")), (request, responder) -> {
                    idling.add(responder);
                    return Mono.empty();
                })
                .block();
        Responder idle = idling.get(0);
        OrderlyProcessor.tell(idle, slow.asMono().then(exists(idle))).subscribe();
        idle.respond(ok(new IdleRequest(new Tag("a"))));
        process(noop("b"), (request, responder) -> Mono.fromRunnable(() -> responder.respond(ok(request))))
                .subscribe();
        assertThat(said).isEmpty();

        slow.tryEmitEmpty();
        assertThat(said).containsExactly("1 EXISTS", "a OK", "b OK");
        OrderlyProcessor.tell(idle, exists(idle)).block();
        assertThat(said).as("after the end").hasSize(3);
    }

    /** Netty has what its own thread writes pass what others have left to it. */
    @Test
    void theAnswerToDoneDoesNotOvertakeWhatWasTold() {
        Deque<Runnable> connection = new ArrayDeque<>();
        Outbox.introduce(session, connection::add);
        select();
        List<Responder> idling = new ArrayList<>();
        Mono<Void> begun = process(new IdleRequest(new Tag("a")), (request, responder) -> {
            idling.add(responder);
            return Mono.empty();
        });
        List<String> ended = new ArrayList<>();
        begun.subscribe(nothing -> {}, failure -> {}, () -> ended.add("begun"));
        assertThat(ended).as("before the connection's thread had its turn").isEmpty();
        Responder idle = idling.get(0);
        OrderlyProcessor.tell(idle, exists(idle)).block();
        idle.respond(ok(new IdleRequest(new Tag("a"))));
        process(noop("b"), (request, responder) -> Mono.fromRunnable(() -> responder.respond(ok(request))))
                .subscribe();
        assertThat(said).as("in another thread than the connection's").isEmpty();

        while (!connection.isEmpty()) {
            connection.remove().run();
        }
        assertThat(said).containsExactly("1 EXISTS", "a OK", "b OK");
        assertThat(ended).containsExactly("begun");
    }

    @Test
    void whatCannotBeWrittenFailsItsCommand() {
        select();
        assertThatThrownBy(() -> process(noop("a"), (request, responder) -> {
                            responder.respond(null);
                            return Mono.empty();
                        })
                        .block())
                .isInstanceOf(NullPointerException.class);
        process(noop("b"), (request, responder) -> Mono.fromRunnable(() -> responder.respond(ok(request))))
                .block();
        assertThat(said).endsWith("b OK");
    }

    @Test
    void theByeToALineThatIsNoCommandIsWrittenBeforeTheEnd() {
        ImapMessage bye = RESPONSES.bye(HumanReadableText.BYE_UNKNOWN_COMMAND);
        process(bye, responder -> Mono.fromRunnable(() -> responder.respond((ImapResponseMessage) bye)))
                .block();
        assertThat(flushed).isEqualTo(1);
    }

    @Test
    void messagesThatCameMeanwhileAreToldAtTheEnd() {
        select();
        process(
                        noop("a"),
                        (request, responder) -> exists(responder).then(Mono.fromRunnable(() -> {
                            messages = 2;
                            responder.respond(ok(request));
                        })))
                .block();
        assertThat(said).containsExactly("1 EXISTS", "2 EXISTS", "a OK");
    }

    @Test
    void oneTellingEndsBeforeTheNextBegins() {
        select();
        Sinks.Empty<Void> slow = Sinks.empty();
        process(new IdleRequest(new Tag("a")), (request, responder) -> {
                    OrderlyProcessor.tell(responder, slow.asMono().then(Mono.fromRunnable(() -> said.add("first"))))
                            .subscribe();
                    OrderlyProcessor.tell(responder, Mono.fromRunnable(() -> said.add("second")))
                            .subscribe();
                    return Mono.empty();
                })
                .block();
        slow.tryEmitEmpty();
        assertThat(said).containsExactly("first", "second");
    }

    @Test
    void uidsOfAnEmptyMailboxAreNoFault() {
        messages = 0;
        select();
        store(true);
        store(false);
        assertThat(said).containsExactly("a OK", "a BAD");
    }

    private void store(boolean byUid) {
        ImapRequest store = new StoreRequest(
                new IdRange[] {new IdRange(1)}, false, new Flags(), byUid, new Tag("a"), FlagsUpdateMode.ADD, -1);
        process(store, (request, responder) -> {
                    responder.respond(RESPONSES.taggedBad(
                            request.getTag(), request.getCommand(), HumanReadableText.INVALID_MESSAGESET));
                    return Mono.empty();
                })
                .block(Duration.ofSeconds(30));
    }
}
