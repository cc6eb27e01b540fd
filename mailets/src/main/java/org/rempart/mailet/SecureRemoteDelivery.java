/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.Username;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.queue.api.MailPrioritySupport;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.ProcessingState;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.DeliveryService;
import org.rempart.mailet.delivery.DeliverySettings;
import org.rempart.mailet.delivery.OutboundTlsRules;
import org.rempart.mailet.delivery.TlsSessions;
import org.rempart.mailet.delivery.delay.DelayedQueue;
import org.rempart.mailet.delivery.tls.Dane;
import org.rempart.mailet.delivery.tls.LocalTlsRules;
import org.rempart.mailet.delivery.tls.MtaSts;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicies;
import org.rempart.mailet.delivery.tls.TrustAnchors;
import org.rempart.mailet.delivery.tlsrpt.TlsReports;
import org.rempart.message.RawMessage;
import org.rempart.message.RequireTls;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.SecureDns;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.TlsPolicy;

/**
 * Delivers mail to other servers, with the TLS that its destination must have. It takes the place of James's RemoteDelivery
 * by its class name, and the same parameters:
 *
 * <pre>{@code
 * <mailet match="All" class="org.rempart.mailet.SecureRemoteDelivery">
 *   <outgoing>outgoing</outgoing>
 *   <heloName>mail.example.com</heloName>
 *   <delayTime>5m, 10m, 30m, 1h, 2h, 4h, 8h, 16h, 3*24h</delayTime>
 *   <maxRetries>11</maxRetries>
 *   <bounceProcessor>bounces</bounceProcessor>
 *   <tls>bank.example=verify, *.gov.example=encrypt, *=opportunistic</tls>
 * </mailet>
 * }</pre>
 *
 * Without {@code <tls>}, the {@code <outbound>} of the policy file applies, and where that is not there, its defaults.
 * Domains that no rule names may ask for more by MTA-STS, unless the policy file says {@code mtaSts="off"}, and hosts by TLSA
 * records (DANE), where it says {@code dnssec="validate"} or {@code "resolver"}.
 *
 * <table>
 *   <caption>Parameters</caption>
 *   <tr><td>policy</td><td>the URL of the policy file, {@code file://conf/rempart.xml} if not given</td></tr>
 *   <tr><td>tls</td><td>rules of the form {@code domain=level}, separated by commas, instead of the policy file. The domain
 *       may be {@code *.example}, or {@code *} for every other</td></tr>
 *   <tr><td>outgoing</td><td>the queue that mail waits in, {@code outgoing} if not given; no two deliveries may share one</td></tr>
 *   <tr><td>delayedMail</td><td>for a queue that ignores delays (RabbitMQ): the mail repository where mail waits for its next
 *       try, such as {@code cassandra://var/mail/delayed/}. It holds mail of this delivery alone, and needs {@code <shared>}
 *       in the policy file. Or {@code queue}, for a queue that is neither James's nor the packaged server's and keeps delays.
 *       Other queues keep them, and take neither</td></tr>
 *   <tr><td>delayTime, maxRetries</td><td>when a mail is tried again, and how often at least: {@code 5m, 3*10m, 1h};
 *       6 hours and 5 if not given</td></tr>
 *   <tr><td>maxDnsProblemRetries</td><td>how often a mail is tried again whose domain the DNS does not know: 0</td></tr>
 *   <tr><td>bounceProcessor</td><td>the processor that gets mail that failed, with the attributes {@code delivery-error},
 *       {@code delivery-error-code} and {@code is-delivery-permanent-error}; {@link SendReport} is there. If not given, the
 *       sender gets such a report in English, and mail with a null sender goes to the processor {@code error}</td></tr>
 *   <tr><td>onSuccess</td><td>a processor that gets mail that was delivered</td></tr>
 *   <tr><td>reportProcessor</td><td>the processor that gets mail whose sender is to be told that it takes long, or that it
 *       was passed on to a server that sends no reports (NOTIFY=SUCCESS of RFC 3461); it must have {@link SendReport}.
 *       If not given, nobody is told. Where it is the {@code bounceProcessor}, too, one report tells of all that failed</td></tr>
 *   <tr><td>warnAfter</td><td>after which time of waiting a sender is told so, once: {@code 4h}; never if not given</td></tr>
 *   <tr><td>gateway, gatewayPort</td><td>hosts, with a port or without, that all mail goes to instead of the MX hosts. What
 *       the policy says of a recipient's domain holds on the way to the gateway, too</td></tr>
 *   <tr><td>gatewayUsername, gatewayPassword</td><td>the account that the gateway wants; shown to it only under TLS</td></tr>
 *   <tr><td>loadBalancing</td><td>whether gateways are tried in any order: true</td></tr>
 *   <tr><td>heloName</td><td>the name that this server says of itself, the default domain if not given</td></tr>
 *   <tr><td>bind</td><td>the address of this machine that connections come from</td></tr>
 *   <tr><td>mail.smtp.port</td><td>the port of MX hosts: 25</td></tr>
 *   <tr><td>connectiontimeout</td><td>for a connection, in milliseconds: 30000</td></tr>
 *   <tr><td>timeout</td><td>for each reply, in milliseconds; those of RFC 5321, section 4.5.3.2, if not given. The reply to
 *       a message has ten minutes at least</td></tr>
 *   <tr><td>sendpartial</td><td>whether a mail goes to those whom the peer accepts, when it refuses others: true</td></tr>
 *   <tr><td>usePriority</td><td>whether mail that is tried again waits behind other mail: false</td></tr>
 *   <tr><td>deliveryThreads</td><td>how many mails are delivered at once: 100</td></tr>
 *   <tr><td>mailsInFlight</td><td>how many mails are taken from the queue at once: 500</td></tr>
 *   <tr><td>connectionsPerDestination</td><td>at most to one destination, and to one host: 20</td></tr>
 *   <tr><td>mailsPerConnection</td><td>before it is closed: 100</td></tr>
 *   <tr><td>idleTime</td><td>how long a connection rests for the next mail, in milliseconds: 5000</td></tr>
 *   <tr><td>debug</td><td>whether the server's log tells of every attempt, as the audit trail does: false</td></tr>
 * </table>
 *
 * Mail that requires TLS all the way (REQUIRETLS, RFC 8689) goes only to hosts that DNSSEC, MTA-STS or a rule proves to be the
 * domain's, with a certificate, that offer the same; its sender is told otherwise (5.7.30, or 5.7.10 where there is no TLS).
 *
 * <p>What a held account has submitted waits in the queue until the account is released, and what any account has submitted while
 * nobody can tell whether it is held; that counts as no try.
 *
 * <p>A message leaves byte for byte as the mailets before this one have left it, but for its line ends. For a peer without
 * 8BITMIME a message is not rewritten, which would break its signatures; it is refused with the status 5.6.3. Reports, whose
 * sender can't be told of a failure, are sent to it as they are.
 */
