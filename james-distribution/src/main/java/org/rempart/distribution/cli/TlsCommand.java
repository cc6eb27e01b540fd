/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.apache.james.core.Domain;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.tls.TlsProbe;
import org.rempart.policy.tls.TlsProbe.Destination;
import org.rempart.policy.tls.TlsProbe.Host;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows which TLS mail for domains would get, and whether it would arrive. No mail is sent. */
@Command(
        name = "tls",
        description =
                "Say which TLS mail for a domain gets and by whose word, ask its servers, and say whether mail would go: "
                        + "exit code 0 when it would for each domain, 1 when not. No mail is sent. With --listeners alone: ask "
                        + "each listener of this server what it offers of TLS.")
final class TlsCommand implements Callable<Integer> {
    private static final int HIGHEST_PORT = 65_535;

    private final Home home;
    private final Resolvers resolvers;

    @Parameters(arity = "1..*", paramLabel = "DOMAIN", description = "the domain of a recipient")
    private List<String> domains;

    @Option(names = "--port", paramLabel = "PORT", description = "where the servers listen; 25 by default")
    private int port = 25;

    @Option(
            names = "--json",
            description = "as JSON: [{\"domain\", …, \"deliverable\", \"problem\", \"hosts\": [{\"host\", …, "
                    + "\"chain\", \"deliverable\", \"outcome\"}, …]}, …]")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** Knows which resolvers to ask. */
    @FunctionalInterface
    interface Resolvers {
        /** @throws FaultException when the configuration names none that can be asked */
        List<InetSocketAddress> find() throws FaultException;
    }

    TlsCommand(Home home, Resolvers resolvers) {
        this.home = home;
        this.resolvers = resolvers;
    }

    @Override
    public Integer call() throws IOException, FaultException {
        if (port < 1 || port > HIGHEST_PORT) {
            throw new ParameterException(spec.commandLine(), port + " is no port; write 1 to " + HIGHEST_PORT);
        }
        List<Domain> wanted = new ArrayList<>();
        for (String domain : domains) {
            try {
                wanted.add(Domain.of(domain));
            } catch (IllegalArgumentException noDomain) {
                throw new ParameterException(
                        spec.commandLine(), "\"" + domain + "\" is no domain; write what is behind the @", noDomain);
            }
        }
        TlsPolicy policy = policy();
        List<InetSocketAddress> asked = resolvers.find();
        String ownName = ownName();
        List<Destination> found = new ArrayList<>();
        try (URLClassLoader extensions = Extensions.of(home)) {
            TlsProbe probe = ServiceLoader.load(TlsProbe.class, extensions)
                    .findFirst()
                    .orElseThrow(() -> new IOException("extensions-jars/ holds no Rempart; unpack the archive again"));
            for (Domain domain : wanted) {
                Destination destination = probe.probe(
                        policy,
                        url -> Files.newInputStream(home.folder().resolve(url.replaceFirst("^file://", ""))),
                        asked,
                        ownName,
                        domain,
                        port);
                found.add(destination);
                if (!json) {
                    print(destination);
                }
            }
        }
        if (json) {
            printJson(found);
        }
        return found.stream().allMatch(Destination::isDeliverable) ? 0 : 1;
    }

    private TlsPolicy policy() throws IOException {
        try {
            return PolicyFile.read(home.conf("rempart.xml")).tls();
        } catch (PolicyException fault) {
            throw new IOException("conf/" + fault.getMessage(), fault);
        }
    }

    /** What the delivery says of itself: its {@code heloName}, else the default domain. */
    private String ownName() throws IOException, FaultException {
        Path file = home.conf("mailetcontainer.xml");
        if (Files.exists(file)) {
            NodeList mailets = ConfigurationXml.read(home, file).getElementsByTagName("mailet");
            for (int i = 0; i < mailets.getLength(); i++) {
                Element mailet = (Element) mailets.item(i);
                String name = ConfigurationXml.text(mailet, "heloName");
                if (mailet.getAttribute("class").endsWith("RemoteDelivery") && !name.isEmpty()) {
                    return name;
                }
            }
        }
        return ListedDomains.of(home).stream().findFirst().orElse("localhost");
    }

    private void print(Destination destination) {
        PrintWriter out = spec.commandLine().getOut();
        destination.facts().forEach((name, value) -> line(name.equals("domain") ? "" : "  ", name, value));
        for (Host host : destination.hosts()) {
            host.facts().forEach((name, value) -> line(name.equals("host") ? "  " : "    ", name, value));
            host.chain().forEach(certificate -> out.println("      " + printable(certificate)));
            out.println("    -> " + printable(host.outcome()));
        }
        destination.problem().ifPresent(problem -> out.println("  -> " + printable(problem)));
        out.flush();
    }

    private void line(String indent, String name, String value) {
        spec.commandLine().getOut().println(indent + name + ": " + printable(value));
    }

    /** What strangers wrote, without what a terminal would obey. */
    private static String printable(String text) {
        return text.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?");
    }

    private void printJson(List<Destination> found) throws IOException {
        List<Map<String, Object>> whole = new ArrayList<>();
        for (Destination destination : found) {
            Map<String, Object> map = new LinkedHashMap<>(destination.facts());
            map.put("deliverable", destination.isDeliverable());
            map.put("problem", destination.problem().orElse(null));
            List<Map<String, Object>> hosts = new ArrayList<>();
            for (Host host : destination.hosts()) {
                Map<String, Object> facts = new LinkedHashMap<>(host.facts());
                facts.put("chain", host.chain());
                facts.put("deliverable", host.isDeliverable());
                facts.put("outcome", host.outcome());
                hosts.add(facts);
            }
            map.put("hosts", hosts);
            whole.add(map);
        }
        spec.commandLine()
                .getOut()
                .println(new ObjectMapper()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .writeValueAsString(whole));
        spec.commandLine().getOut().flush();
    }
}
