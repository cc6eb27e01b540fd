/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.rempart.distribution.database.DatabaseSettings;
import org.rempart.distribution.directory.DirectoryModule;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Listener;
import org.rempart.policy.Decision;
import org.rempart.policy.PolicyException;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.filter.Filter;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.MtaStsPublication;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * What is looked at before the server starts, so that it starts whole or not at all, and so that each fault is told in
 * one line. {@code bin/rempart check-config} looks at the same.
 */
public final class StartChecks {
    private static final String PLACEHOLDER = "mail.example.com";
    private static final String PLACEHOLDER_POSTMASTER = "<postmaster>postmaster@example.com</postmaster>";

    private final Home home;
    private final Clock clock;
    private final OptionalLong fileLimit;
    private final List<String> warnings = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final List<String> exceptions = new ArrayList<>();

    public StartChecks(Home home, Clock clock) {
        this(home, clock, OpenFiles.limit());
    }

    StartChecks(Home home, Clock clock, OptionalLong fileLimit) {
        this.home = home;
        this.clock = clock;
        this.fileLimit = fileLimit;
    }

    /** What is odd but keeps nothing from starting. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** What keeps the server from starting. */
    public List<String> faults() {
        return List.copyOf(faults);
    }

    /** The exceptions that the policy makes, each with its reason and its place. */
    public List<String> exceptions() {
        return List.copyOf(exceptions);
    }

    /** Looks at the configuration. */
    public StartChecks configuration() {
        Optional<Policy> policy = policy();
        boolean tls = false;
        try {
            List<Listener> listeners = Listener.of(home);
            fileLimit.ifPresent(limit -> OpenFiles.warning(listeners, limit).ifPresent(warnings::add));
            for (Listener listener : listeners) {
                policy.ifPresent(stated -> protocols(listener, stated));
                tls |= listener.tls();
            }
        } catch (FaultException fault) {
            faults.add(fault.getMessage());
            tls = true;
        }
        if (tls) {
            identities(policy.flatMap(stated -> stated.tls().publication()));
        }
        database();
        accounts();
        doors();
        placeholders();
        return this;
    }

    private void doors() {
        try {
            warnings.addAll(Doors.warnings(home));
        } catch (FaultException fault) {
            if (!faults.contains(fault.getMessage())) {
                faults.add(fault.getMessage());
            }
        }
    }

    private void accounts() {
        try {
            if (!DirectoryModule.check(home) && usesJamesOwnLdap()) {
                warnings.add("conf/usersrepository.xml: James's own access to LDAP checks no server's host name, so "
                        + "anyone who is between learns the passwords; use <directory>, as conf/overlays/ldap shows");
            }
        } catch (FaultException fault) {
            faults.add(fault.getMessage());
        }
    }

    private boolean usesJamesOwnLdap() throws FaultException {
        Path file = home.conf("usersrepository.xml");
        return Files.exists(file)
                && ConfigurationXml.read(home, file).getDocumentElement().hasAttribute("ldapHost");
    }

    private void database() {
        try {
            if (DatabaseSettings.of(home).isInMemory()) {
                warnings.add(
                        "conf/" + DatabaseSettings.FILE + ": the database is in memory, which is for tests: when the "
                                + "server stops, accounts, mailboxes and queued mail are gone");
            }
        } catch (FaultException fault) {
            faults.add(fault.getMessage());
        }
    }

    private Optional<Policy> policy() {
        Path file = home.conf("rempart.xml");
        try {
            Policy policy = PolicyFile.read(file);
            policy.warnings().forEach(warning -> warnings.add("conf/" + warning));
            policy.exceptions()
                    .forEach(exception -> exceptions.add("conf/"
                            + exception.location().map(place -> place + ": ").orElse("rempart.xml: ")
                            + exception.text()));
            delivery(policy);
            keeping(policy);
            signing(policy);
            policy.shared().ifPresent(this::shared);
            filtering(policy);
            return Optional.of(policy);
        } catch (PolicyException fault) {
            faults.add("conf/" + fault.getMessage());
        } catch (IOException unread) {
            faults.add(home.name(file) + ": can't be read (" + unread.getMessage() + ")");
        }
        return Optional.empty();
    }

    /** Whether the store answers is asked when the server runs: it starts without it, too. */
    private void shared(SharedPolicy store) {
        Stream.of(Optional.of(store.passwordUrl()), store.sentinelPasswordUrl(), store.trustUrl())
                .flatMap(Optional::stream)
                .filter(url -> !Files.isReadable(SharedStoreCheck.file(home, url)))
                .forEach(url -> faults.add("conf/rempart.xml: " + url + " of " + store.rule()
                        + " can't be read; name a file that is there and that the server's user can read"));
    }

