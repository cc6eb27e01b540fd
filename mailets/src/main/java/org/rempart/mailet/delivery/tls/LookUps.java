/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.rempart.message.dns.UnansweredException;

/** Looks things up in the DNS once for all who ask at the same time, and remembers what it said, or that it did not. */
final class LookUps<V> {
    private static final Duration FAILURE = Duration.ofSeconds(20);

    private final AsyncCache<String, Answer<V>> answers;

    /** @param most so many are remembered */
    LookUps(int most) {
        this.answers = Caffeine.newBuilder()
                .maximumSize(most)
                .expireAfter(new Expiry<String, Answer<V>>() {
                    @Override
                    public long expireAfterCreate(String key, Answer<V> answer, long now) {
                        return answer.life.toNanos();
                    }

                    @Override
                    public long expireAfterUpdate(String key, Answer<V> answer, long now, long left) {
                        return answer.life.toNanos();
                    }

                    @Override
                    public long expireAfterRead(String key, Answer<V> answer, long now, long left) {
                        return left;
                    }
                })
                .buildAsync();
    }

    /** What was found, and for how long it holds. */
    static final class Answer<V> {
        private final V value;
        private final String failure;
        private final Duration life;

        Answer(V value, Duration life) {
            this(value, null, life);
        }

        private Answer(V value, String failure, Duration life) {
            this.value = value;
            this.failure = failure;
            this.life = life;
        }
    }

    /** Asks the DNS. */
    interface Question<V> {
        Answer<V> ask() throws UnansweredException;
    }

    /** @throws TlsPolicyUnavailableException when the DNS does not say, or did not a moment ago */
    V get(String name, Question<V> question) throws TlsPolicyUnavailableException {
        CompletableFuture<Answer<V>> mine = new CompletableFuture<>();
        CompletableFuture<Answer<V>> other = answers.asMap().putIfAbsent(name, mine);
        Answer<V> answer = other == null ? ask(question, mine) : other.join();
        if (answer.failure != null) {
            throw new TlsPolicyUnavailableException("DANE: " + answer.failure, null);
        }
        return answer.value;
    }

    private static <V> Answer<V> ask(Question<V> question, CompletableFuture<Answer<V>> waiting) {
        Answer<V> answer = new Answer<>(null, "the look-up failed", FAILURE);
        try {
            answer = question.ask();
        } catch (UnansweredException silent) {
            String why =
                    silent.getCause() == null ? "" : " (" + silent.getCause().getMessage() + ")";
            answer = new Answer<>(null, silent.getMessage() + why, FAILURE);
        } catch (RuntimeException unexpected) {
            answer = new Answer<>(null, "the look-up failed: " + unexpected, FAILURE);
        } finally {
            waiting.complete(answer);
        }
        return answer;
    }
}
