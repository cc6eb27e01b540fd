/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.james.imap.api.ImapConfiguration;
import org.apache.james.imap.api.ImapMessage;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.api.message.request.ImapRequest;
import org.apache.james.imap.api.message.request.SearchKey;
import org.apache.james.imap.api.message.response.StatusResponseFactory;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.main.DeniedAccessOnSharedMailboxException;
import org.apache.james.imap.message.request.AppendRequest;
import org.apache.james.imap.message.request.DeleteRequest;
import org.apache.james.imap.message.request.FetchRequest;
import org.apache.james.imap.message.request.ListRequest;
import org.apache.james.imap.message.request.LsubRequest;
import org.apache.james.imap.message.request.SearchRequest;
import org.rempart.message.MimeStructure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * James's IMAP processors. A command whose work has no bound is answered {@code NO} and not begun; one that fails in a way
 * that its processor does not know is answered {@code NO}, and the connection goes on. James ends it without a word.
 */
final class GuardedProcessor implements ImapProcessor {
    private static final Logger LOGGER = LoggerFactory.getLogger(GuardedProcessor.class);

    /** Search keys in each other, and in all. */
    private static final int DEEPEST_SEARCH = 50;

    private static final int MOST_KEYS = 1000;
    /** In a pattern of LIST: each may stand for anything, and all ways to divide a name among them are tried. */
    private static final int MOST_WILDCARDS = 10;

    private static final int MOST_BODY_ITEMS = 100;

    private static final HumanReadableText FAILED =
            new HumanReadableText("org.rempart.imap.FAILED", "failed. The server could not do it.");

    private final ImapProcessor processor;
    private final StatusResponseFactory responses;

    GuardedProcessor(ImapProcessor processor, StatusResponseFactory responses) {
        this.processor = processor;
        this.responses = responses;
    }

    @Override
    public void configure(ImapConfiguration configuration) {
        processor.configure(configuration);
    }

    @Override
    public Mono<Void> processReactive(ImapMessage message, Responder responder, ImapSession session) {
        Optional<String> excess = excess(message);
        if (excess.isPresent()) {
            answerNo((ImapRequest) message, new HumanReadableText("org.rempart.imap.LIMIT", excess.get()), responder);
            return Mono.empty();
        }
        if (message instanceof AppendRequest append) {
            return Mono.fromCallable(() -> isOverItsBounds(append))
                    .subscribeOn(Schedulers.boundedElastic())
                    .flatMap(over -> {
                        if (over) {
                            answerNo(
                                    append,
                                    new HumanReadableText(
                                            "org.rempart.imap.STRUCTURE",
                                            "failed. The parts of the message are nested too deeply, or too many."),
                                    responder);
                            return Mono.<Void>empty();
                        }
                        return begin(message, responder, session);
                    })
                    .onErrorResume(failure -> failed(message, failure, responder, session));
        }
        return begin(message, responder, session)
                .onErrorResume(failure -> failed(message, failure, responder, session));
    }

    /** What fails before there is anything to wait for fails like what does later. */
    private Mono<Void> begin(ImapMessage message, Responder responder, ImapSession session) {
        try {
            return processor.processReactive(message, responder, session);
        } catch (StackOverflowError tooDeep) {
            return Mono.error(new IllegalStateException("it calls itself too often", tooDeep));
        } catch (RuntimeException failure) {
            return Mono.error(failure);
        }
    }

    private static boolean isOverItsBounds(AppendRequest append) throws IOException {
        try (InputStream content = append.getMessage().getInputStream()) {
            return MimeStructure.excess(content) != MimeStructure.Excess.NONE;
        }
    }

    private static Optional<String> excess(ImapMessage message) {
        if (message instanceof SearchRequest search) {
            return isTooLarge(search.getSearchOperation().getSearchKey())
                    ? Optional.of("failed. The search has too many keys, or they are nested too deeply.")
                    : Optional.empty();
        }
        if (message instanceof ListRequest list) {
            return wildcards(list.getMailboxPattern());
        }
        if (message instanceof LsubRequest list) {
            return wildcards(list.getMailboxPattern());
        }
        if (message instanceof FetchRequest fetch) {
            var items = fetch.getFetch().getBodyElements();
            boolean tooDeep = items.stream()
                    .anyMatch(item -> item.getPath() != null && item.getPath().length > MimeStructure.DEEPEST);
            return tooDeep || items.size() > MOST_BODY_ITEMS
                    ? Optional.of("failed. It asks for too many parts, or for one that is nested too deeply.")
                    : Optional.empty();
        }
        // RFC 9051, section 6.3.5.
        if (message instanceof DeleteRequest delete && isInbox(delete.getMailboxName())) {
            return Optional.of("failed. INBOX can't be deleted.");
        }
        return Optional.empty();
    }

    private static boolean isInbox(String mailbox) {
        String name = mailbox.toUpperCase(Locale.ROOT);
        return name.equals("INBOX") || (name.startsWith("#PRIVATE.") && name.endsWith(".INBOX"));
    }

    private static Optional<String> wildcards(String pattern) {
        long wildcards = pattern == null
                ? 0
                : pattern.chars().filter(c -> c == '*' || c == '%').count();
        return wildcards > MOST_WILDCARDS
                ? Optional.of("failed. The pattern has more than " + MOST_WILDCARDS + " wildcards.")
                : Optional.empty();
    }

    private static boolean isTooLarge(SearchKey whole) {
        Deque<Map.Entry<SearchKey, Integer>> left = new ArrayDeque<>();
        left.add(Map.entry(whole, 1));
        int keys = 0;
        while (!left.isEmpty()) {
            Map.Entry<SearchKey, Integer> next = left.removeLast();
            if (++keys > MOST_KEYS || next.getValue() > DEEPEST_SEARCH) {
                return true;
            }
            if (next.getKey().getKeys() != null) {
                next.getKey().getKeys().forEach(key -> left.add(Map.entry(key, next.getValue() + 1)));
            }
        }
        return false;
    }

    private Mono<Void> failed(ImapMessage message, Throwable failure, Responder responder, ImapSession session) {
        String command = message instanceof ImapRequest request
                ? request.getCommand().getName()
                : message.getClass().getSimpleName();
        boolean denied = failure instanceof DeniedAccessOnSharedMailboxException;
        if (!denied) {
            LOGGER.error("{} failed: {}", command, failure.toString());
            LOGGER.debug("{} failed", command, failure);
        }
        if (message instanceof ImapRequest request && session.getState() != ImapSessionState.LOGOUT) {
            answerNo(request, denied ? HumanReadableText.DENIED_SHARED_MAILBOX : FAILED, responder);
        }
        return Mono.empty();
    }

    private void answerNo(ImapRequest request, HumanReadableText text, Responder responder) {
        responder.respond(responses.taggedNo(request.getTag(), request.getCommand(), text));
        responder.flush();
    }
}
