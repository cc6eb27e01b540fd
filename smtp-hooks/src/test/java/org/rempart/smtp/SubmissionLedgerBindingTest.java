/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.ledger.Admission;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.Usage;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.submission.RateLimit;

/**
 * That all listeners share one ledger, and one policy. James instantiates each handler of each listener from one child of its injector,
 * where the ledger has no binding until the first handler asks for it.
 */
@Tag("james-3.8")
class SubmissionLedgerBindingTest {
    private static final class Asked {
        private final SubmissionLedger submissions;
        private final LoginFailureLedger failures;
        private final ServerPolicy policy;

        @Inject
        private Asked(SubmissionLedger submissions, LoginFailureLedger failures, ServerPolicy policy) {
            this.submissions = submissions;
            this.failures = failures;
            this.policy = policy;
        }
    }

    @TempDir
    private Path home;

    private Injector server() {
        return Guice.createInjector(new AbstractModule() {
            @Override
            protected void configure() {
                bind(FileSystem.class).toInstance(SubmissionFakes.folder(home));
            }
        });
    }

    @Test
    void handlersOfAllListenersShareOne() {
        Injector james = server();
        Injector extensions = james.createChildInjector();
        Asked first = extensions.getInstance(Asked.class);
        Asked second = extensions.getInstance(Asked.class);
        assertThat(first).isNotSameAs(second);
        assertThat(first.submissions).isSameAs(second.submissions);
        assertThat(first.failures).isSameAs(second.failures);
        assertThat(first.policy).isSameAs(second.policy);
        // And so do those that another child injector makes, such as a webadmin route that releases an account.
        Asked elsewhere = james.createChildInjector().getInstance(Asked.class);
        assertThat(elsewhere.submissions).isSameAs(first.submissions);
        assertThat(elsewhere.failures).isSameAs(first.failures);
        assertThat(elsewhere.policy).isSameAs(first.policy);
    }

    @Test
    void anExtensionModuleCanPutAnotherInItsPlace() {
        SubmissionLedger shared = new SubmissionLedger() {
            @Override
            public Admission enter(Username account, List<RateLimit> limits, int recipients) {
                return Admission.held();
            }

            @Override
            public Admission ask(Username account, List<RateLimit> limits, int recipients) {
                return Admission.held();
            }

            @Override
            public Optional<Hold> held(Username account) {
                return Optional.empty();
            }

            @Override
            public boolean hold(Hold hold) {
                return false;
            }

            @Override
            public boolean release(Username account) {
                return false;
            }

            @Override
            public Usage usage(Username account) {
                throw new UnsupportedOperationException();
            }

            @Override
            public List<Usage> usages() {
                return List.of();
            }

            @Override
            public void flush() {}
        };
        Injector extensions = server().createChildInjector(new AbstractModule() {
            @Override
            protected void configure() {
                bind(SubmissionLedger.class).toInstance(shared);
            }
        });
        assertThat(extensions.getInstance(Asked.class).submissions).isSameAs(shared);
    }

    @Test
    void serversDoNotShareOne() {
        assertThat(server().getInstance(Asked.class).submissions)
                .isNotSameAs(server().getInstance(Asked.class).submissions);
    }
}
