/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.multibindings.ProvidesIntoSet;
import com.google.inject.util.Modules;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import javax.annotation.PreDestroy;
import javax.inject.Inject;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.lifecycle.api.Startable;
import org.apache.james.protocols.lib.netty.CertificateReloadable;
import org.apache.james.utils.InitializationOperation;
import org.apache.james.utils.InitilizationOperationBuilder;
import org.rempart.distribution.checks.Identity;
import org.rempart.distribution.checks.OwnPolicy;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.MtaStsPublication;
import org.rempart.policy.tls.TlsPolicy;

/** Serves the MTA-STS policy of our domains, where {@code <mta-sts>} says so. */
final class MtaStsModule extends AbstractModule {
    private final Home home;
    private final List<String> protocols;
    private final MtaStsPublication publication;

    private MtaStsModule(Home home, List<String> protocols, MtaStsPublication publication) {
        this.home = home;
        this.protocols = protocols;
        this.publication = publication;
    }

    /** @throws FaultException when the policy file can't be read */
    static Module of(Home home) throws FaultException {
        try {
            TlsPolicy tls = PolicyFile.read(home.conf("rempart.xml")).tls();
            Optional<MtaStsPublication> publication = tls.publication();
            return publication.isPresent()
                    ? new MtaStsModule(home, tls.protocols(), publication.get())
                    : Modules.EMPTY_MODULE;
        } catch (PolicyException | IOException fault) {
            throw new FaultException("conf/" + fault.getMessage());
        }
    }

    @Override
    protected void configure() {
        Multibinder.newSetBinder(binder(), CertificateReloadable.Factory.class)
                .addBinding()
                .to(MtaStsServer.class);
    }

    @Provides
    @Singleton
    MtaStsServer server(DomainList domains) throws IOException, FaultException {
        return new MtaStsServer(
                MtaStsServer.address(publication.address(), publication.port()),
                Identity.of(home, publication, Clock.systemUTC()),
                protocols,
                OwnPolicy.text(home, publication),
                domain -> domains.containsDomain(Domain.of(domain)));
    }

    @ProvidesIntoSet
    InitializationOperation start(Life life) {
        return InitilizationOperationBuilder.forClass(Life.class).init(life::start);
    }

    /** Begins and ends with the server. */
    @Singleton
    static final class Life implements Startable {
        private final MtaStsServer server;

        @Inject
        Life(MtaStsServer server) {
            this.server = server;
        }

        void start() throws Exception {
            server.start();
        }

        @PreDestroy
        void stop() {
            server.stop();
        }
    }
}
