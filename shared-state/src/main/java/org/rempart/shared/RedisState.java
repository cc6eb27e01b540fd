/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.SetArgs;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Base64;
import java.util.Optional;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.KeyFile;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.ledger.HoldsCopy;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.SharedState;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.UnusualUseLedger;
import org.rempart.policy.shared.SharedPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a cluster shares in Redis or Valkey, where {@code <shared>} of {@value PolicyFile#DEFAULT_URL} names one. */
public final class RedisState implements SharedState.Source {
    private static final Logger LOGGER = LoggerFactory.getLogger(RedisState.class);

    /** For the {@link java.util.ServiceLoader}. */
    public RedisState() {}

    private static Optional<SharedPolicy> policy(FileSystem files) throws IOException {
        try {
            return PolicyFile.read(PolicyFile.DEFAULT_URL, files::getResource).shared();
        } catch (PolicyException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
    }

    @Override
    public Optional<SharedState> open(FileSystem files) throws IOException {
        Optional<SharedPolicy> policy = policy(files);
        if (policy.isEmpty()) {
            return Optional.empty();
        }
        StoreNames names = new StoreNames(policy.get().prefix());
        SharedHolds holds = new SharedHolds(HoldsCopy.in(files), names);
        SharedPolicies policies = new SharedPolicies(names, name(files), hash(files), Clock.systemUTC());
        SharedStore store = SharedStore.open(policy.get(), files::getResource, asked -> {
            holds.check(asked);
            policies.check(asked);
        });
        return Optional.of(new State(store, holds, files));
    }

    /** Of this machine, and of the server's folder: several may run on one. */
    private static String name(FileSystem files) throws IOException {
        return host() + ":" + files.getBasedir().getCanonicalPath();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException itsNameIsNowhere) {
            return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("localhost");
        }
    }

    private static String hash(FileSystem files) throws IOException {
        try (InputStream in = files.getResource(PolicyFile.DEFAULT_URL)) {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static final class State implements SharedState, AutoCloseable {
        private final SharedStore store;
        private final SubmissionLedger submissions;
        private final LoginFailureLedger logins;
        private final UnusualUseLedger unusualUse;

        State(SharedStore store, SharedHolds holds, FileSystem files) {
            this.store = store;
            this.submissions = new SharedSubmissionLedger(store, holds, files);
            this.logins = new SharedLoginFailureLedger(store, files);
            this.unusualUse = new SharedUnusualUseLedger(store, files);
        }

        @Override
        public SubmissionLedger submissions() {
            return submissions;
        }

        @Override
        public LoginFailureLedger logins() {
            return logins;
        }

        @Override
        public UnusualUseLedger unusualUse() {
            return unusualUse;
        }

        @Override
        public Optional<String> away() {
            return store.away();
        }

        /** For tests; a server's ends with its process. */
        @Override
        public void close() {
            store.close();
        }
    }

    @Override
    public Optional<byte[]> agree(FileSystem files, String name, Optional<byte[]> own) throws IOException {
        Optional<SharedPolicy> policy = policy(files);
        if (policy.isEmpty()) {
            return Optional.empty();
        }
        String proposed = Base64.getEncoder().encodeToString(own.orElseGet(KeyFile::random));
        byte[] agreed;
        try (SharedStore store = SharedStore.open(policy.get(), files::getResource)) {
            String key = store.key("keys", name);
            store.ask(asked -> asked.set(key, proposed, SetArgs.Builder.nx()));
            String found = store.ask(asked -> asked.get(key));
            agreed = Base64.getDecoder().decode(found);
        } catch (LedgerAwayException away) {
            if (own.isEmpty()) {
                throw new IOException(
                        away.getMessage() + "; start the store, or copy the file from another server of the cluster",
                        away);
            }
            LOGGER.warn("Whether all servers have the same {} can't be told: {}", name, away.getMessage());
            return own;
        } catch (IllegalArgumentException none) {
            throw new IOException("the shared store holds no key under its name; delete that", none);
        }
        if (own.isPresent() && !MessageDigest.isEqual(own.get(), agreed)) {
            throw new IOException("the servers of the cluster have another one ("
                    + policy.get().rule()
                    + "). Delete the file to take theirs, or copy it to all of them and delete "
                    + policy.get().prefix() + ":{keys}:" + name + " in the store");
        }
        return Optional.of(agreed);
    }
}
