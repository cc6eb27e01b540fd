/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.google.inject.Provider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.filesystem.api.FileSystem;

/** Which ledgers a server has: those that a cluster shares, where its policy names a store, else its own. */
@Singleton
public final class Ledgers {
    private final FileSystem files;
    private final Optional<SharedState> shared;
    private SubmissionLedger submissions;
    private LoginFailureLedger logins;
    private UnusualUseLedger unusualUse;

    /** @throws UncheckedIOException when the policy, or a file that it names, can't be read */
    @Inject
    Ledgers(FileSystem files) {
        this.files = files;
        try {
            Optional<SharedState.Source> source = SharedState.Source.find();
            shared = source.isPresent() ? source.get().open(files) : Optional.empty();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /** Why the store that a cluster shares is away; empty when it is there, and where the server is alone. */
    public Optional<String> away() {
        return shared.flatMap(SharedState::away);
    }

    private <L> L choose(Function<SharedState, L> ofAll, Supplier<L> own) {
        return shared.map(ofAll).orElseGet(own);
    }

    synchronized SubmissionLedger submissions() {
        if (submissions == null) {
            submissions = choose(SharedState::submissions, () -> new KeptSubmissionLedger(files));
        }
        return submissions;
    }

    synchronized LoginFailureLedger logins() {
        if (logins == null) {
            logins = choose(SharedState::logins, () -> new KeptLoginFailureLedger(files));
        }
        return logins;
    }

    synchronized UnusualUseLedger unusualUse() {
        if (unusualUse == null) {
            unusualUse = choose(SharedState::unusualUse, () -> new KeptUnusualUseLedger(files));
        }
        return unusualUse;
    }

    /** For Guice. */
    static final class Submissions implements Provider<SubmissionLedger> {
        private final Ledgers ledgers;

        @Inject
        Submissions(Ledgers ledgers) {
            this.ledgers = ledgers;
        }

        @Override
        public SubmissionLedger get() {
            return ledgers.submissions();
        }
    }

    /** For Guice. */
    static final class Logins implements Provider<LoginFailureLedger> {
        private final Ledgers ledgers;

        @Inject
        Logins(Ledgers ledgers) {
            this.ledgers = ledgers;
        }

        @Override
        public LoginFailureLedger get() {
            return ledgers.logins();
        }
    }

    /** For Guice. */
    static final class Unusual implements Provider<UnusualUseLedger> {
        private final Ledgers ledgers;

        @Inject
        Unusual(Ledgers ledgers) {
            this.ledgers = ledgers;
        }

        @Override
        public UnusualUseLedger get() {
            return ledgers.unusualUse();
        }
    }
}