public final class SecureRemoteDelivery extends GenericMailet {
    private static final Duration HANDSHAKE = Duration.ofMinutes(1);
    private static final String TLS_REPORTS = "file://var/tls-reports/";

    private final DNSService dns;
    private final DomainList domains;
    private final MailQueueFactory<?> queues;
    private final MetricFactory metrics;
    private final GaugeRegistry gauges;
    private final SubmissionLedger ledger;
    private final FileSystem files;
    private final ServerPolicy server;
    private final MailRepositoryStore repositories;
    private DeliverySettings settings;
    private MailQueue queue;
    private DeliveryService service;
    /** Null where it is not asked. */
    private MtaSts mtaSts;
    /** Null where none are sent. */
    private TlsReports reports;

    private boolean sendersWaive;

    @Inject
    public SecureRemoteDelivery(
            DNSService dns,
            DomainList domains,
            MailQueueFactory<?> queues,
            MetricFactory metrics,
            GaugeRegistry gauges,
            SubmissionLedger ledger,
            ServerPolicy server,
            MailRepositoryStore repositories) {
        this.dns = dns;
        this.domains = domains;
        this.queues = queues;
        this.metrics = metrics;
        this.gauges = gauges;
        this.ledger = ledger;
        this.server = server;
        this.files = server.files();
        this.repositories = repositories;
    }

