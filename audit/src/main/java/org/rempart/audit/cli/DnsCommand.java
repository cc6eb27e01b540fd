/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.conf.OwnServer;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.dns.DnsProbe;
import org.rempart.audit.dns.HttpsPolicyFetch;
import org.rempart.audit.dns.OwnZone;
import org.rempart.audit.dns.OwnZone.Compared;
import org.rempart.audit.dns.OwnZone.State;
import org.rempart.audit.dns.PolicyFetch;
import org.rempart.audit.net.Budget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a domain is to publish, and what of it is there. */
@Command(
        name = "dns",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Prints what a domain is to publish for its mail, as lines of a zone, what of it is there now, and what is wrong.",
            "Exit code: 0 when all is there and right, 1 when something is missing or wrong, 2 when it could not run."
        })
final class DnsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DOMAIN", description = "A domain of ours, what is behind the @.")
    private String domain;

    @Option(
            names = "--conf",
            paramLabel = "FOLDER",
            description = "James's configuration: names, certificates and services of the server come from there.")
    private Path conf;

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description = "A host that takes the domain's mail, instead of the configuration's. Repeatable.")
    private List<String> hosts = new ArrayList<>();

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            description = "A further certificate (PEM), such as one of the next key: its TLSA record is to be published"
                    + " before it is used. Repeatable.")
    private List<Path> certificates = new ArrayList<>();

    @Option(names = "--selector", paramLabel = "NAME", description = "A DKIM selector of the domain. Repeatable.")
    private List<String> selectors = new ArrayList<>();

    @Option(names = "--zone", description = "Print the lines of the zone alone; nothing is looked up.")
    private boolean zone;

    @Option(names = "--json", description = "Print it as JSON.")
    private boolean json;

    @Mixin
    private DnsOptions dnsOptions;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "6",
            description = "For an answer (default: ${DEFAULT-VALUE}).")
    private int timeout;

    /** Null: by HTTPS. */
    private final PolicyFetch policies;

    /** What is wrong, as DnsProbe found it. */
    private final List<Finding> findings = new ArrayList<>();

    DnsCommand() {
        this(null);
    }

    /** @param policies where MTA-STS policies come from */
    DnsCommand(PolicyFetch policies) {
        this.policies = policies;
    }

    @Override
    public Integer call() throws IOException {
        String name = domain.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
        if (!name.matches("(?!-)[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})+")) {
            throw new ParameterException(
                    spec.commandLine(), "'" + domain + "' is no domain; write what is behind the @, in A-labels");
        }
        OwnServer server = server();
        if (server.hosts().isEmpty()) {
            throw new IOException("no host is known that takes mail; name it with --host, or the folder with --conf");
        }
        OwnZone own = new OwnZone(name, server);
        PrintWriter out = spec.commandLine().getOut();
        if (zone) {
            own.lines().forEach(out::println);
            out.flush();
            return 0;
        }
        Dns dns = dnsOptions.dns(spec.commandLine(), Duration.ofSeconds(timeout));
        List<Compared> compared = own.compare(dns);
        probe(name, server, dns);
        boolean right = compared.stream().allMatch(each -> each.state() == State.THERE || !isAsked(each))
                && own.dane(compared).isEmpty()
                && findings.stream().noneMatch(finding -> finding.verdict() == Verdict.FAIL);
        if (json) {
            printJson(out, own, compared);
        } else {
            print(out, own, compared);
        }
        out.flush();
        return right ? 0 : 1;
    }

    /** TLSA records are of use only in a signed zone, and those for clients are a convenience. */
    private static boolean isAsked(Compared compared) {
        return !compared.line().type().equals("TLSA") && !compared.line().type().equals("SRV");
    }

    private OwnServer server() throws IOException {
        OwnServer read = conf == null
                ? new OwnServer(List.of(), List.of(), java.util.Set.of(), Optional.empty())
                : OwnServer.read(conf);
        List<X509Certificate> all = new ArrayList<>(read.certificates());
        for (Path file : certificates) {
            all.addAll(OwnServer.first(Files.readAllBytes(file), file.toString()));
        }
        List<String> names = hosts.stream()
                .map(host -> host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", ""))
                .toList();
        return new OwnServer(names.isEmpty() ? read.hosts() : names, all, read.services(), read.mtaSts());
    }

    private void probe(String name, OwnServer server, Dns dns) throws IOException {
        Plan plan = new Plan(
                server.hosts().get(0),
                List.of(),
                Optional.of(name),
                "example.net",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ZERO,
                Optional.empty(),
                List.of(),
                selectors,
                true,
                false,
                false);
        Budget budget = new Budget(
                Duration.ofMinutes(2), Duration.ofSeconds(timeout), 20, 2, Optional.empty(), System::nanoTime);
        Findings all = new Findings(Catalogue.packaged(), finding -> {
            if (finding.verdict() == Verdict.FAIL || finding.verdict() == Verdict.WARN) {
                findings.add(finding);
            }
        });
        try {
            new DnsProbe(dns, policies == null ? new HttpsPolicyFetch(Duration.ofSeconds(timeout)) : policies)
                    .run(plan, budget, all);
        } catch (IOException unanswered) {
            throw new IOException("the DNS does not say what " + name + " has: " + unanswered.getMessage(), unanswered);
        }
    }

    private void print(PrintWriter out, OwnZone own, List<Compared> compared) {
        out.println("; what " + domain + " is to publish");
        compared.forEach(each -> out.println(each.line()));
        out.println();
        out.println("; https://mta-sts." + domain + "/.well-known/mta-sts.txt");
        out.print(own.policy());
        out.println();
        out.println("what is there now");
        for (Compared each : compared) {
            out.printf(
                    "  %-8s %s %s%n",
                    each.state().keyword(), each.line().owner(), each.line().type());
            if (each.state() == State.OTHER || each.state() == State.UNKNOWN) {
                each.now().forEach(now -> out.println("           now: " + printable(now)));
            }
        }
        List<String> wrong = new ArrayList<>();
        own.dane(compared).ifPresent(wrong::add);
        findings.forEach(finding -> wrong.add(finding.verdict().name().toLowerCase(Locale.ROOT) + " "
                + finding.check().id() + ": " + finding.subject() + ": " + finding.summary()));
        if (!wrong.isEmpty()) {
            out.println();
            out.println("what is wrong, or could be better (rempart audit explain ID says more)");
            wrong.forEach(text -> out.println("  " + printable(text)));
        }
    }

    private static String printable(String text) {
        return text.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?");
    }

    private void printJson(PrintWriter out, OwnZone own, List<Compared> compared) throws IOException {
        List<Map<String, Object>> records = new ArrayList<>();
        for (Compared each : compared) {
            Map<String, Object> record = new LinkedHashMap<>();
            record.put("owner", each.line().owner());
            record.put("type", each.line().type());
            record.put("data", each.line().data());
            record.put("state", each.state().keyword());
            record.put("now", each.now());
            records.add(record);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("domain", domain);
        whole.put("records", records);
        whole.put("mtaStsPolicy", own.policy());
        whole.put("dane", own.dane(compared).orElse(null));
        whole.put(
                "findings",
                findings.stream()
                        .map(finding -> Map.of(
                                "check", finding.check().id(),
                                "subject", finding.subject(),
                                "verdict", finding.verdict().name().toLowerCase(Locale.ROOT),
                                "summary", finding.summary()))
                        .toList());
        out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(whole));
    }
}
