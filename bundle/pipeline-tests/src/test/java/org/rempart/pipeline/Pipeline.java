/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.TypeLiteral;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.commons.configuration2.HierarchicalConfiguration;
import org.apache.commons.configuration2.tree.ImmutableNode;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailetcontainer.api.MailetLoader;
import org.apache.james.mailetcontainer.api.MatcherLoader;
import org.apache.james.mailetcontainer.impl.CompositeProcessorImpl;
import org.apache.james.mailetcontainer.impl.JamesMailetContext;
import org.apache.james.mailetcontainer.impl.LocalResourcesImpl;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.metrics.api.Gauge;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.rrt.api.AliasReverseResolver;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTableConfiguration;
import org.apache.james.rrt.lib.AliasReverseResolverImpl;
import org.apache.james.rrt.lib.CanSendFromImpl;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.MappingSource;
import org.apache.james.rrt.memory.MemoryRecipientRewriteTable;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.configuration.FileConfigurationProvider;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.memory.MemoryUsersRepository;
import org.apache.mailet.Mail;
import org.apache.mailet.Mailet;
import org.apache.mailet.MailetConfig;
import org.apache.mailet.MailetContext;
import org.apache.mailet.Matcher;
import org.apache.mailet.MatcherConfig;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.ledger.SubmissionLedger;

/**
 * Processors as mailetcontainer.xml has them, run by James's own mailet container, with what a mailet may ask of a
 * server: domains, users, aliases, mail repositories, the policy file, and a spool into which mailets can send. It runs
 * in the caller's thread: when {@link #accept} returns, the mail and all that came of it has ended somewhere.
 *
 * <pre>{@code
 * try (Pipeline pipeline = Pipeline.hardened().domain("ours.example").user("bob@ours.example").start()) {
 *     pipeline.accept(TestMail.from("eve@outside.example").to("bob@ours.example"));
 *     assertThat(pipeline.local()).hasSize(1);
 * }
 * }</pre>
 *
 * It uses only what is the same in James 3.8 and 3.9, so that it serves the tests of both flavours. A few mailets of
 * James have {@link StandIns stand-ins}.
 */
public final class Pipeline implements AutoCloseable {
    /** Where James puts a mail that could not be processed after several tries. */
    public static final String ABANDONED = "stored://var/mail/error/";

    private final Domains domains;
    private final Repositories repositories;
    private final Outlets outlets;
    private final Spool spool;
    private final SubmissionLedger ledger;
    private final CompositeProcessorImpl processors;

    private Pipeline(
            Domains domains,
            Repositories repositories,
            Outlets outlets,
            Spool spool,
            SubmissionLedger ledger,
            CompositeProcessorImpl processors) {
        this.domains = domains;
        this.repositories = repositories;
        this.outlets = outlets;
        this.spool = spool;
        this.ledger = ledger;
        this.processors = processors;
    }

    /**
     * A pipeline of these processors. James needs a processor {@code root} and a processor {@code error}.
     *
     * @param processors {@code <processor>} elements
     */
    public static Builder of(String processors) {
        return new Builder("<processors enableJmx=\"false\">" + processors + "</processors>", "");
    }

    /** The pipeline of the hardened configuration, as it is delivered. */
    public static Builder hardened() {
        try (InputStream in = Pipeline.class.getResourceAsStream("/conf/mailetcontainer.xml")) {
            if (in == null) {
                throw new IllegalStateException("conf/mailetcontainer.xml is not on the class path");
            }
            return new Builder(new String(in.readAllBytes(), StandardCharsets.UTF_8), "processors");
        } catch (IOException unreadable) {
            throw new IllegalStateException("conf/mailetcontainer.xml can't be read", unreadable);
        }
    }

    /** Spools a mail, as a listener does, and runs everything that comes of it. */
    public void accept(TestMail mail) throws MessagingException {
        MailImpl built = mail.build();
        spool.enQueue(built);
        LifecycleUtil.dispose(built);
        run();
    }

    private void run() throws MessagingException {
        for (Optional<Mail> next = spool.next(); next.isPresent(); next = spool.next()) {
            Mail mail = next.get();
            Collection<MailAddress> recipients = List.copyOf(mail.getRecipients());
            try {
                processors.service(mail);
            } catch (Exception failed) {
                // James tries again a few times, which changes nothing here, and then keeps the mail.
                mail.setRecipients(recipients);
                try {
                    repositories.select(MailRepositoryUrl.from(ABANDONED)).store(mail);
                } catch (MailRepositoryStore.MailRepositoryStoreException impossible) {
                    throw new MessagingException("the mail is lost", impossible);
                }
            } finally {
                LifecycleUtil.dispose(mail);
            }
        }
    }

    /** What was delivered into mailboxes. */
    public List<SeenMail> local() {
        return outlets.at(Outlets.LOCAL);
    }