    @Override
    public void init() throws MessagingException {
        DeliveryConfiguration configuration = DeliveryConfiguration.of(this);
        settings = configuration.settings(domains);
        TlsPolicy policy = configuration.tls(server);
        queue = OutgoingQueue.withDelays(
                queues.createQueue(
                        MailQueueName.of(settings.queue()), MailQueueFactory.prefetchCount(settings.inFlight())),
                configuration,
                repositories,
                files);
        OutboundTlsRules rules = rules(policy);
        reports = reports(policy);
        sendersWaive = policy.sendersWaive();
        service = new DeliveryService(
                settings,
                queue,
                getMailetContext(),
                Reports.standard(getMailetContext(), settings.heloName(), files),
                account -> ledger.keepsWaiting(Username.of(account)),
                dns,
                rules,
                reports == null ? TlsSessions.IGNORED : reports.sessions(),
                new TlsHandshake(HANDSHAKE),
                metrics,
                gauges);
        service.start();
        RequireTls.keep();
    }

    private OutboundTlsRules rules(TlsPolicy policy) throws MessagingException {
        try {
            LocalTlsRules local = LocalTlsRules.read(policy, files);
            Optional<Dane> dane = dane(policy);
            if (!settings.gateways().isEmpty()) {
                return OutboundTlsRules.throughGateway(new TlsPolicies(local, dane, List.of()));
            }
            if (policy.mtaSts()) {
                mtaSts = MtaSts.open(Dns.of(dns), files, policy.protocols());
            }
            return OutboundTlsRules.direct(new TlsPolicies(local, dane, mtaSts == null ? List.of() : List.of(mtaSts)));
        } catch (IOException fault) {
            throw new MessagingException("SecureRemoteDelivery: " + fault.getMessage(), fault);
        }
    }

    /** What a gateway does is no matter of the recipients' domains. */
    private TlsReports reports(TlsPolicy policy) throws MessagingException {
        if (policy.reports().isEmpty() || !settings.gateways().isEmpty()) {
            return null;
        }
        try {
            return TlsReports.open(
                    policy.reports().get(),
                    files.getFile(TLS_REPORTS).toPath().resolve(settings.queue().replaceAll("[^A-Za-z0-9_-]", "_")),
                    Dns.of(dns),
                    getMailetContext());
        } catch (IOException fault) {
            throw new MessagingException(
                    "SecureRemoteDelivery: " + TLS_REPORTS + " can't be made: " + fault.getMessage(), fault);
        }
    }

    private Optional<Dane> dane(TlsPolicy policy) throws IOException {
        if (policy.dnssec() == Dnssec.OFF) {
            return Optional.empty();
        }
        int port = settings.gateways().isEmpty()
                ? settings.port()
                : settings.gateways().get(0).port();
        return Optional.of(new Dane(
                SecureDns.of(dns, policy.dnssec(), TrustAnchors.opened(policy.rootAnchors(), files::getResource)),
                port));
    }

    /** Puts the mail into the queue; it ends here. */
    @Override
    public void service(Mail mail) throws MessagingException {
        if (settings.usePriority()) {
            mail.setAttribute(MailPrioritySupport.HIGH_PRIORITY_ATTRIBUTE);
        }
        if (sendersWaive && !RequireTls.holds(mail) && waives(mail)) {
            mail.setAttribute(new Attribute(TlsSessions.WAIVED, AttributeValue.of(true)));
        }
        service.enqueue(mail);
        mail.setState(Mail.GHOST);
    }

    /** RFC 8689, section 5: one field, of this value. A header that can't be read waives nothing. */
    private static boolean waives(Mail mail) throws MessagingException {
        try (RawMessage message = RawMessage.of(mail)) {
            List<String> values = message.header().fields().stream()
                    .filter(field -> field.isNamed("TLS-Required"))
                    .map(field -> field.value().strip())
                    .collect(Collectors.toList());
            return values.size() == 1 && values.get(0).equalsIgnoreCase("No");
        } catch (IOException unread) {
            return false;
        }
    }

    @Override
    public void destroy() {
        if (service != null) {
            service.stop();
        }
        if (queue instanceof DelayedQueue) {
            ((DelayedQueue) queue).close();
        }
        if (mtaSts != null) {
            mtaSts.close();
        }
        if (reports != null) {
            reports.close();
        }
    }

    @Override
    public Collection<ProcessingState> requiredProcessingState() {
        return Stream.of(settings.bounceProcessor(), settings.successProcessor(), settings.reportProcessor())
                .flatMap(Optional::stream)
                .map(ProcessingState::new)
                .collect(Collectors.toList());
    }

    @Override
    public String getMailetInfo() {
        return "Delivers to other servers, with the TLS that the destination must have";
    }
}
