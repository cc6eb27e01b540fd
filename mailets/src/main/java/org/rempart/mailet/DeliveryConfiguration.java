/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import javax.mail.MessagingException;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.mailet.base.GenericMailet;
import org.rempart.mailet.delivery.Credentials;
import org.rempart.mailet.delivery.DeliverySettings;
import org.rempart.mailet.delivery.Endpoint;
import org.rempart.mailet.delivery.RetrySchedule;
import org.rempart.mailet.delivery.Timeouts;
import org.rempart.policy.PolicyException;
import org.rempart.policy.server.ServerPolicy;
import org.rempart.policy.tls.TlsPolicy;

/**
 * The parameters of {@link SecureRemoteDelivery}: those of James's RemoteDelivery, and some of its own. What RemoteDelivery
 * has and the policy decides here, or nothing ever read, is a fault that says what takes its place.
 */
final class DeliveryConfiguration {
    private static final String POLICY = "policy";
    private static final String TLS = "tls";
    private static final String OUTGOING = "outgoing";
    private static final String DELAYED_MAIL = "delayedMail";
    private static final String DELAY_TIME = "delayTime";
    private static final String MAX_RETRIES = "maxRetries";
    private static final String MAX_DNS_RETRIES = "maxDnsProblemRetries";
    private static final String BOUNCE_PROCESSOR = "bounceProcessor";
    private static final String ON_SUCCESS = "onSuccess";
    private static final String REPORT_PROCESSOR = "reportProcessor";
    private static final String WARN_AFTER = "warnAfter";
    private static final String GATEWAY = "gateway";
    private static final String GATEWAY_PORT = "gatewayPort";
    private static final String GATEWAY_USER = "gatewayUsername";
    private static final String GATEWAY_USER_OLD = "gatewayusername";
    private static final String GATEWAY_PASSWORD = "gatewayPassword";
    private static final String LOAD_BALANCING = "loadBalancing";
    private static final String HELO_NAME = "heloName";
    private static final String BIND = "bind";
    private static final String TIMEOUT = "timeout";
    private static final String CONNECTION_TIMEOUT = "connectiontimeout";
    private static final String SEND_PARTIAL = "sendpartial";
    private static final String USE_PRIORITY = "usePriority";
    private static final String DEBUG = "debug";
    private static final String THREADS = "deliveryThreads";
    private static final String IN_FLIGHT = "mailsInFlight";
    private static final String CONNECTIONS = "connectionsPerDestination";
    private static final String MAILS = "mailsPerConnection";
    private static final String IDLE = "idleTime";
    private static final String PORT = "mail.smtp.port";

    private static final String TLS_ADVICE =
            "remove it: <outbound> of the policy, or <tls> here, says what TLS a " + "destination gets";

    private static final Map<Pattern, String> REFUSED = refused();

    private final GenericMailet mailet;
    private final Parameters parameters;

    private DeliveryConfiguration(GenericMailet mailet, Parameters parameters) {
        this.mailet = mailet;
        this.parameters = parameters;
    }

    private static Map<Pattern, String> refused() {
        Map<Pattern, String> refused = new LinkedHashMap<>();
        refused.put(Pattern.compile("startTLS|verifyServerIdentity"), TLS_ADVICE);
        refused.put(
                Pattern.compile("sslEnable|mail\\.smtps\\..*"),
                "remove it: TLS is started with STARTTLS; give the port of the gateway that has it, 587 or 25, in "
                        + "<gatewayPort>");
        refused.put(Pattern.compile("mail\\.smtp\\.(starttls|ssl)\\..*"), TLS_ADVICE);
        refused.put(Pattern.compile("mail\\.smtp\\.localhost"), "write <heloName>");
        refused.put(Pattern.compile("mail\\.smtp\\.localaddress"), "write <bind>");
        refused.put(Pattern.compile("mail\\.smtp\\.timeout|mail\\.smtp\\.writetimeout"), "write <timeout>");
        refused.put(Pattern.compile("mail\\.smtp\\.connectiontimeout"), "write <connectiontimeout>");
        refused.put(Pattern.compile("mail\\.smtp\\.sendpartial"), "write <sendpartial>");
        refused.put(
                Pattern.compile("mail\\.smtp\\.(auth.*|user|password)"),
                "write <gatewayUsername> and <gatewayPassword>");
        refused.put(Pattern.compile("mail\\.(?!smtp\\.port$).*"), "remove it: JavaMail does not deliver here");
        refused.put(Pattern.compile("outgoingQueue"), "write <outgoing>");
        return refused;
    }

