/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.FailureLimit;

/**
 * The ledger of a single server: in memory, and in a file below {@value StateFile#FOLDER}, which is written every
 * {@value KeptState#SECONDS_BETWEEN_SAVES} seconds when something has changed, and when the server stops. A server
 * that is killed forgets the failures and brakes of that time. A file that is not whole is put aside.
 */
@Singleton
public final class KeptLoginFailureLedger implements LoginFailureLedger {
    private static final int VERSION = 2;

    private final MemoryLoginFailureLedger memory;
    private final KeptState<State> state;
    private final Orders orders;

    /** What is kept: the brakes, and where accounts are known. */
    private static final class State {
        private final List<MemoryLoginFailureLedger.Braked> brakes;
        private final List<KnownNetworks.Visit> known;

        State(List<MemoryLoginFailureLedger.Braked> brakes, List<KnownNetworks.Visit> known) {
            this.brakes = brakes;
            this.known = known;
        }
    }

    /**
     * The ledger of the file in this file system.
     *
     * @throws UncheckedIOException when its folder can't be made
     */
    @Inject
    public KeptLoginFailureLedger(FileSystem files) {
        this(files, Clock.systemUTC(), new MemoryLoginFailureLedger());
    }

    KeptLoginFailureLedger(FileSystem files, Clock clock, MemoryLoginFailureLedger memory) {
        this.memory = memory;
        this.orders = Orders.in(files, "logins", System::nanoTime);
        this.state = new KeptState<>(
                StateFile.in(files, "login-failures.json"),
                clock,
                VERSION,
                "Login failures are",
                new StateForm(),
                () -> new State(memory.exportBrakes(), memory.exportKnown()));
        state.readOrPutAside().ifPresent(read -> {
            read.brakes.forEach(braked -> memory.restore(
                    FailureLimit.of(braked.per(), braked.limit(), braked.block(), Rule.byDefault("<failures>")),
                    braked));
            read.known.forEach(memory::restore);
        });
    }

    /** An account that is released is known nowhere: it may be the thief who was. */
    private void obey() {
        orders.carryOut(account -> forget(account.asString()));
    }

    @Override
    public Optional<Subject> refused(List<FailureLimit> limits, InetAddress client) {
        obey();
        return memory.refused(limits, client);
    }

    @Override
    public Answer begin(List<FailureLimit> limits, Login login) {
        obey();
        Answer answer = memory.begin(limits, login);
        return answer.attempt().isPresent()
                ? Answer.tried(new Noted(answer.attempt().get()))
                : answer;
    }

    private final class Noted implements Attempt {
        private final Attempt attempt;

        Noted(Attempt attempt) {
            this.attempt = attempt;
        }

        @Override
        public List<Subject> failed() {
            List<Subject> braked = attempt.failed();
            state.touch();
            return braked;
        }

        @Override
        public void succeeded(String account) {
            attempt.succeeded(account);
            state.touch();
        }

        @Override
        public void dismissed() {
            attempt.dismissed();
        }
    }

    @Override
    public void forget(String account) {
        memory.forget(account);
        state.touch();
    }

    @Override
    public void flush() {
        state.flush();
    }

    private static final class StateForm implements KeptState.Form<State> {
        @Override
        public void write(State state, JsonGenerator json) throws IOException {
            json.writeArrayFieldStart("subjects");
            for (MemoryLoginFailureLedger.Braked braked : state.brakes) {
                json.writeStartObject();
                json.writeStringField("per", braked.per().name());
                json.writeStringField("name", braked.name());
                json.writeNumberField("count", braked.limit().count());
                json.writeStringField("window", braked.limit().window().toString());
                json.writeStringField("block", braked.block().toString());
                json.writeNumberField("blockedFor", braked.blockedFor().toMillis());
                Marks.write(json, braked.failures());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("known");
            for (KnownNetworks.Visit visit : state.known) {
                json.writeStartObject();
                json.writeStringField("account", visit.account());
                json.writeStringField("network", visit.network());
                json.writeNumberField("ago", visit.ago().toMillis());
                json.writeEndObject();
            }
            json.writeEndArray();
        }

        @Override
        public State read(JsonRecord state, Duration elapsed) throws IOException {
            List<MemoryLoginFailureLedger.Braked> brakes = new ArrayList<>();
            for (JsonRecord braked : state.list("subjects", JsonRecord.class)) {
                Duration blockedFor =
                        Duration.ofMillis(braked.number("blockedFor")).minus(elapsed);
                brakes.add(new MemoryLoginFailureLedger.Braked(
                        braked.constant("per", FailureLimit.Per.class),
                        braked.text("name"),
                        braked.quantity("count", "window"),
                        braked.duration("block"),
                        Marks.read(braked, elapsed),
                        blockedFor.isNegative() ? Duration.ZERO : blockedFor));
                braked.complete();
            }
            List<KnownNetworks.Visit> known = new ArrayList<>();
            for (JsonRecord visit : state.list("known", JsonRecord.class)) {
                known.add(new KnownNetworks.Visit(
                        visit.text("account"),
                        visit.text("network"),
                        Duration.ofMillis(visit.number("ago")).plus(elapsed)));
                visit.complete();
            }
            return new State(brakes, known);
        }
    }
}
