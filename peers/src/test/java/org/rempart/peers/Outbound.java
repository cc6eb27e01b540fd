/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import javax.mail.MessagingException;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.domainlist.memory.MemoryDomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailetcontainer.impl.JamesMailetContext;
import org.apache.james.mailetcontainer.impl.LocalResourcesImpl;
import org.apache.james.metrics.api.NoopGaugeRegistry;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.queue.api.RawMailQueueItemDecoratorFactory;
import org.apache.james.queue.memory.MemoryMailQueueFactory;
import org.apache.james.rrt.api.RecipientRewriteTableConfiguration;
import org.apache.james.rrt.memory.MemoryRecipientRewriteTable;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.james.user.memory.MemoryUsersRepository;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.Mail;
import org.apache.mailet.Mailet;
import org.apache.mailet.base.test.FakeMailetConfig;
import org.rempart.mailet.SecureRemoteDelivery;
import org.rempart.mailet.SendReport;
import org.rempart.message.RequireTls;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.testsupport.DnsServer;

/**
 * A server's way out: {@link SecureRemoteDelivery} on James's in-memory queue, with James's mailet context and DNS service, a
 * DNS, and a folder with its policy.
 */
final class Outbound implements AutoCloseable {
    /** Where failed mail goes. */
    static final String BOUNCES = "bounces";

    private static final String OUTGOING = "outgoing";
    private static final AttributeName ERROR = AttributeName.of("delivery-error");

    private final Mailet mailet;
    private final MemoryMailQueueFactory queues;
    private final Mailet reports;
    private int sent;

    private Outbound(Mailet mailet, MemoryMailQueueFactory queues, Mailet reports) {
        this.mailet = mailet;
        this.queues = queues;
        this.reports = reports;
    }

    /**
     * A mail that failed, as the bounce processor gets it.
     *
     * @param recipients whom it didn't reach
     * @param reason why
     */
    record Bounced(List<String> recipients, String reason) {}

    /**
     * Starts a delivery.
     *
     * @param folder where the policy and the certificates that it names are
     * @param port of all MX hosts
     * @param policy what is in the policy file, between {@code <policy>} and its end
     * @param parameters of the mailet, besides those that are the same for all tests
     */
    static Outbound start(DnsServer dns, Path folder, int port, String policy, Map<String, String> parameters)
            throws Exception {
        return start(dns.address(), folder, port, policy, parameters);
    }

    /** The same, asking the DNS there. */
    static Outbound start(InetSocketAddress dns, Path folder, int port, String policy, Map<String, String> parameters)
            throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf"));
        Files.writeString(conf.resolve("rempart.xml"), "<policy>" + policy + "</policy>");
        DNSService james = JamesDns.asking(dns, Duration.ofSeconds(20));
        MemoryDomainList domains = new MemoryDomainList(james);
        domains.configure(DomainListConfiguration.builder()
                .defaultDomain(Domain.of("ours.example"))
                .build());
        MemoryRecipientRewriteTable table = new MemoryRecipientRewriteTable();
        table.setDomainList(domains);
        table.setConfiguration(RecipientRewriteTableConfiguration.DEFAULT_ENABLED);
        MemoryMailQueueFactory queues = new MemoryMailQueueFactory(new RawMailQueueItemDecoratorFactory());
        queues.createQueue(MailQueueFactory.SPOOL, MailQueueFactory.prefetchCount(1));
        JamesMailetContext context = new JamesMailetContext(
                james,
                domains,
                new LocalResourcesImpl(MemoryUsersRepository.withVirtualHosting(domains), domains, table),
                queues);
        BaseHierarchicalConfiguration contextConfiguration = new BaseHierarchicalConfiguration();
        contextConfiguration.addProperty("postmaster", "postmaster@ours.example");
        context.configure(contextConfiguration);