    /**
     * The configuration of this mailet.
     *
     * @throws MessagingException when it was given a parameter that it does not take
     */
    static DeliveryConfiguration of(GenericMailet mailet) throws MessagingException {
        for (Iterator<String> given = mailet.getInitParameterNames(); given.hasNext(); ) {
            String name = given.next();
            for (Map.Entry<Pattern, String> refused : REFUSED.entrySet()) {
                if (refused.getKey().matcher(name).matches()) {
                    throw new MessagingException(
                            mailet.getClass().getSimpleName() + " does not take <" + name + ">; " + refused.getValue());
                }
            }
        }
        return new DeliveryConfiguration(
                mailet,
                Parameters.of(
                        mailet,
                        POLICY,
                        TLS,
                        OUTGOING,
                        DELAYED_MAIL,
                        DELAY_TIME,
                        MAX_RETRIES,
                        MAX_DNS_RETRIES,
                        BOUNCE_PROCESSOR,
                        ON_SUCCESS,
                        REPORT_PROCESSOR,
                        WARN_AFTER,
                        GATEWAY,
                        GATEWAY_PORT,
                        GATEWAY_USER,
                        GATEWAY_USER_OLD,
                        GATEWAY_PASSWORD,
                        LOAD_BALANCING,
                        HELO_NAME,
                        BIND,
                        TIMEOUT,
                        CONNECTION_TIMEOUT,
                        SEND_PARTIAL,
                        USE_PRIORITY,
                        DEBUG,
                        THREADS,
                        IN_FLIGHT,
                        CONNECTIONS,
                        MAILS,
                        IDLE,
                        PORT));
    }

    /** Everything but TLS. */
    DeliverySettings settings(DomainList domains) throws MessagingException {
        DeliverySettings.Builder settings = DeliverySettings.builder(heloName(domains))
                .retries(retries())
                .dnsRetries(number(MAX_DNS_RETRIES, 0, 0, 10_000))
                .bounceProcessor(notEmpty(BOUNCE_PROCESSOR))
                .successProcessor(notEmpty(ON_SUCCESS))
                .reportProcessor(notEmpty(REPORT_PROCESSOR))
                .warnAfter(warnAfter())
                .gateways(gateways())
                .loadBalancing(flag(LOAD_BALANCING, true))
                .credentials(credentials())
                .port(number(PORT, 25, 1, 65_535))
                .bind(bind())
                .timeouts(timeouts())
                .sendPartial(flag(SEND_PARTIAL, true))
                .usePriority(flag(USE_PRIORITY, false))
                .debug(flag(DEBUG, false))
                .threads(number(THREADS, 100, 1, 10_000))
                .inFlight(number(IN_FLIGHT, 500, 1, 100_000))
                .connectionsPerDestination(number(CONNECTIONS, 20, 1, 10_000))
                .mailsPerConnection(number(MAILS, 100, 1, 1_000_000))
                .idleTime(Duration.ofMillis(number(IDLE, 5_000, 0, 300_000)));
        notEmpty(OUTGOING).ifPresent(settings::queue);
        return settings.build();
    }

    /** Where delayed mail is kept; {@code queue}: in the queue; empty: nothing is said. */
    Optional<String> delayedMail() {
        return notEmpty(DELAYED_MAIL);
    }

    /** The repository that {@link #delayedMail} names. */
    MailRepository delayedMail(MailRepositoryStore repositories) throws MessagingException {
        return parameters.repository(DELAYED_MAIL, repositories, "cassandra://var/mail/delayed/");
    }

    private String heloName(DomainList domains) throws MessagingException {
        if (parameters.text(HELO_NAME).isPresent()) {
            return parameters.hostName(HELO_NAME);
        }
        try {
            return domains.getDefaultDomain().asString();
        } catch (DomainListException fault) {
            throw new MessagingException(
                    mailet.getClass().getSimpleName()
                            + ": the server has no default domain; name this host in <heloName>",
                    fault);
        }
    }

    private RetrySchedule retries() throws MessagingException {
        int retries = number(MAX_RETRIES, 5, 0, 10_000);
        String delays = parameters.text(DELAY_TIME).orElse("6h");
        try {
            return RetrySchedule.parse(delays, retries);
        } catch (IllegalArgumentException fault) {
            throw parameters.fault(
                    DELAY_TIME,
                    delays,
                    "is wrong: " + fault.getMessage(),
                    "write delays such as 5m, 3*10m, 1h, with ms, s, m, h, d or w");
        }
    }

    private Optional<Duration> warnAfter() throws MessagingException {
        Optional<String> given = notEmpty(WARN_AFTER);
        if (given.isEmpty()) {
            return Optional.empty();
        }
        if (notEmpty(REPORT_PROCESSOR).isEmpty()) {
            throw parameters.fault(
                    WARN_AFTER, given.get(), "needs <reportProcessor>", "name the processor that has SendReport");
        }
        try {
            return RetrySchedule.parse(given.get(), 1).delayAfter(0);
        } catch (IllegalArgumentException fault) {
            throw parameters.fault(WARN_AFTER, given.get(), "is wrong: " + fault.getMessage(), "write 4h or the like");
        }
    }

