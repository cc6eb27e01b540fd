/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.Account;
import org.rempart.audit.Audit;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Plan;
import org.rempart.audit.Result;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.dns.HttpsPolicyFetch;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.probe.Probes;
import org.rempart.audit.sink.FolderSink;
import org.rempart.audit.sink.Sink;
import org.rempart.audit.sink.SmtpSink;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Audits a live server. */
@Command(
        name = "rempart-audit",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {ConfigurationCommand.class, DnsCommand.class, ExplainCommand.class, ListenersCommand.class},
        description = {
            "Evaluates a mail server, of any make, against the check list: open relay, headers, logins, TLS, DNS.",
            "Audit only what is yours: relay attempts and a failed login look like an attack, and may be blocked."
        },
        footer = {
            "",
            "Exit code: 0 all passed, 1 failures at or above --fail-on, 2 it could not run, or not to its end."
        })
final class AuditCommand implements Callable<Integer> {
    private static final int AT_ONCE = 8;
    private static final int LIMITS_AT_ONCE = 80;
    private static final int CONNECT_SECONDS = 4;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "HOST", description = "The server: a name, or an address.")
    private String host;

    @Option(
            names = "--listener",
            paramLabel = "SERVICE=PORT",
            description =
                    "What is to be audited: smtp, submission, submissions, imap, imaps, pop3, pop3s, sieve, each with"
                            + " its port. Repeatable; without it, what listens on the usual ports.")
    private List<String> listeners = new ArrayList<>();

    @Option(names = "--domain", paramLabel = "DOMAIN", description = "A domain whose mail the server takes.")
    private String domain;

    @Option(
            names = "--foreign",
            paramLabel = "DOMAIN",
            defaultValue = "example.net",
            description =
                    "A domain that the server has nothing to do with, for relay attempts (default: ${DEFAULT-VALUE})."
                            + " One of yours elsewhere shows more.")
    private String foreign;

    @Option(names = "--as", paramLabel = "USER", description = "An account that is lent; its password is asked for.")
    private String account;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "Holds the password in its first line; - is standard input.")
    private Path passwordFile;

    @Option(
            names = "--recipient",
            paramLabel = "ADDRESS",
            description = "An address of ours that may get test messages (default: the account's).")
    private String recipient;

    @Option(
            names = "--other",
            paramLabel = "ADDRESS",
            description =
                    "An address of ours that is somebody else's than the account's: nobody may write in its name.")
    private String other;

    @Option(
            names = "--sink",
            paramLabel = "HOST:PORT|FOLDER",
            description =
                    "Where mail for --foreign arrives: an address on which this command listens, or a folder (Maildir,"
                            + " .eml) that another server writes to.")
    private String sink;

    @Option(
            names = "--sink-wait",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "How long mail may take to the sink (default: ${DEFAULT-VALUE}).")
    private int sinkWait;

    @Option(
            names = "--message",
            paramLabel = "FILE",
            description = "A message of the server's, as it was received outside.")
    private Path message;

    @Option(names = "--from", paramLabel = "ADDRESS", description = "The address of this machine to connect from.")
    private String from;

    @Option(names = "--ca", paramLabel = "FILE", description = "Certificates (PEM) that are trusted beside Java's.")
    private Path ca;

    @Option(names = "--selector", paramLabel = "NAME", description = "A DKIM selector of the domain. Repeatable.")
    private List<String> selectors = new ArrayList<>();

    @Option(names = "--no-dns", negatable = false, description = "Leave the DNS alone.")
    private boolean noDns;

    @Mixin
    private DnsOptions dnsOptions;

    @Option(names = "--thorough", description = "Every form of a relay attempt from every sender in every state.")
    private boolean thorough;

    @Option(names = "--limits", description = "Try limits, too: a line without an end, sixty connections.")
    private boolean limits;

    @Option(
            names = "--time",
            paramLabel = "SECONDS",
            defaultValue = "180",
            description = "For the whole run (default: ${DEFAULT-VALUE}).")
    private int time;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "6",
            description = "For a reply (default: ${DEFAULT-VALUE}).")
    private int timeout;

    @Option(
            names = "--connections",
            paramLabel = "NUMBER",
            defaultValue = "2500",
            description = "At most (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--dry-run", description = "Say what would be done, and end.")
    private boolean dryRun;

    @Mixin
    private Outputs outputs;

    @Override
    public Integer call() throws IOException {
        if (host == null) {
            throw new ParameterException(
                    spec.commandLine(), "Name the server to audit, or 'configuration FOLDER', or 'explain ID'");
        }
        if (host.contains("/") || host.contains("*") || host.contains(",") || host.isBlank()) {
            throw new ParameterException(
                    spec.commandLine(), "'" + host + "' is no single server; only a server that is named is audited");
        }
        bounds();
        outputs.prepare();
        PrintWriter out = outputs.takesStandardOutput()
                ? spec.commandLine().getErr()
                : spec.commandLine().getOut();
        Instant started = Instant.now();
        Optional<Account> lent = lent();
        List<X509Certificate> anchors = ca == null ? List.of() : certificates(ca);
        if (message != null && !Files.isReadable(message)) {
            throw new IOException(message + " can't be read");
        }
        Optional<InetAddress> source = from == null ? Optional.empty() : Optional.of(InetAddress.getByName(from));
        ListenerSearch search = new ListenerSearch(
                spec.commandLine(), host, listeners, Duration.ofSeconds(Math.min(timeout, CONNECT_SECONDS)));
        List<Listener> candidates = search.candidates();
        if (dryRun) {
            announce(out, candidates, lent, true);
            return 0;
        }
        List<Listener> found = search.listening(candidates, source);
        if (found.isEmpty()) {
            throw new IOException("nothing answers on " + host + " at "
                    + String.join(
                            ", ", candidates.stream().map(Listener::toString).toList()));
        }
        announce(out, found, lent, false);
        try (Sink place = sink()) {
            Plan plan = new Plan(
                    host,
                    found,
                    Optional.ofNullable(domain).map(name -> name.toLowerCase(Locale.ROOT)),
                    foreign,
                    lent,
                    Optional.ofNullable(recipient)
                            .or(() -> lent.map(Account::name).filter(name -> name.contains("@"))),
                    Optional.ofNullable(other),
                    Optional.ofNullable(place),
                    Duration.ofSeconds(sinkWait),
                    Optional.ofNullable(message),
                    anchors,
                    selectors(),
                    !noDns,
                    limits,
                    thorough);
            Budget budget = budget(source, AT_ONCE);
            Progress progress = new Progress(out, outputs.colours() && Terminal.shows());
            Audit audit = new Audit(
                    Catalogue.packaged(),
                    Probes.live(
                            dns(),
                            new HttpsPolicyFetch(Duration.ofSeconds(timeout)),
                            Clock.systemUTC(),
                            tight -> budget(source, LIMITS_AT_ONCE)));
            List<Finding> findings = audit.run(plan, budget, progress::found, progress::begun);
            progress.end();
            Result result = new Result(
                    host,
                    found.stream().map(Listener::toString).toList(),
                    started,
                    budget.elapsed(),
                    budget.opened(),
                    budget.heldOff(),
                    findings);
            return outputs.write(result, spec.commandLine().getOut());
        }
    }

    private void bounds() {
        if (time < 1 || timeout < 1 || connections < 1 || sinkWait < 0) {
            throw new ParameterException(spec.commandLine(), "--time, --timeout and --connections are 1 or more");
        }
        if (domain != null && domain.equalsIgnoreCase(foreign)) {
            throw new ParameterException(spec.commandLine(), "--foreign has to be another domain than --domain");
        }
        if (sink != null && foreign.equals("example.net") && account == null) {
            spec.commandLine()
                    .getErr()
                    .println("rempart audit: a sink without --foreign sees nothing, unless the server sends"
                            + " mail for example.net there");
        }
        for (String name : new String[] {domain, foreign, account, recipient, other}) {
            if (name != null && !name.matches("[^\\p{Cntrl}<>\\s]{1,254}")) {
                throw new ParameterException(
                        spec.commandLine(), "a name with spaces, angle brackets or control characters is none");
            }
        }
    }

    private Budget budget(Optional<InetAddress> source, int atOnce) {
        return new Budget(
                Duration.ofSeconds(time), Duration.ofSeconds(timeout), connections, atOnce, source, System::nanoTime);
    }

    private Optional<Account> lent() throws IOException {
        if (account == null) {
            return Optional.empty();
        }
        if (passwordFile != null) {
            String text = passwordFile.toString().equals("-")
                    ? new String(System.in.readNBytes(4096), StandardCharsets.UTF_8)
                    : Files.readString(passwordFile, StandardCharsets.UTF_8);
            String first = text.lines().findFirst().orElse("");
            if (first.isEmpty()) {
                throw new IOException("the password file's first line is empty");
            }
            return Optional.of(new Account(account, first));
        }
        String password = Terminal.password(account);
        if (password.isEmpty()) {
            throw new IOException("no password was given; type one, pipe it in, or name a file with --password-file");
        }
        return Optional.of(new Account(account, password));
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        try {
            List<X509Certificate> read = new ArrayList<>();
            for (Certificate certificate : CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)))) {
                read.add((X509Certificate) certificate);
            }
            if (read.isEmpty()) {
                throw new IOException(file + " holds no certificate");
            }
            return read;
        } catch (CertificateException e) {
            throw new IOException(file + " holds no certificate that can be read: " + e.getMessage(), e);
        }
    }

    private List<String> selectors() throws IOException {
        List<String> all = new ArrayList<>(selectors);
        if (message != null) {
            String header =
                    new String(Files.readAllBytes(message), StandardCharsets.ISO_8859_1).replaceAll("\r?\n[ \t]+", " ");
            Matcher signature = Pattern.compile("(?im)^dkim-signature:(.*)$").matcher(header);
            while (signature.find() && all.size() < 10) {
                Matcher selector =
                        Pattern.compile("[;\\s]s\\s*=\\s*([A-Za-z0-9._-]+)").matcher(signature.group(1));
                Matcher signer =
                        Pattern.compile("[;\\s]d\\s*=\\s*([A-Za-z0-9._-]+)").matcher(signature.group(1));
                if (selector.find() && signer.find() && signer.group(1).equalsIgnoreCase(domain)) {
                    all.add(selector.group(1));
                }
            }
        }
        return all.stream().distinct().toList();
    }

    private Dns dns() throws IOException {
        if (noDns) {
            return (name, type) -> new Dns.Answer(Dns.Status.FAILED, List.of(), false, "the DNS is left alone");
        }
        return dnsOptions.dns(spec.commandLine(), Duration.ofSeconds(timeout));
    }

    private Sink sink() throws IOException {
        if (sink == null) {
            return null;
        }
        Path folder = Path.of(sink);
        if (Files.isDirectory(folder)) {
            return new FolderSink(folder, Instant.now());
        }
        return SmtpSink.start(DnsOptions.hostAndPort(sink, 0)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "'" + sink + "' is neither HOST:PORT nor a folder")));
    }

    private void announce(PrintWriter out, List<Listener> found, Optional<Account> lent, boolean candidates) {
        out.println("Audit of " + host + " (" + found.get(0).address().getHostAddress() + "): "
                + String.join(", ", found.stream().map(Listener::toString).toList())
                + (candidates ? " (those that answer)" : ""));
        out.println("At most " + connections + " connections, " + AT_ONCE + " at a time, " + time
                + " s, two wrong logins. "
                + (domain == null
                        ? "No relay attempts: --domain is not given."
                        : "Relay attempts to " + foreign
                                + (sink == null ? "; no message is sent there." : ", with messages for the sink."))
                + lent.map(user -> " Test messages go to " + (recipient == null ? user.name() : recipient) + ".")
                        .orElse(""));
        out.flush();
    }
}
