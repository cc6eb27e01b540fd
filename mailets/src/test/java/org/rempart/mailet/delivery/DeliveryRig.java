/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.api.TemporaryResolutionException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.metrics.api.Gauge;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.rempart.mailet.delivery.tls.LocalTlsRules;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicies;
import org.rempart.mailet.delivery.tls.TlsPolicySource;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.testsupport.SmtpPeer;

/** A delivery with all that it needs of a server, in the test's hands: queue, DNS, policy, bounce processor. */
final class DeliveryRig implements AutoCloseable {
    static final String MESSAGE = "Subject: A test\r\n\r\nHello.\r\n";
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final TestQueue queue = new TestQueue();
    private final Map<String, List<String>> mx = new ConcurrentHashMap<>();
    private final Map<String, String> addresses = new ConcurrentHashMap<>();
    private final List<Bounce> bounces = new CopyOnWriteArrayList<>();
    private final Map<DomainPattern, Decision<OutboundTls>> rules = new LinkedHashMap<>();
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private UnaryOperator<DeliverySettings.Builder> settings = builder -> builder;
    private volatile boolean spoolFull;
    private volatile Kill kill = Kill.NEVER;
    private TlsSessions sessions = TlsSessions.IGNORED;
    private List<TlsPolicySource> sources = List.of();
    private final AtomicInteger errors = new AtomicInteger();
    private DeliveryService service;
    private int mails;

    /** What a processor, or James itself, was given because it could not be delivered. */
    static final class Bounce {
        final String processor;
        final List<String> recipients;
        final String error;
        final String action;

        Bounce(String processor, List<String> recipients, String error, String action) {
            this.action = action;
            this.processor = processor;
            this.recipients = recipients;
            this.error = error;
        }

        @Override
        public String toString() {
            return processor + " " + recipients + " " + error;
        }
    }

    TestQueue queue() {
        return queue;
    }

    List<Bounce> bounces() {
        return bounces;
    }

    /** Whether senders can't be told of anything at present. */
    void spoolFull(boolean value) {
        spoolFull = value;
    }

    /** The server dies after so many steps; see {@link Kill}. */
    Kill killAfter(int steps) {
        kill = new Kill(steps);
        queue.kill(kill);
        return kill;
    }

    /** Another server takes over what the queue holds. */
    void restart() throws Exception {
        service.stop(Duration.ZERO);
        kill = Kill.NEVER;
        queue.restart();
        start();
    }

    /** The accounts that may not send. */
    Set<String> held() {
        return held;
    }

    /** So many times, whatever a sender is told ends in an Error. */
    void spoolErrors(int times) {
        errors.set(times);
    }

    DeliveryRig with(UnaryOperator<DeliverySettings.Builder> more) {
        UnaryOperator<DeliverySettings.Builder> before = settings;
        settings = builder -> more.apply(before.apply(builder));
        return this;
    }

    /** All mail goes to this peer. */
    DeliveryRig through(SmtpPeer peer) {
        return with(builder ->
                builder.gateways(List.of(Endpoint.of("127.0.0.1", peer.address().getPort()))));
    }

    DeliveryRig mx(String domain, String... hosts) {
        mx.put(domain, List.of(hosts));
        return this;
    }

    DeliveryRig address(String host, String address) {
        addresses.put(host, address);
        return this;
    }

    DeliveryRig level(String domain, TlsLevel level) throws Exception {
        rules.put(
                DomainPattern.parse(domain),
                Decision.of(OutboundTls.of(level), Rule.byDefault(domain + "=" + level.keyword())));
        return this;
    }

    /** Says what domains publish about their TLS. */
    DeliveryRig source(TlsPolicySource source) {
        sources = List.of(source);
        return this;
    }

    /** Who is told of sessions. */
    DeliveryRig sessions(TlsSessions listener) {
        sessions = listener;
        return this;
    }

    DeliveryRig start() throws Exception {
        DeliverySettings built = settings.apply(DeliverySettings.builder("mail.ours.example")
                        .retries(RetrySchedule.parse("5m, 10m", 2))
                        .bounceProcessor(java.util.Optional.of("bounces"))
                        .timeouts(Timeouts.all(PATIENCE)))
                .build();
        TlsPolicies policies = new TlsPolicies(
                LocalTlsRules.read(TlsPolicy.builder().outbound(rules).build(), new NoFiles()), sources);
        service = new DeliveryService(
                built,
                queue,
                context(),
                this::tell,
                held::contains,
                new Names(),
                built.gateways().isEmpty()
                        ? OutboundTlsRules.direct(policies)
                        : OutboundTlsRules.throughGateway(policies),
                sessions,
                new TlsHandshake(PATIENCE),
                new RecordingMetricFactory(),
                new Gauges());
        service.start();
        return this;
    }

    /** Queues a mail. */
    void send(String message, String... recipients) throws Exception {
        sendFrom("alice@ours.example", message.getBytes(StandardCharsets.ISO_8859_1), recipients);
    }