        Map<String, String> all = new TreeMap<>(Map.of(
                "outgoing",
                OUTGOING,
                "heloName",
                "mail.ours.example",
                "bounceProcessor",
                BOUNCES,
                "reportProcessor",
                BOUNCES,
                "mail.smtp.port",
                Integer.toString(port)));
        all.putAll(parameters);
        FakeMailetConfig.Builder config =
                FakeMailetConfig.builder().mailetName("SecureRemoteDelivery").mailetContext(context);
        all.forEach(config::setProperty);
        Mailet mailet = new SecureRemoteDelivery(
                james,
                domains,
                queues,
                new RecordingMetricFactory(),
                new NoopGaugeRegistry(),
                new MemorySubmissionLedger(),
                new ServerPolicy(new Folder(folder)),
                null);
        mailet.init(config.build());
        Mailet reports = new SendReport(domains, null, new Folder(folder));
        reports.init(FakeMailetConfig.builder()
                .mailetName("SendReport")
                .mailetContext(context)
                .setProperty("hostName", "mail.ours.example")
                .build());
        return new Outbound(mailet, queues, reports);
    }

    /** Gives a mail to the delivery, whose body is this text. */
    void send(String text, String... recipients) throws MessagingException {
        send(text, Optional.empty(), recipients);
    }

    /** Gives a mail to the delivery, whose body is this text, with its sender's wishes for reports. */
    void send(String text, Optional<DsnParameters> wishes, String... recipients) throws MessagingException {
        send("alice@ours.example", "", text, mail -> wishes.ifPresent(mail::setDsnParameters), recipients);
    }

    /** The same from another than {@code alice@ours.example}. */
    void sendFrom(String sender, String text, String... recipients) throws MessagingException {
        send(sender, "", text, mail -> {}, recipients);
    }

    /** Gives a mail to the delivery, with these fields besides the usual ones, each with its line end. */
    void sendWith(String fields, String text, String... recipients) throws MessagingException {
        send("alice@ours.example", fields, text, mail -> {}, recipients);
    }

    /** The same for mail that requires TLS all the way (REQUIRETLS, RFC 8689). */
    void sendRequiringTls(String fields, String text, String... recipients) throws MessagingException {
        send("alice@ours.example", fields, text, mail -> mail.setAttribute(RequireTls.attribute()), recipients);
    }

    private void send(String sender, String fields, String text, Consumer<Mail> more, String... recipients)
            throws MessagingException {
        String name = "mail-" + sent++;
        String message = fields + "From: " + sender + "\r\nTo: somebody\r\nSubject: " + name
                + "\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + name + "@ours.example>\r\n\r\n" + text
                + "\r\n";
        MailImpl.Builder mail =
                MailImpl.builder().name(name).sender(new MailAddress(sender)).state(Mail.TRANSPORT);
        for (String recipient : recipients) {
            mail.addRecipient(new MailAddress(recipient));
        }
        MailImpl built = mail.build();
        more.accept(built);
        built.setMessageNoCopy(new MimeMessageWrapper(MimeMessageInputStreamSource.create(
                name, new ByteArrayInputStream(message.getBytes(StandardCharsets.ISO_8859_1)))));
        mailet.service(built);
        LifecycleUtil.dispose(built);
    }

    /** What failed so far. */
    List<Bounced> bounced() {
        List<Bounced> bounced = new ArrayList<>();
        for (Mail mail : in(MailQueueFactory.SPOOL)) {
            if (mail.getState().equals(BOUNCES)) {
                bounced.add(new Bounced(
                        recipients(mail),
                        AttributeUtils.getValueAndCastFromMail(mail, ERROR, String.class)
                                .orElse("")));
            }
        }
        return bounced;
    }

    /** The reports that senders get of what failed so far, each as its message. */
    List<String> reports() throws MessagingException, IOException {
        for (Mail mail : in(MailQueueFactory.SPOOL)) {
            if (mail.getState().equals(BOUNCES)) {
                Mail copy = mail.duplicate();
                reports.service(copy);
                LifecycleUtil.dispose(copy);
            }
        }
        List<String> messages = new ArrayList<>();
        for (Mail mail : in(MailQueueFactory.SPOOL)) {
            if (mail.getState().equals(Mail.DEFAULT)) {
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                mail.getMessage().writeTo(message);
                messages.add(message.toString(StandardCharsets.ISO_8859_1));
            }
        }
        return messages;
    }

    /** Whose mail waits for another try, with the reason of the last one, by recipient. */
    Map<String, String> deferred() {
        Map<String, String> deferred = new TreeMap<>();
        for (Mail mail : in(MailQueueName.of(OUTGOING))) {
            if (mail.getErrorMessage() != null) {
                recipients(mail).forEach(recipient -> deferred.put(recipient, mail.getErrorMessage()));
            }
        }
        return deferred;
    }

    /** Of each mail that this server itself has sent, whether it requires TLS all the way. */
    List<Boolean> ownMailRequiringTls() {
        return in(MailQueueFactory.SPOOL).stream()
                .filter(mail -> mail.getState().equals(Mail.DEFAULT))
                .map(RequireTls::holds)
                .toList();
    }

    private List<Mail> in(MailQueueName queue) {
        List<Mail> mails = new ArrayList<>();
        ManageableMailQueue.MailQueueIterator views = queues.getQueue(queue, MailQueueFactory.prefetchCount(1))
                .orElseThrow()
                .browse();
        views.forEachRemaining(view -> mails.add(view.getMail()));
        views.close();
        return mails;
    }

    private static List<String> recipients(Mail mail) {
        return mail.getRecipients().stream().map(MailAddress::asString).toList();
    }

    @Override
    public void close() {
        mailet.destroy();
        in(MailQueueFactory.SPOOL).forEach(LifecycleUtil::dispose);
        in(MailQueueName.of(OUTGOING)).forEach(LifecycleUtil::dispose);
        queues.clean();
    }

    /** The server's files: {@code file://} is below a folder. */
    private static final class Folder implements FileSystem {
        private final Path base;

        Folder(Path base) {
            this.base = base;
        }

        @Override
        public InputStream getResource(String url) throws IOException {
            return Files.newInputStream(getFile(url).toPath());
        }

        @Override
        public File getFile(String url) {
            return base.resolve(url.replaceFirst("^file:/*", "")).toFile();
        }

        @Override
        public File getBasedir() throws FileNotFoundException {
            return base.toFile();
        }
    }
}