    private Optional<String> notEmpty(String name) {
        return parameters.text(name).filter(text -> !text.isEmpty());
    }

    private boolean flag(String name, boolean byDefault) throws MessagingException {
        String value = parameters.text(name).orElse(Boolean.toString(byDefault));
        if (!value.equals("true") && !value.equals("false")) {
            throw parameters.fault(name, value, "is neither", "write true or false");
        }
        return value.equals("true");
    }

    private int number(String name, int byDefault, int least, int most) throws MessagingException {
        Optional<String> value = parameters.text(name);
        if (value.isEmpty()) {
            return byDefault;
        }
        IntPredicate inRange = number -> number >= least && number <= most;
        try {
            int number = Integer.parseInt(value.get());
            if (inRange.test(number)) {
                return number;
            }
        } catch (NumberFormatException none) {
            // Told below.
        }
        throw parameters.fault(name, value.get(), "is no number from " + least + " to " + most, "write such a one");
    }

    private List<Endpoint> gateways() throws MessagingException {
        int byDefault = number(GATEWAY_PORT, 25, 1, 65_535);
        List<Endpoint> gateways = new ArrayList<>();
        for (String gateway : parameters.list(GATEWAY)) {
            gateways.add(gateway(gateway, byDefault));
        }
        return gateways;
    }

    private Endpoint gateway(String text, int defaultPort) throws MessagingException {
        try {
            if (text.startsWith("[") && text.indexOf(']') > 0) {
                int end = text.indexOf(']');
                String rest = text.substring(end + 1);
                return Endpoint.of(
                        text.substring(1, end), rest.isEmpty() ? defaultPort : Integer.parseInt(rest.substring(1)));
            }
            int colon = text.indexOf(':');
            // More than one colon: an IPv6 address without brackets.
            if (colon < 0 || text.indexOf(':', colon + 1) > 0) {
                return Endpoint.of(text, defaultPort);
            }
            return Endpoint.of(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException fault) {
            throw parameters.fault(
                    GATEWAY, text, "is no gateway", "write gateway.example.com, or gateway.example.com:587");
        }
    }

    private Optional<Credentials> credentials() throws MessagingException {
        Optional<String> user = notEmpty(GATEWAY_USER).or(() -> notEmpty(GATEWAY_USER_OLD));
        Optional<String> password = notEmpty(GATEWAY_PASSWORD);
        if (user.isEmpty() && password.isEmpty()) {
            return Optional.empty();
        }
        if (user.isEmpty() || password.isEmpty() || notEmpty(GATEWAY).isEmpty()) {
            throw new MessagingException(mailet.getClass().getSimpleName()
                    + ": <gatewayUsername>, <gatewayPassword> and <gateway> go together; write all three, or only "
                    + "<gateway>, or none");
        }
        return Optional.of(Credentials.of(user.get(), password.get()));
    }

    private Optional<InetAddress> bind() throws MessagingException {
        Optional<String> address = notEmpty(BIND);
        if (address.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(address.get()));
        } catch (IOException unknown) {
            throw parameters.fault(BIND, address.get(), "is no address", "write an address of this machine");
        }
    }

    private Timeouts timeouts() throws MessagingException {
        Timeouts timeouts = Timeouts.standard();
        if (parameters.text(TIMEOUT).isPresent()) {
            timeouts = timeouts.withReplies(Duration.ofMillis(number(TIMEOUT, 0, 1, Integer.MAX_VALUE)));
        }
        if (parameters.text(CONNECTION_TIMEOUT).isPresent()) {
            timeouts = timeouts.withConnect(Duration.ofMillis(number(CONNECTION_TIMEOUT, 0, 1, Integer.MAX_VALUE)));
        }
        return timeouts;
    }

    /** What TLS destinations get: what {@code <tls>} says here, else the policy file. */
    TlsPolicy tls(ServerPolicy server) throws MessagingException {
        Optional<String> url = parameters.text(POLICY);
        if (parameters.text(TLS).isPresent()) {
            if (url.isPresent()) {
                throw parameters.fault(
                        POLICY, url.get(), "and <tls> exclude each other", "say it in the policy file, or here");
            }
            try {
                return TlsPolicy.inline(parameters.text(TLS).get());
            } catch (PolicyException fault) {
                throw new MessagingException("SecureRemoteDelivery: " + fault.getMessage(), fault);
            }
        }
        return parameters.policy(POLICY, server).tls();
    }
}