    /** James's own delivery can't do every level; mail for those it can't do would never leave. */
    private void delivery(Policy policy) {
        List<Decision<OutboundTls>> rules = policy.tls().outboundRules();
        rules.forEach(this::trustAnchors);
        policy.tls().rootAnchors().ifPresent(this::rootAnchors);
        boolean secure = deliversSecurely();
        if (!secure && policy.tls().dnssec() != Dnssec.OFF) {
            faults.add("conf/rempart.xml: the RemoteDelivery of mailetcontainer.xml knows no DANE; deliver with"
                    + " SecureRemoteDelivery, or remove dnssec from <outbound>");
        }
        if (!secure && policy.tls().reports().isPresent()) {
            faults.add("conf/rempart.xml: the RemoteDelivery of mailetcontainer.xml sends no reports about TLS; deliver"
                    + " with SecureRemoteDelivery, or remove reports from <outbound>");
        }
        for (Decision<OutboundTls> rule : rules) {
            TlsLevel level = rule.verdict().level();
            boolean further = rule.verdict().trust().isPresent();
            if (!secure && (further || level == TlsLevel.SECURE || level == TlsLevel.FINGERPRINT || level.isDane())) {
                faults.add("conf/rempart.xml: the RemoteDelivery of mailetcontainer.xml can't deliver with "
                        + (further ? "trust anchors of a rule" : "the level " + level.keyword()) + ": " + rule.rule()
                        + "; deliver with SecureRemoteDelivery, or write verify, which checks the name of the MX host");
            }
        }
    }

    private void rootAnchors(String name) {
        Path anchors = home.folder().resolve(name.replaceFirst("^file://", ""));
        if (!Files.isReadable(anchors)) {
            faults.add("conf/rempart.xml: the keys of the DNS's root in " + name
                    + " can't be read; name a file with lines like: . IN DS 20326 8 2 E06D44B8…, or remove"
                    + " rootAnchors");
        }
    }

    private void trustAnchors(Decision<OutboundTls> rule) {
        Optional<String> trust = rule.verdict().trust();
        if (trust.isPresent()) {
            try (InputStream pem =
                    Files.newInputStream(home.folder().resolve(trust.get().replaceFirst("^file://", "")))) {
                if (CertificateFactory.getInstance("X.509")
                        .generateCertificates(pem)
                        .isEmpty()) {
                    throw new CertificateException("it holds no certificate");
                }
            } catch (IOException | CertificateException fault) {
                faults.add("conf/rempart.xml: " + rule.rule() + ": the trust anchors in " + trust.get()
                        + " can't be read (" + fault.getMessage() + "); name a file of PEM certificates");
            }
        }
    }

    private boolean deliversSecurely() {
        return hasMailet(mailet -> mailet.getAttribute("class").endsWith("SecureRemoteDelivery"));
    }

    /** What is taken of held accounts would be delivered if nothing put it aside. */
    private void keeping(Policy policy) {
        if (policy.submission().heldMail() == HeldMail.KEEP
                && !hasMailet(mailet -> mailet.getAttribute("match").endsWith("AccountIsHeld=kept")
                        && mailet.getAttribute("class").endsWith("ToRepository"))) {
            faults.add("conf/rempart.xml: <held mail=\"keep\"/> takes what held accounts send, and nothing in"
                    + " conf/mailetcontainer.xml keeps it; put the mailet ToRepository with the matcher"
                    + " org.rempart.matcher.AccountIsHeld=kept into the processor root, or write mail=\"refuse\"");
        }
    }

    /** What a filter has put aside would be delivered if nothing kept it. */
    private void filtering(Policy policy) {
        asked(
                policy,
                Filter::mayQuarantine,
                "quarantined",
                "may put mail aside, and nothing",
                "keeps it; put ToProcessor with the matcher HasMailAttribute=org.rempart.quarantined, and the"
                        + " processor quarantine, there as the packaged file has them");
        asked(
                policy,
                Filter::mayJunk,
                "junk",
                "may take mail for junk, and nothing",
                "gives it to the folder for that; put WithStorageDirective with the matcher"
                        + " HasMailAttribute=org.rempart.junk before LocalDelivery");
    }

    private void asked(Policy policy, Predicate<Filter> may, String attribute, String does, String right) {
        Optional<Filter> filter =
                policy.filters().filters().stream().filter(may).findFirst();
        if (filter.isPresent()
                && !hasMailet(
                        mailet -> mailet.getAttribute("match").endsWith("HasMailAttribute=org.rempart." + attribute))) {
            faults.add(
                    "conf/rempart.xml: " + filter.get().rule() + " " + does + " in conf/mailetcontainer.xml " + right);
        }
    }

