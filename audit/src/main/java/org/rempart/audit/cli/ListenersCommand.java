/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.rempart.audit.conf.OwnListeners;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.tls.ClientRenegotiation;
import org.rempart.audit.tls.Group;
import org.rempart.audit.tls.Suite;
import org.rempart.audit.tls.TlsOffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what the listeners of a server offer of TLS. */
@Command(
        name = "listeners",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Asks each listener of a running server what it offers of TLS: versions, suites, groups of the key exchange,"
                    + " certificates, resumption, renegotiation.",
            "Exit code: 0 when each has answered, 1 when one has not, 2 when it could not run."
        })
final class ListenersCommand implements Callable<Integer> {
    private static final int CONNECTIONS = 2_000;
    private static final int DNS_NAME = 2;

    private final Clock clock = Clock.systemUTC();

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--conf",
            required = true,
            paramLabel = "FOLDER",
            description = "James's configuration, which says where it listens.")
    private Path conf;

    @Option(names = "--json", description = "Print it as JSON.")
    private boolean json;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "6",
            description = "For an answer (default: ${DEFAULT-VALUE}).")
    private int timeout;

    @Override
    public Integer call() throws IOException {
        Map<String, Listener> listeners = OwnListeners.read(conf);
        if (listeners.isEmpty()) {
            throw new IOException("no listener with TLS is switched on in " + conf);
        }
        Budget budget = new Budget(
                Duration.ofMinutes(10),
                Duration.ofSeconds(timeout),
                CONNECTIONS,
                1,
                Optional.empty(),
                System::nanoTime);
        PrintWriter out = spec.commandLine().getOut();
        List<Map<String, Object>> all = new ArrayList<>();
        boolean answered = true;
        for (Map.Entry<String, Listener> listener : listeners.entrySet()) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("listener", listener.getKey());
            told.put("tls", listener.getValue().service().direct() ? "from the first byte" : "STARTTLS");
            try {
                told.putAll(tell(TlsOffer.of(listener.getValue(), budget)));
            } catch (IOException silent) {
                told.put("problem", silent.getMessage());
                answered = false;
            }
            all.add(told);
            if (!json) {
                print(out, told);
            }
        }
        if (json) {
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all));
        }
        out.flush();
        return answered ? 0 : 1;
    }

    private Map<String, Object> tell(TlsOffer offer) {
        Map<String, Object> told = new LinkedHashMap<>();
        offer.suites()
                .forEach((version, suites) -> told.put(
                        version.label(), suites.stream().map(Suite::name).toList()));
        offer.groups()
                .forEach((version, groups) -> told.put(
                        "groups of " + version.label(),
                        groups.stream()
                                .map(group -> group.name().toLowerCase(Locale.ROOT))
                                .toList()));
        boolean quantum = offer.groups().values().stream().anyMatch(groups -> groups.contains(Group.X25519MLKEM768));
        told.put("post-quantum key exchange", quantum ? "yes" : "no");
        told.put(
                "certificates",
                offer.certificates().stream().map(this::certificate).toList());
        told.put("OCSP stapling", offer.stapled() ? "yes" : "no");
        offer.resumed()
                .forEach((version, resumed) -> told.put("resumption with " + version.label(), resumed ? "yes" : "no"));
        told.put(
                "renegotiation by the client",
                offer.renegotiation().map(ClientRenegotiation::words).orElse("TLS 1.3 has none"));
        return told;
    }

    private String certificate(X509Certificate certificate) {
        long days = Duration.between(clock.instant(), certificate.getNotAfter().toInstant())
                .toDays();
        return key(certificate) + ", for " + String.join(", ", names(certificate)) + ", by "
                + certificate.getIssuerX500Principal().getName() + ", until "
                + certificate.getNotAfter().toInstant() + " (" + days + " days)";
    }

    private static String key(X509Certificate certificate) {
        if (certificate.getPublicKey() instanceof RSAKey rsa) {
            return "RSA " + rsa.getModulus().bitLength();
        }
        return certificate.getPublicKey() instanceof ECKey ec
                ? "ECDSA " + ec.getParams().getCurve().getField().getFieldSize()
                : certificate.getPublicKey().getAlgorithm();
    }

    private static List<String> names(X509Certificate certificate) {
        try {
            List<String> names = certificate.getSubjectAlternativeNames() == null
                    ? List.of()
                    : certificate.getSubjectAlternativeNames().stream()
                            .filter(name -> name.get(0).equals(DNS_NAME))
                            .map(name -> String.valueOf(name.get(1)))
                            .toList();
            return names.isEmpty() ? List.of("no host") : names;
        } catch (CertificateParsingException broken) {
            return List.of("unreadable names");
        }
    }

    private static void print(PrintWriter out, Map<String, Object> told) {
        told.forEach((name, value) -> {
            if (name.equals("listener")) {
                out.println(value + " (" + told.get("tls") + ")");
            } else if (!name.equals("tls")) {
                String text = value instanceof List<?> list
                        ? list.stream()
                                .map(String::valueOf)
                                .collect(Collectors.joining(name.equals("certificates") ? "\n    " : ", "))
                        : String.valueOf(value);
                out.println("  " + name + (name.equals("certificates") ? ":\n    " : ": ")
                        + (text.isEmpty() ? "none" : text));
            }
        });
        out.flush();
    }
}
