/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.rempart.policy.Opener;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.shared.SharedPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store that {@code <shared>} of the policy names, Redis or Valkey, on one connection that all threads use.
 *
 * <p>Nobody waits longer than the policy's timeout. When the store does not answer in time, or ends the connection, it is
 * away: all who ask from then on are told so at once ({@link LedgerAwayException}), until a thread of this class, which
 * tries twice a second, has it back. A command is sent once. Of one that was under way when the store went away nobody
 * knows whether it was carried out.
 */
public final class SharedStore implements StoreCommands, AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(SharedStore.class);
    private static final String AWAY = "the shared store is away";
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

    private final SharedPolicy policy;
    private final Connector connector;
    private final Check check;
    private final StoreNames names;
    private final ScheduledExecutorService watcher = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "rempart-shared");
        thread.setDaemon(true);
        return thread;
    });

    private volatile Connector.Link link;
    private volatile String away = "it was not reached yet";

    /** What has to hold before anything else is asked of the store; it is asked again while the connection lasts. */
    @FunctionalInterface
    public interface Check {
        /**
         * @param store answers this check alone, when the connection is new
         * @throws LedgerAwayException when the store is not to be used
         */
        void check(StoreCommands store);
    }

    private SharedStore(SharedPolicy policy, Connector connector, Check check) {
        this.policy = policy;
        this.connector = connector;
        this.check = check;
        this.names = new StoreNames(policy.prefix());
    }

    /**
     * The store of a policy. It need not be there: a server starts without it, too.
     *
     * @param files how James finds files: {@code FileSystem::getResource}
     * @throws IOException when a file that the policy names can't be read; the message says what is right
     */
    public static SharedStore open(SharedPolicy policy, Opener files) throws IOException {
        return open(policy, files, store -> {});
    }

    /** The same, with a check before anything else. */
    // The watcher ends with the store.
    @SuppressWarnings("FutureReturnValueIgnored")
    public static SharedStore open(SharedPolicy policy, Opener files, Check check) throws IOException {
        SharedStore store = new SharedStore(policy, Connector.of(policy, files), check);
        store.look();
        store.watcher.scheduleWithFixedDelay(
                store::look, BETWEEN_LOOKS.toMillis(), BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
        return store;
    }

    /**
     * The name of a key. All keys with the same tag lie on the same server of a Redis Cluster, so that one script may use
     * them.
     */
    public String key(String tag, String name) {
        return names.key(tag, name);
    }

    /** The tags of the keys that {@link #key} gives this name. */
    public Set<String> tags(String name) {
        return names.tags(this, name);
    }

    /**
     * A secret that all servers know and that is not in the store: it comes from its password.
     *
     * @param purpose another one for each
     */
    byte[] secret(String purpose) {
        return connector.secret(purpose);
    }

    /** Why it is away; empty when it is there. */
    public Optional<String> away() {
        Connector.Link current = link;
        return current != null && current.isOpen() ? Optional.empty() : Optional.of(away);
    }

    /**
     * Runs a script.
     *
     * @param keys those that it uses, of one tag
     * @throws LedgerAwayException when the store does not answer in time, or answers with an error
     */
    public <T> T run(Script<T> script, List<String> keys, List<String> values) {
        return run(current(), script, keys, values);
    }

    @Override
    public <T> T ask(Function<RedisClusterAsyncCommands<String, String>, RedisFuture<T>> command) {
        return ask(current(), command);
    }

    private Connector.Link current() {
        Connector.Link current = link;
        if (current == null) {
            throw new LedgerAwayException(describe(away));
        }
        return current;
    }

    private String describe(String why) {
        return why.startsWith(AWAY) ? why : AWAY + " (" + why + "): " + policy.rule();
    }

    private <T> T run(Connector.Link with, Script<T> script, List<String> keys, List<String> values) {
        String[] names = keys.toArray(new String[0]);
        String[] arguments = values.toArray(new String[0]);
        try {
            return answer(with, with.commands().evalsha(script.digest(), script.output(), names, arguments));
        } catch (RedisNoScriptException unseen) {
            return ask(with, store -> store.eval(script.text(), script.output(), names, arguments));
        } catch (RedisException failure) {
            throw failed(with, failure);
        }
    }

    private <T> T ask(
            Connector.Link with, Function<RedisClusterAsyncCommands<String, String>, RedisFuture<T>> command) {
        try {
            return answer(with, command.apply(with.commands()));
        } catch (RedisException failure) {
            throw failed(with, failure);
        }
    }

    /** Waits for an answer, and for no longer than the policy says. */
    private <T> T answer(Connector.Link with, RedisFuture<T> answer) {
        try {
            return answer.get(policy.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RedisException) {
                throw (RedisException) failure.getCause();
            }
            throw failed(with, new RedisException(failure.getCause()));
        } catch (TimeoutException late) {
            answer.cancel(true);
            drop(with, "it does not answer within " + policy.timeout().toMillis() + " ms");
            throw new LedgerAwayException(describe(away), late);
        } catch (InterruptedException stopping) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new LedgerAwayException("the server stops", stopping);
        }
    }

    private LedgerAwayException failed(Connector.Link with, RedisException failure) {
        String why = reason(failure);
        // A server that refuses to write, as one does that is no master any more, is no use; a script with a fault is
        // ours.
        boolean refuses = failure instanceof RedisCommandExecutionException && !why.startsWith("ERR");
        if (!with.isToMany() && (refuses || !with.isOpen())) {
            drop(with, why);
        }
        return new LedgerAwayException(describe(why), failure);
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private synchronized void drop(Connector.Link gone, String why) {
        if (link == gone) {
            link = null;
            away = why;
            LOGGER.error("{}", describe(why));
        }
        gone.close();
    }

    /** Has the connection checked, or opens one. */
    private void look() {
        Connector.Link current = link;
        try {
            if (current != null && !current.isOpen()) {
                drop(current, "it has ended the connection");
                current = null;
            }
            if (current == null) {
                open();
            } else {
                check(current);
            }
        } catch (LedgerAwayException told) {
            LOGGER.debug("The shared store can't be used", told);
        } catch (RuntimeException | LinkageError fault) {
            LOGGER.error("The shared store can't be looked at", fault);
        }
    }

    private void check(Connector.Link checked) {
        try {
            ask(checked, RedisClusterAsyncCommands::ping);
            check.check(new StoreCommands() {
                @Override
                public <T> T ask(Function<RedisClusterAsyncCommands<String, String>, RedisFuture<T>> command) {
                    return SharedStore.this.ask(checked, command);
                }
            });
        } catch (LedgerAwayException unusable) {
            drop(checked, unusable.getMessage());
            throw unusable;
        } catch (RuntimeException fault) {
            String why = "what is in it can't be read: " + reason(fault);
            drop(checked, why);
            throw new LedgerAwayException(why, fault);
        }
    }

    private void open() {
        Connector.Link opened;
        try {
            opened = connector.open();
        } catch (RedisException failure) {
            unreached(reason(failure));
            return;
        }
        try {
            check(opened);
        } catch (LedgerAwayException unusable) {
            unreached(unusable.getMessage());
            return;
        }
        away = "it has ended the connection";
        link = opened;
        LOGGER.info("The shared store is there: {}", policy.rule());
    }

    /** Told once for each reason. */
    private void unreached(String why) {
        if (!why.equals(away)) {
            away = why;
            LOGGER.error("{}", describe(why));
        }
    }

    @Override
    public void close() {
        watcher.shutdownNow();
        link = null;
        away = "it is closed";
        connector.close();
    }
}
