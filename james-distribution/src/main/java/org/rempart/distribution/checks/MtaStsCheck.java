/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.rempart.distribution.home.FaultException;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.MtaStsPublication;
import org.xbill.DNS.Record;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * Whether others get the MTA-STS policy that this server serves: its listener answers, its certificate names the host of each
 * domain, and the DNS leads there.
 */
final class MtaStsCheck implements Check {
    private static final int PATIENCE = (int) Duration.ofSeconds(20).toMillis();
    private static final int LARGEST = 64 * 1024;

    private final DnsCheck.Lookups lookups;

    MtaStsCheck() {
        this(SystemLookup::of);
    }

    MtaStsCheck(DnsCheck.Lookups lookups) {
        this.lookups = lookups;
    }

    @Override
    public String name() {
        return "mta-sts";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, InterruptedException, IOException {
        Optional<MtaStsPublication> publication;
        try {
            publication =
                    PolicyFile.read(patient.home().conf("rempart.xml")).tls().publication();
        } catch (PolicyException fault) {
            // Told by the check of the configuration.
            return List.of();
        }
        if (publication.isEmpty()) {
            return List.of(Finding.ok("this server serves no MTA-STS policy (<mta-sts> in conf/rempart.xml)"));
        }
        List<Finding> findings = new ArrayList<>();
        Set<String> domains = DnsCheck.domains(patient, findings);
        if (patient.process().isEmpty()) {
            return findings;
        }
        String text = OwnPolicy.text(patient.home(), publication.get());
        X509Certificate certificate = CertificateCheck.chain(
                        patient.home(),
                        Identity.file(patient.home(), publication.get().certificate()))
                .get(0);
        Lookup lookup = lookups.of(patient.home());
        boolean asked = true;
        for (String domain : domains) {
            String host = "mta-sts." + domain;
            Finding served = served(publication.get(), host, text);
            findings.add(served);
            if (!CertificateCheck.names(certificate, host)) {
                findings.add(
                        Finding.fault(
                                "the certificate " + publication.get().certificate() + " does not name " + host
                                        + ": others take no policy from it",
                                "get one with that DNS name, too, or name another one in <mta-sts certificate=\"…\" key=\"…\">"));
            }
            if (asked) {
                try {
                    findings.addAll(published(lookup, domain, host, OwnPolicy.id(text)));
                } catch (IOException unasked) {
                    // For the next domain it would be waited for as long.
                    findings.add(Finding.warning("the DNS could not be asked for " + host, "see the check dns"));
                    asked = false;
                }
            }
        }
        return findings;
    }

    private static Finding served(MtaStsPublication publication, String host, String text) {
        String place = publication.address() + ":" + publication.port();
        try {
            String answer = fetch(publication, host);
            int end = answer.indexOf("\r\n\r\n");
            if (answer.startsWith("HTTP/1.1 200 ")
                    && end > 0
                    && answer.substring(end + 4).equals(text)) {
                return Finding.ok("the policy of " + host + " is served at " + place);
            }
            return Finding.fault(
                    "the listener at " + place + " answers for " + host + ": "
                            + answer.lines().findFirst().orElse("nothing"),
                    "restart the server when conf/rempart.xml or conf/smtpserver.xml has changed");
        } catch (IOException | GeneralSecurityException refused) {
            return Finding.fault(
                    "the listener of <mta-sts> at " + place + " does not answer (" + refused.getMessage() + ")",
                    "see var/log/server.log");
        }
    }

    private static String fetch(MtaStsPublication publication, String host)
            throws IOException, GeneralSecurityException {
        InetAddress address = InetAddress.getByName(publication.address());
        InetAddress reachable = address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address;
        try (Socket plain = new Socket()) {
            plain.setSoTimeout(PATIENCE);
            plain.connect(new InetSocketAddress(reachable, publication.port()), PATIENCE);
            try (SSLSocket socket = (SSLSocket)
                    ListenersCheck.anyPeer().getSocketFactory().createSocket(plain, host, publication.port(), true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(host)));
                socket.setSSLParameters(parameters);
                socket.getOutputStream()
                        .write(("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                return new String(socket.getInputStream().readNBytes(LARGEST), StandardCharsets.UTF_8);
            }
        }
    }

    private static List<Finding> published(Lookup lookup, String domain, String host, String id) throws IOException {
        List<Finding> findings = new ArrayList<>();
        if (DnsCheck.addresses(lookup, host).isEmpty()) {
            findings.add(Finding.fault(
                    host + " has no address: nobody finds the policy", "make an A record for it: this host"));
        }
        List<String> records = new ArrayList<>();
        for (Record record : lookup.ask("_mta-sts." + domain, Type.TXT)) {
            String text = String.join("", ((TXTRecord) record).getStrings());
            if (text.startsWith("v=STSv1")) {
                records.add(text);
            }
        }
        // Whether there is one at all, the check dns tells.
        if (records.size() == 1 && !records.get(0).contains("id=" + id)) {
            findings.add(Finding.warning(
                    "the record of " + domain + " is of another policy: " + records.get(0)
                            + "; who has fetched that one does not ask for the new one",
                    "make it: _mta-sts." + domain + ". TXT \"v=STSv1; id=" + id + "\""));
        }
        return findings;
    }
}