    void sendFrom(String sender, byte[] message, String... recipients) throws Exception {
        MailImpl mail = mail(sender, message, recipients);
        service.enqueue(mail);
        mail.dispose();
    }

    /** Puts a mail into the queue as it is, with recipients of several domains. */
    void sendUnsplit(String message, String... recipients) throws Exception {
        MailImpl mail = mail("alice@ours.example", message.getBytes(StandardCharsets.ISO_8859_1), recipients);
        queue.enQueue(mail);
        mail.dispose();
    }

    /** A mail that the caller disposes of. */
    MailImpl mail(String sender, byte[] message, String... recipients) throws MessagingException {
        List<MailAddress> all = new ArrayList<>();
        for (String recipient : recipients) {
            all.add(new MailAddress(recipient));
        }
        MailImpl.Builder builder = MailImpl.builder().name("mail" + ++mails).addRecipients(all);
        MailImpl mail = (sender.isEmpty() ? builder : builder.sender(sender)).build();
        mail.setMessageNoCopy(new MimeMessageWrapper(
                MimeMessageInputStreamSource.create("delivery-test-" + mails, new ByteArrayInputStream(message))));
        return mail;
    }

    DeliveryService service() {
        return service;
    }

    @Override
    public void close() {
        if (service != null) {
            service.stop();
        }
        queue.close();
    }

    /** What the delivery tells by itself, where it has no processor for that. */
    private void tell(Mail mail, DeliveryReport.Action action, Map<MailAddress, Outcome> outcomes)
            throws MessagingException {
        if (spoolFull) {
            throw new MessagingException("the spool is full");
        }
        List<String> recipients = new ArrayList<>();
        outcomes.keySet().forEach(recipient -> recipients.add(recipient.asString()));
        Bounce bounce = new Bounce("delivery", recipients, outcomes.values().toString(), action.toString());
        kill.around(() -> bounces.add(bounce));
    }

    private MailetContext context() {
        return (MailetContext) Proxy.newProxyInstance(
                MailetContext.class.getClassLoader(),
                new Class<?>[] {MailetContext.class},
                (proxy, method, arguments) -> {
                    if (spoolFull) {
                        throw new MessagingException("the spool is full");
                    }
                    if (errors.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                        throw new StackOverflowError("a fault of the spool");
                    }
                    Mail mail = (Mail) arguments[0];
                    List<String> recipients = new ArrayList<>();
                    mail.getRecipients().forEach(recipient -> recipients.add(recipient.asString()));
                    switch (method.getName()) {
                        case "sendMail":
                            Bounce bounce = new Bounce(
                                    (String) arguments[1],
                                    recipients,
                                    AttributeUtils.getValueAndCastFromMail(
                                                    mail, AttributeName.of("delivery-error"), String.class)
                                            .orElse(""),
                                    DeliveryReport.action(mail).toString());
                            kill.around(() -> bounces.add(bounce));
                            return null;
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    /** A DNS as the test has it; like James's, it gives a domain itself that has no MX record but an address. */
    private final class Names implements DNSService {
        @Override
        public Collection<String> findMXRecords(String name) throws TemporaryResolutionException {
            List<String> hosts = mx.get(name);
            if (hosts == null) {
                return addresses.containsKey(name) ? List.of(name) : List.of();
            }
            if (hosts.contains("ERROR")) {
                throw new StackOverflowError("a fault of the DNS service");
            }
            if (hosts.contains("SERVFAIL")) {
                throw new TemporaryResolutionException("no answer");
            }
            return hosts;
        }

        @Override
        public Collection<String> findTXTRecords(String name) {
            return List.of();
        }

        @Override
        public Collection<InetAddress> getAllByName(String name) throws UnknownHostException {
            return List.of(getByName(name));
        }

        @Override
        public InetAddress getByName(String name) throws UnknownHostException {
            String address = addresses.get(name);
            if (address == null) {
                throw new UnknownHostException(name);
            }
            return InetAddress.getByName(address);
        }

        @Override
        public InetAddress getLocalHost() {
            return InetAddress.getLoopbackAddress();
        }

        @Override
        public String getHostName(InetAddress address) {
            return address.getHostAddress();
        }
    }

    /** No rule of these tests names a file. */
    private static final class NoFiles implements FileSystem {
        @Override
        public InputStream getResource(String url) throws IOException {
            throw new FileNotFoundException(url);
        }

        @Override
        public File getFile(String url) throws FileNotFoundException {
            throw new FileNotFoundException(url);
        }

        @Override
        public File getBasedir() throws FileNotFoundException {
            throw new FileNotFoundException();
        }
    }

    private static final class Gauges implements GaugeRegistry {
        private final Map<String, Object> registered = new HashMap<>();

        @Override
        public <T> GaugeRegistry register(String name, Gauge<T> gauge) {
            registered.put(name, gauge);
            return this;
        }

        @Override
        public <T> SettableGauge<T> settableGauge(String name) {
            return value -> registered.put(name, value);
        }
    }
}