    /** What went out, into whichever queue. */
    public List<SeenMail> remote() {
        return outlets.remote();
    }

    /** What went into one queue of outgoing mail. */
    public List<SeenMail> queue(String name) {
        return outlets.at(name);
    }

    /** What is kept in a mail repository. */
    public List<SeenMail> kept(String url) {
        return repositories.in(url);
    }

    /** What is kept in any mail repository. */
    public List<SeenMail> kept() {
        return repositories.everywhere();
    }

    /** Every recipient of every mail that ended anywhere, sorted: what is missing here was lost. */
    public List<String> accountedFor() {
        return Stream.of(local(), remote(), kept())
                .flatMap(List::stream)
                .flatMap(mail -> mail.recipients().stream())
                .sorted()
                .collect(Collectors.toList());
    }

    /** What accounts have submitted, and who is held. */
    public SubmissionLedger ledger() {
        return ledger;
    }

    /** From now on the domains can't be looked up. */
    public void failDomains() {
        domains.fail();
    }

    /** From now on the domains can be looked up again. */
    public void recoverDomains() {
        domains.recover();
    }

    /** From now on nothing can be stored in that mail repository. */
    public void fill(String url) {
        repositories.fill(url);
    }

    @Override
    public void close() {
        processors.dispose();
        spool.close();
        repositories.close();
    }

    /** What the pipeline's server knows. */
    public static final class Builder {
        private final String configuration;
        private final String place;
        private final List<Domain> domains = new ArrayList<>();
        private final List<String> users = new ArrayList<>();
        private final List<String> held = new ArrayList<>();
        private final List<Map.Entry<String, String>> aliases = new ArrayList<>();
        private final Map<String, String> files = new LinkedHashMap<>();

        private Builder(String configuration, String place) {
            this.configuration = configuration;
            this.place = place;
        }

        /** A domain of ours; the first is the default domain. */
        public Builder domain(String name) {
            domains.add(Domain.of(name));
            return this;
        }

        /** An account with a mailbox. */
        public Builder user(String address) {
            users.add(address);
            return this;
        }

        /** Mail for {@code from} goes on to {@code to}, besides where it goes on already. */
        public Builder alias(String from, String to) {
            aliases.add(Map.entry(from, to));
            return this;
        }

        /** An account that may not send. */
        public Builder held(String account) {
            held.add(account);
            return this;
        }

        /** The policy file; without one, the safe defaults apply. */
        public Builder policy(String xml) {
            return file("file://conf/rempart.xml", xml);
        }

        /** A file of the server. */
        public Builder file(String url, String text) {
            files.put(url, text);
            return this;
        }

        /**
         * Starts the pipeline as James starts it.
         *
         * @throws Exception what stops James's start: a fault in the configuration
         */
        public Pipeline start() throws Exception {
            Domains ours = new Domains(domains);
            MemoryUsersRepository accounts = MemoryUsersRepository.withVirtualHosting(ours);
            for (String user : users) {
                accounts.addUser(Username.of(user), "not used");
            }
            MemoryRecipientRewriteTable table = new MemoryRecipientRewriteTable();
            table.setDomainList(ours);
            table.setConfiguration(RecipientRewriteTableConfiguration.DEFAULT_ENABLED);
            for (Map.Entry<String, String> alias : aliases) {
                MailAddress from = new MailAddress(alias.getKey());
                table.addMapping(
                        MappingSource.fromUser(from.getLocalPart(), from.getDomain()),
                        Mapping.forward(alias.getValue()));
            }
            Repositories repositories = new Repositories();
            Outlets outlets = new Outlets();
            SubmissionLedger ledger = new MemorySubmissionLedger();
            held.forEach(account -> ledger.hold(Hold.of(Username.of(account), Instant.EPOCH, "a test", 0, 0)));
            Spool spool = new Spool(outlets);
            NoNames names = new NoNames();
            JamesMailetContext context =
                    new JamesMailetContext(names, ours, new LocalResourcesImpl(accounts, ours, table), spool);
            BaseHierarchicalConfiguration contextConfiguration = new BaseHierarchicalConfiguration();
            contextConfiguration.addProperty(
                    "postmaster", "postmaster@" + domains.get(0).asString());
            context.configure(contextConfiguration);

            Injector server = Guice.createInjector(new AbstractModule() {
                @Override
                protected void configure() {
                    bind(DomainList.class).toInstance(ours);
                    bind(MailRepositoryStore.class).toInstance(repositories);
                    bind(FileSystem.class).toInstance(new Files(files));
                    bind(MetricFactory.class).toInstance(new RecordingMetricFactory());
                    bind(GaugeRegistry.class).toInstance(new NoGauges());
                    bind(DNSService.class).toInstance(names);
                    bind(new TypeLiteral<MailQueueFactory<?>>() {}).toInstance(spool);
                    bind(MailetContext.class).toInstance(context);
                    bind(Outlets.class).toInstance(outlets);
                    bind(SubmissionLedger.class).toInstance(ledger);
                    bind(AliasReverseResolver.class).to(AliasReverseResolverImpl.class);
                    bind(CanSendFrom.class).to(CanSendFromImpl.class);
                }

                // Not bound to the instance: Guice would inject into its setters what it has already been given.
                @Provides
                RecipientRewriteTable table() {
                    return table;
                }

                @Provides
                UsersRepository accounts() {
                    return accounts;
                }
            });
            Loader loader = new Loader(server);
            Module loaders = new AbstractModule() {
                @Override
                protected void configure() {
                    bind(MailetLoader.class).toInstance(loader);
                    bind(MatcherLoader.class).toInstance(loader);
                }
            };
            CompositeProcessorImpl processors =
                    server.createChildInjector(loaders).getInstance(CompositeProcessorImpl.class);
            processors.configure(processorsConfiguration());
            processors.init();
            return new Pipeline(ours, repositories, outlets, spool, ledger, processors);
        }

