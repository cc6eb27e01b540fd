/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.TypeLiteral;
import com.google.inject.util.Providers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.XMLConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.commons.configuration2.io.FileHandler;
import org.apache.james.UserEntityValidator;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.domainlist.memory.MemoryDomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailbox.Authorizator;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.apache.james.protocols.api.handler.ProtocolHandler;
import org.apache.james.protocols.lib.handler.ProtocolHandlerLoader;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.rrt.api.AliasReverseResolver;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTableConfiguration;
import org.apache.james.rrt.lib.AliasReverseResolverImpl;
import org.apache.james.rrt.lib.CanSendFromImpl;
import org.apache.james.rrt.lib.MappingSource;
import org.apache.james.rrt.memory.MemoryRecipientRewriteTable;
import org.apache.james.smtpserver.CoreCmdHandlerLoader;
import org.apache.james.smtpserver.netty.SMTPServerFactory;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.memory.MemoryUsersRepository;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.ServerCertificate;

/**
 * James's own SMTP server in this process, with the listeners and the policy that a test asks for. It receives for
 * {@code ours.example} (accounts alice and bob, password {@value #PASSWORD}; an alias info of alice; an address
 * "gone" that is mapped to an error), listens on loopback, and keeps what it accepts in {@link #spool()}.
 */
final class SmtpTestServer implements AutoCloseable {
    static final String PASSWORD = "correct-horse";
    static final String HELLO_NAME = "mail.ours.example";

    private static final String KEYSTORE_SECRET = "changeit";
    private static final ServerCertificate CERTIFICATE =
            CertificateRequest.of(HELLO_NAME).selfSigned();

    private final Path home;
    private final HomeFileSystem files;
    private final Spool spool = new Spool();
    private final List<String> notices = new CopyOnWriteArrayList<>();
    private final SMTPServerFactory factory;
    private final FailingDomainList domains;
    private final Directory directory;
    private final MemoryRecipientRewriteTable mappings = new MemoryRecipientRewriteTable();

    private SmtpTestServer(Path home, String policy, List<String> listeners) throws Exception {
        this.home = home;
        this.files = new HomeFileSystem(home);
        Path conf = Files.createDirectories(home.resolve("conf"));
        if (policy != null) {
            Files.writeString(conf.resolve("rempart.xml"), policy);
        }
        CERTIFICATE.writeKeyStore(conf.resolve("keystore"), KEYSTORE_SECRET);

        DNSService dns = new LiteralsOnlyDns();
        domains = new FailingDomainList(dns);
        domains.configure(DomainListConfiguration.builder()
                .autoDetect(false)
                .autoDetectIp(false)
                .build());
        domains.addDomain(Domain.of("ours.example"));
        domains.addDomain(Domain.of("also.example"));
        MemoryUsersRepository users = MemoryUsersRepository.withVirtualHosting(domains);
        directory = new Directory(users);
        users.addUser(Username.of("alice@ours.example"), PASSWORD);
        users.addUser(Username.of("bob@ours.example"), PASSWORD);
        mappings.setDomainList(domains);
        mappings.setUsersRepository(users);
        mappings.setUserEntityValidator(UserEntityValidator.NOOP);
        mappings.setConfiguration(RecipientRewriteTableConfiguration.DEFAULT_ENABLED);
        mappings.addAliasMapping(MappingSource.fromUser("info", "ours.example"), "alice@ours.example");
        mappings.addGroupMapping(MappingSource.fromUser("team", "ours.example"), "bob@ours.example");
        mappings.addErrorMapping(MappingSource.fromUser("gone", "ours.example"), "551 Moved");

        Injector injector = Guice.createInjector(new AbstractModule() {
            @Override
            protected void configure() {
                bind(DNSService.class).toInstance(dns);
                bind(DomainList.class).toProvider(Providers.of(domains));
                bind(UsersRepository.class).toProvider(Providers.of(directory.asUsersRepository()));
                bind(RecipientRewriteTable.class).toProvider(Providers.of(mappings));
                AliasReverseResolver aliases = new AliasReverseResolverImpl(mappings);
                bind(AliasReverseResolver.class).toInstance(aliases);
                bind(CanSendFrom.class).toInstance(new CanSendFromImpl(mappings, aliases));
                bind(MetricFactory.class).toInstance(new RecordingMetricFactory());
                bind(Authorizator.class)
                        .toInstance((user, other) -> user.equals(other)
                                ? Authorizator.AuthorizationState.ALLOWED
                                : Authorizator.AuthorizationState.FORBIDDEN);
                bind(FileSystem.class).toInstance(files);
                bind(new TypeLiteral<MailQueueFactory<?>>() {}).toInstance(spool.asMailQueueFactory());
                bind(MailetContext.class).toInstance(notices());
            }
        });
        factory = new SMTPServerFactory(dns, new InjectedHandlers(injector), files, new RecordingMetricFactory());
        XMLConfiguration configuration = new XMLConfiguration();
        new FileHandler(configuration)
                .load(new ByteArrayInputStream(("<smtpservers>" + String.join("", listeners) + "</smtpservers>")
                        .getBytes(StandardCharsets.UTF_8)));
        factory.configure(configuration);
        factory.init();
    }

