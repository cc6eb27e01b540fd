/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.codahale.metrics.MetricRegistry;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Scanner;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
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
import org.apache.mailet.base.test.FakeMailContext;
import org.apache.mailet.base.test.FakeMailetConfig;
import org.rempart.mailet.SecureRemoteDelivery;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.server.ServerPolicy;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.SimpleResolver;

/**
 * Our delivery by itself, to MX hosts. For each line {@code KIND BATCH COUNT} of its input it sends so many mails: {@code one} all to
 * one domain, {@code domain} each to a domain of its own at one host, {@code host} each to a domain and a host of its own.
 */
public final class DaneProcess {
    private static final String QUEUE = "outgoing";

    private DaneProcess() {}

    /** James's DNS service with a server at another port than 53. */
    private static final class Dns extends DNSJavaService {
        Dns(InetSocketAddress server) throws Exception {
            super(new DropWizardMetricFactory(new MetricRegistry()));
            BaseHierarchicalConfiguration configuration = new BaseHierarchicalConfiguration();
            configuration.addProperty("autodiscover", false);
            configuration.addProperty("servers.server", server.getAddress().getHostAddress());
            configuration.addProperty("setAsDNSJavaDefault", false);
            configure(configuration);
            init();
            SimpleResolver asked = new SimpleResolver(server);
            asked.setTimeout(Duration.ofSeconds(20));
            resolver = asked;
            Lookup.setDefaultResolver(asked);
            Lookup.setDefaultCache(cache, DClass.IN);
        }
    }

    /** The domain of a mail. */
    static String domain(String kind, String batch, int number) {
        return switch (kind) {
            case "one" -> "one.test";
            case "domain" -> batch + "-" + number + ".domain.test";
            default -> batch + "-" + number + ".host.test";
        };
    }

    /** @param arguments a folder with the policy; the ports of the DNS and of the hosts */
    public static void main(String[] arguments) throws Exception {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        Dns dns = new Dns(new InetSocketAddress(loopback, Integer.parseInt(arguments[1])));
        MemoryDomainList domains = new MemoryDomainList(dns);
        domains.configure(DomainListConfiguration.builder()
                .defaultDomain(Domain.of(Mail.DOMAIN))
                .build());
        MemoryMailQueueFactory queues = new MemoryMailQueueFactory(new RawMailQueueItemDecoratorFactory());
        MailQueue queue = queues.createQueue(MailQueueName.of(QUEUE), MailQueueFactory.prefetchCount(1));
        SecureRemoteDelivery mailet = new SecureRemoteDelivery(
                dns,
                domains,
                queues,
                new DropWizardMetricFactory(new MetricRegistry()),
                new NoopGaugeRegistry(),
                new MemorySubmissionLedger(),
                new ServerPolicy(new FileSystemImpl(new JamesServerResourceLoader(arguments[0]))),
                null);
        mailet.init(FakeMailetConfig.builder()
                .mailetContext(FakeMailContext.defaultContext())
                .setProperty("outgoing", QUEUE)
                .setProperty("heloName", "mail." + Mail.DOMAIN)
                .setProperty("delayTime", "1h")
                .setProperty("bounceProcessor", "bounces")
                .setProperty("mail.smtp.port", arguments[2])
                .build());
        try (Scanner batches = new Scanner(System.in, "US-ASCII")) {
            System.out.println("ready");
            while (batches.hasNext()) {
                send(queue, batches.next(), batches.next(), batches.nextInt());
            }
        }
        System.exit(0);
    }

    private static void send(MailQueue queue, String kind, String batch, int count) throws Exception {
        int number = 0;
        for (Mail mail : DeliveryProcess.mails(batch, count)) {
            MailImpl queued = MailImpl.builder()
                    .name(mail.name())
                    .sender(new MailAddress(mail.sender()))
                    .addRecipient(new MailAddress("bob@" + domain(kind, batch, number++)))
                    .build();
            queued.setMessageNoCopy(new MimeMessageWrapper(
                    MimeMessageInputStreamSource.create(mail.name(), new ByteArrayInputStream(mail.content()))));
            queue.enQueue(queued);
            LifecycleUtil.dispose(queued);
        }
    }
}