        private HierarchicalConfiguration<ImmutableNode> processorsConfiguration() throws Exception {
            HierarchicalConfiguration<ImmutableNode> whole = FileConfigurationProvider.getConfig(
                    new ByteArrayInputStream(configuration.getBytes(StandardCharsets.UTF_8)));
            HierarchicalConfiguration<ImmutableNode> chosen =
                    place.isEmpty() ? whole : whole.configurationAt(place, true);
            chosen.setProperty("[@enableJmx]", false);
            return chosen;
        }
    }

    /** Makes matchers and mailets as James does: by class name, James's own package being understood, injected. */
    private static final class Loader implements MailetLoader, MatcherLoader {
        private final Injector server;

        Loader(Injector server) {
            this.server = server;
        }

        @Override
        public Mailet getMailet(MailetConfig config) throws MessagingException {
            String name = config.getMailetName();
            Class<? extends Mailet> type = StandIns.BY_NAME.containsKey(name)
                    ? StandIns.BY_NAME.get(name)
                    : type(name, "org.apache.james.transport.mailets.").asSubclass(Mailet.class);
            Mailet mailet = server.getInstance(type);
            mailet.init(config);
            return mailet;
        }

        @Override
        public Matcher getMatcher(MatcherConfig config) throws MessagingException {
            Matcher matcher = server.getInstance(type(config.getMatcherName(), "org.apache.james.transport.matchers.")
                    .asSubclass(Matcher.class));
            matcher.init(config);
            return matcher;
        }

        private static Class<?> type(String name, String defaultPackage) throws MessagingException {
            try {
                return Class.forName(name.contains(".") ? name : defaultPackage + name);
            } catch (ClassNotFoundException unknown) {
                throw new MessagingException("no matcher or mailet " + name, unknown);
            }
        }
    }

    /** The server's files. */
    private static final class Files implements FileSystem {
        private final Map<String, String> texts;

        Files(Map<String, String> texts) {
            this.texts = Map.copyOf(texts);
        }

        @Override
        public InputStream getResource(String url) throws IOException {
            String text = texts.get(url);
            if (text == null) {
                throw new FileNotFoundException(url);
            }
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public File getFile(String url) throws FileNotFoundException {
            if (url.startsWith("file://var/")) {
                return new File(
                        new File(System.getProperty("java.io.tmpdir"), "rempart-pipeline-var"),
                        url.substring("file://var/".length()));
            }
            throw new FileNotFoundException(url + " is not on a disk");
        }

        @Override
        public File getBasedir() throws FileNotFoundException {
            throw new FileNotFoundException("there is no folder on a disk");
        }
    }

    /** Gauges that nobody reads. */
    private static final class NoGauges implements GaugeRegistry {
        @Override
        public <T> GaugeRegistry register(String name, Gauge<T> gauge) {
            return this;
        }

        @Override
        public <T> SettableGauge<T> settableGauge(String name) {
            return value -> {};
        }
    }

    /** A DNS that must not be asked: what happens to a mail does not depend on it. */
    private static final class NoNames implements DNSService {
        @Override
        public Collection<String> findMXRecords(String name) {
            throw asked(name);
        }

        @Override
        public Collection<String> findTXTRecords(String name) {
            throw asked(name);
        }

        @Override
        public Collection<InetAddress> getAllByName(String name) {
            throw asked(name);
        }

        @Override
        public InetAddress getByName(String name) {
            throw asked(name);
        }

        @Override
        public InetAddress getLocalHost() {
            throw asked("this host");
        }

        @Override
        public String getHostName(InetAddress address) {
            throw asked(address.toString());
        }

        private static AssertionError asked(String name) {
            return new AssertionError("a look-up of " + name + " in the middle of the pipeline");
        }
    }
}
