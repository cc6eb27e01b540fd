/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.codahale.metrics.MetricRegistry;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.dnsjava.DNSJavaService;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.domainlist.memory.MemoryDomainList;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.metrics.api.NoopGaugeRegistry;
import org.apache.james.metrics.dropwizard.DropWizardMetricFactory;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.RawMailQueueItemDecoratorFactory;
import org.apache.james.queue.memory.MemoryMailQueueFactory;
import org.apache.james.server.core.JamesServerResourceLoader;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.james.server.core.filesystem.FileSystemImpl;
import org.apache.james.transport.mailets.RemoteDelivery;
import org.apache.mailet.Mailet;
import org.apache.mailet.base.test.FakeMailContext;
import org.apache.mailet.base.test.FakeMailetConfig;
import org.rempart.mailet.SecureRemoteDelivery;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.server.ServerPolicy;

/** A mailet that delivers, with the sink as its gateway, on James's in-memory queue. */
final class QueueSender implements Sender {
    private static final String QUEUE = "outgoing";

    private final Mailet mailet;
    private final MailQueue queue;

    /** Makes one of the mailets. */
    @FunctionalInterface
    private interface Maker {
        Mailet make(DNSService dns, MemoryDomainList domains, MailQueueFactory<?> queues);
    }

    private QueueSender(Maker maker, InetSocketAddress sink, Map<String, String> parameters) throws Exception {
        DNSJavaService dns = new DNSJavaService(new DropWizardMetricFactory(new MetricRegistry()));
        BaseHierarchicalConfiguration dnsConfiguration = new BaseHierarchicalConfiguration();
        dnsConfiguration.addProperty("autodiscover", false);
        dnsConfiguration.addProperty("servers.server", "127.0.0.1");
        dns.configure(dnsConfiguration);
        dns.init();
        MemoryDomainList domains = new MemoryDomainList(dns);
        domains.configure(DomainListConfiguration.builder()
                .defaultDomain(Domain.of(Mail.DOMAIN))
                .build());
        MemoryMailQueueFactory queues = new MemoryMailQueueFactory(new RawMailQueueItemDecoratorFactory());
        queue = queues.createQueue(MailQueueName.of(QUEUE), MailQueueFactory.prefetchCount(1));
        Map<String, String> all = new TreeMap<>(Map.of(
                "outgoing",
                QUEUE,
                "gateway",
                sink.getAddress().getHostAddress(),
                "gatewayPort",
                Integer.toString(sink.getPort()),
                "heloName",
                "mail." + Mail.DOMAIN,
                "delayTime",
                "1h",
                "maxRetries",
                "3",
                "bounceProcessor",
                "bounces"));
        all.putAll(parameters);
        FakeMailetConfig.Builder config = FakeMailetConfig.builder().mailetContext(FakeMailContext.defaultContext());
        all.forEach(config::setProperty);
        mailet = maker.make(dns, domains, queues);
        mailet.init(config.build());
    }

    /** Ours, with the level at which the sink's certificate must be right. */
    static Sender ours(InetSocketAddress sink) throws Exception {
        return new QueueSender(
                (dns, domains, queues) -> new SecureRemoteDelivery(
                        dns,
                        domains,
                        queues,
                        new DropWizardMetricFactory(new MetricRegistry()),
                        new NoopGaugeRegistry(),
                        new MemorySubmissionLedger(),
                        new ServerPolicy(new FileSystemImpl(
                                new JamesServerResourceLoader(System.getProperty("java.io.tmpdir")))),
                        null),
                sink,
                Map.of("tls", "*=verify"));
    }

    /** James's own, which checks that it trusts the certificate's authority, but not the name: it can't for an address. */
    static Sender stock(InetSocketAddress sink) throws Exception {
        return new QueueSender(
                (dns, domains, queues) ->
                        new RemoteDelivery(dns, domains, queues, new DropWizardMetricFactory(new MetricRegistry())),
                sink,
                Map.of("startTLS", "true", "verifyServerIdentity", "false", "sendpartial", "true"));
    }

    @Override
    public void send(List<Mail> mails) throws Exception {
        for (Mail mail : mails) {
            MailImpl queued = MailImpl.builder()
                    .name(mail.name())
                    .sender(new MailAddress(mail.sender()))
                    .addRecipient(new MailAddress(mail.recipient()))
                    .build();
            queued.setMessageNoCopy(new MimeMessageWrapper(
                    MimeMessageInputStreamSource.create(mail.name(), new ByteArrayInputStream(mail.content()))));
            queue.enQueue(queued);
            LifecycleUtil.dispose(queued);
        }
    }

    @Override
    public void close() {
        mailet.destroy();
    }
}