    /**
     * Starts a server.
     *
     * @param home an empty directory for it
     * @param policy the policy file's content; null for none
     */
    static SmtpTestServer start(Path home, String policy, Listener... listeners) throws Exception {
        List<String> configurations = new ArrayList<>();
        for (int i = 0; i < listeners.length; i++) {
            configurations.add(listeners[i].toXml("smtp-" + System.identityHashCode(listeners[i]) + "-" + i));
        }
        return new SmtpTestServer(home, policy, configurations);
    }

    /** Connects to a listener, by its place, and reads the greeting. */
    SmtpClient connect(int listener) throws IOException {
        SmtpClient client = connectSilently(listener);
        client.expect(220);
        return client;
    }

    /** Connects to a listener and reads nothing yet. */
    SmtpClient connectSilently(int listener) throws IOException {
        return SmtpClient.connect(port(listener));
    }

    /** Connects to a listener with TLS from the first byte, and reads the greeting. */
    SmtpClient connectTls(int listener) throws IOException {
        SmtpClient client = SmtpClient.connectTls(port(listener));
        client.expect(220);
        return client;
    }

    void addDomain(String name) throws DomainListException {
        domains.addDomain(Domain.of(name));
    }

    int port(int listener) {
        return factory.getServers().get(listener).getPort();
    }