    /** Mail would leave unsigned if nothing signed it. */
    private void signing(Policy policy) {
        for (DkimPolicy.Sign rule : policy.dkim().rules()) {
            try {
                SigningKeys.read(home, rule);
            } catch (IOException unusable) {
                faults.add("conf/rempart.xml: " + unusable.getMessage());
            }
        }
        if (!policy.dkim().rules().isEmpty()
                && !hasMailet(mailet -> mailet.getAttribute("class").equals("org.rempart.mailet.SignMail"))) {
            faults.add("conf/rempart.xml: " + policy.dkim().rules().get(0)
                    + " signs nothing, since conf/mailetcontainer.xml has no org.rempart.mailet.SignMail; put it"
                    + " between StripHeaders and the delivery");
        }
    }

    private boolean hasMailet(Predicate<Element> wanted) {
        try {
            NodeList mailets = ConfigurationXml.read(home, home.conf("mailetcontainer.xml"))
                    .getElementsByTagName("mailet");
            for (int index = 0; index < mailets.getLength(); index++) {
                if (wanted.test((Element) mailets.item(index))) {
                    return true;
                }
            }
        } catch (FaultException unread) {
            // James tells, when it reads the file.
        }
        return false;
    }

    private void protocols(Listener listener, Policy policy) {
        if (!listener.tls()) {
            return;
        }
        if (listener.protocols().isEmpty()) {
            faults.add(listener.file() + ": the listener " + listener.name()
                    + " leaves its TLS versions open; name them in <supportedProtocols>: "
                    + String.join(", ", policy.tls().protocols()));
        }
        for (String protocol : listener.protocols()) {
            if (!policy.tls().protocols().contains(protocol)) {
                faults.add(listener.file() + ": the listener " + listener.name() + " offers " + protocol
                        + ", which <protocols> of rempart.xml does not name; delete one, or name it there");
            }
        }
    }

    private void identities(Optional<MtaStsPublication> publication) {
        try {
            List<CertificateFiles> listeners = CertificateFiles.of(home);
            for (CertificateFiles files : listeners) {
                identity(new Identity(home, clock, files));
            }
            if (publication.isPresent() && !listeners.contains(Identity.files(home, publication.get()))) {
                identity(Identity.of(home, publication.get(), clock));
            }
        } catch (FaultException fault) {
            if (!faults.contains(fault.getMessage())) {
                faults.add(fault.getMessage());
            }
        }
    }

    private void identity(Identity identity) {
        try {
            warnings.addAll(identity.check());
        } catch (FaultException fault) {
            faults.add(fault.getMessage());
        }
    }

    private void placeholders() {
        for (String file : List.of("smtpserver.xml", "imapserver.xml", "mailetcontainer.xml", "rempart.xml")) {
            try {
                String text = Files.readString(home.conf(file), StandardCharsets.UTF_8);
                if (text.contains(PLACEHOLDER)) {
                    warnings.add(
                            "conf/" + file + ": the host is still called " + PLACEHOLDER + "; write its public name");
                }
                if (text.contains(PLACEHOLDER_POSTMASTER)) {
                    warnings.add("conf/" + file + ": the postmaster, who is told of held accounts, is still "
                            + "postmaster@example.com; write postmaster@ and your domain");
                }
            } catch (IOException unread) {
                if (!file.equals("rempart.xml")) {
                    faults.add("conf/" + file + ": can't be read (" + unread.getMessage() + ")");
                }
            }
        }
    }

    /** Looks whether all listeners can have their ports. */
    public StartChecks ports() {
        List<Listener> listeners;
        try {
            listeners = Listener.of(home);
        } catch (FaultException fault) {
            // Told by configuration().
            return this;
        }
        Map<InetSocketAddress, Listener> seen = new LinkedHashMap<>();
        for (Listener listener : listeners) {
            Listener other = seen.putIfAbsent(listener.address(), listener);
            if (other != null) {
                faults.add(listener.file() + ": the listeners " + other.name() + " and " + listener.name()
                        + " both want " + name(listener.address()));
            } else {
                port(listener);
            }
        }
        return this;
    }

    private void port(Listener listener) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(listener.address());
        } catch (BindException taken) {
            boolean forbidden = String.valueOf(taken.getMessage()).contains("Permission denied");
            faults.add(listener.file() + ": the listener " + listener.name() + " can't have "
                    + name(listener.address())
                    + (forbidden
                            ? ": ports below 1024 need the right to them; with systemd, "
                                    + "AmbientCapabilities=CAP_NET_BIND_SERVICE, in a container the sysctl "
                                    + "net.ipv4.ip_unprivileged_port_start=0"
                            : ": " + reason(taken) + "; stop what listens there (ss -ltnp), or change "
                                    + (listener.name().equals(Listener.MTA_STS) ? "serve=" : "<bind>")));
        } catch (IOException unusable) {
            faults.add(listener.file() + ": the listener " + listener.name() + " can't have " + name(listener.address())
                    + " (" + unusable.getMessage() + ")");
        }
    }

    private static String reason(BindException taken) {
        return String.valueOf(taken.getMessage()).contains("Cannot assign")
                ? "this machine has no such address"
                : "the port is taken";
    }

    private static String name(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