    /** A mailet context whose postmaster gets what {@link #noticesToPostmaster()} tells. */
    private MailetContext notices() {
        return (MailetContext) Proxy.newProxyInstance(
                SmtpTestServer.class.getClassLoader(),
                new Class<?>[] {MailetContext.class},
                (self, method, arguments) -> {
                    switch (method.getName()) {
                        case "getPostmaster":
                            return new MailAddress("postmaster@ours.example");
                        case "sendMail":
                            ByteArrayOutputStream message = new ByteArrayOutputStream();
                            ((Mail) arguments[0]).getMessage().writeTo(message);
                            notices.add(message.toString(StandardCharsets.UTF_8));
                            return null;
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    /** The messages that the postmaster got, as text. */
    List<String> noticesToPostmaster() {
        return List.copyOf(notices);
    }

    /** What the server accepted. */
    Spool spool() {
        return spool;
    }

    /** Where addresses lead. */
    RecipientRewriteTable mappings() {
        return mappings;
    }

    /** Makes the domain list fail until further notice. */
    void breakDomainList(boolean broken) {
        domains.lookupsLeft.set(broken ? 0 : Integer.MAX_VALUE);
    }

    /** The domains can be looked up so many times more. */
    void breakDomainListAfter(int lookups) {
        domains.lookupsLeft.set(lookups);
    }

    /** Makes the user directory fail until further notice. */
    void breakUsers(boolean broken) {
        directory.broken = broken;
    }

    @Override
    public void close() {
        factory.destroy();
    }

    /** How often the policy file was read. */
    int policiesRead() {
        return files.policiesRead.get();
    }

    Path home() {
        return home;
    }

    /** A listener to be. */
    static final class Listener {
        private final StringBuilder settings = new StringBuilder();
        private final List<Class<?>> all;
        private List<Class<?>> handlers = List.of();
        private String core;
        private String tls = "socketTLS=\"false\" startTLS=\"true\"";
        private String announce;

        private Listener(Class<?> core, List<Class<?>> all, String announce) {
            this.core = core.getName();
            this.all = all;
            this.announce = announce;
        }

        static Listener mx() {
            return new Listener(MxHandlers.class, MxHandlers.OURS, "never");
        }

        static Listener submission() {
            return new Listener(SubmissionHandlers.class, SubmissionHandlers.OURS, "always");
        }

        /** James without any handler of ours. */
        static Listener stock() {
            return new Listener(CoreCmdHandlerLoader.class, List.of(), "always");
        }

        Listener implicitTls() {
            tls = "socketTLS=\"true\" startTLS=\"false\"";
            return this;
        }

        /** These alone, one by one. */
        Listener handlers(Class<?>... classes) {
            handlers = List.of(classes);
            core = CoreHandlers.class.getName();
            return this;
        }

        Listener announce(String when) {
            announce = when;
            return this;
        }

        /** The handlers one by one, over James's own. */
        Listener stockCore() {
            handlers = all;
            core = CoreCmdHandlerLoader.class.getName();
            return this;
        }

        Listener with(String setting, String value) {
            settings.append('<').append(setting).append('>').append(value);
            settings.append("</").append(setting).append('>');
            return this;
        }

        private String toXml(String name) {
            StringBuilder chain = new StringBuilder();
            handlers.forEach(handler ->
                    chain.append("<handler class=\"").append(handler.getName()).append("\"/>"));
            return "<smtpserver enabled=\"true\"><jmxName>" + name + "</jmxName><bind>127.0.0.1:0</bind>"
                    + "<helloName autodetect=\"false\">" + HELLO_NAME + "</helloName>"
                    + "<connectiontimeout>300</connectiontimeout><gracefulShutdown>false</gracefulShutdown>"
                    + "<tls " + tls + "><keystore>file://conf/keystore</keystore><keystoreType>PKCS12</keystoreType>"
                    + "<secret>" + KEYSTORE_SECRET + "</secret></tls>"
                    + "<auth><announce>" + announce + "</announce><requireSSL>true</requireSSL></auth>"
                    + settings
                    + "<handlerchain enableJmx=\"false\" coreHandlersPackage=\"" + core + "\">" + chain
                    + "</handlerchain></smtpserver>";
        }
    }

    /** Instantiates handlers by constructor injection, as James's Guice assembly does. */
    private static final class InjectedHandlers implements ProtocolHandlerLoader {
        private final Injector injector;

        private InjectedHandlers(Injector injector) {
            this.injector = injector;
        }

        @Override
        public ProtocolHandler load(String name, Configuration config) throws LoadingException {
            try {
                ProtocolHandler handler = (ProtocolHandler) injector.getInstance(Class.forName(name));
                handler.init(config);
                return handler;
            } catch (ClassNotFoundException | ConfigurationException failure) {
                throw new LoadingException("Can't load " + name, failure);
            }
        }
    }

    private static final class HomeFileSystem implements FileSystem {
        private final AtomicInteger policiesRead = new AtomicInteger();
        private final Path home;

        private HomeFileSystem(Path home) {
            this.home = home;
        }

        @Override
        public InputStream getResource(String url) throws IOException {
            if (url.endsWith("/rempart.xml")) {
                policiesRead.incrementAndGet();
            }
            return new FileInputStream(getFile(url));
        }

        @Override
        public File getFile(String url) {
            return home.resolve(url.substring(FILE_PROTOCOL.length())).toFile();
        }

        @Override
        public File getBasedir() {
            return home.toFile();
        }
    }

    /** Knows address literals; anyone who asks for more would wait for a name server. */
    private static final class LiteralsOnlyDns implements DNSService {
        @Override
        public List<String> findMXRecords(String host) {
            throw new AssertionError("MX look-up of " + host);
        }

        @Override
        public List<String> findTXTRecords(String host) {
            // Senders are looked at; none of them has published anything.
            return List.of();
        }

        @Override
        public List<InetAddress> getAllByName(String host) throws UnknownHostException {
            return List.of(getByName(host));
        }

        @Override
        public InetAddress getByName(String host) throws UnknownHostException {
            if (!host.matches("[0-9.]+|[0-9a-f.]*:[0-9a-f.:]*")) {
                throw new AssertionError("Look-up of " + host);
            }
            return InetAddress.getByName(host);
        }

        @Override
        public InetAddress getLocalHost() {
            return InetAddress.getLoopbackAddress();
        }

        @Override
        public String getHostName(InetAddress address) {
            // Filters are told the name of a client; this one has none.
            return address.getHostAddress();
        }
    }

    private static final class FailingDomainList extends MemoryDomainList {
        private final AtomicInteger lookupsLeft = new AtomicInteger(Integer.MAX_VALUE);

        private FailingDomainList(DNSService dns) {
            super(dns);
        }

        @Override
        public boolean containsDomain(Domain domain) throws DomainListException {
            if (lookupsLeft.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
                throw new DomainListException("The directory is down");
            }
            return super.containsDomain(domain);
        }
    }

    /** A user directory that can be told to fail. */
    private static final class Directory implements InvocationHandler {
        private final UsersRepository users;
        private volatile boolean broken;

        private Directory(UsersRepository users) {
            this.users = users;
        }

        private UsersRepository asUsersRepository() {
            return (UsersRepository) Proxy.newProxyInstance(
                    Directory.class.getClassLoader(), new Class<?>[] {UsersRepository.class}, this);
        }

        @Override
        public Object invoke(Object self, Method method, Object[] arguments) throws Throwable {
            if (broken) {
                throw new UsersRepositoryException("The directory is down");
            }
            try {
                return method.invoke(users, arguments);
            } catch (InvocationTargetException failure) {
                throw failure.getCause();
            }
        }
    }
}
