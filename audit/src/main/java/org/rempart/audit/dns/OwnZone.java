/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.rempart.audit.conf.MtaStsPublication;
import org.rempart.audit.conf.OwnServer;
import org.rempart.audit.net.Service;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** What a domain is to publish for its mail, and what of it is there. */
public final class OwnZone {
    private static final int MX_PREFERENCE = 10;
    private static final String MTA_STS = "v=STSv1";

    /** How clients find what (RFC 6186, 8314 and 5804). */
    private static final Map<Service, String> CLIENTS = Map.of(
            Service.SUBMISSION, "_submission",
            Service.SUBMISSIONS, "_submissions",
            Service.IMAP, "_imap",
            Service.IMAPS, "_imaps",
            Service.POP3, "_pop3",
            Service.POP3S, "_pop3s",
            Service.SIEVE, "_sieve");

    private final String domain;
    private final OwnServer server;

    /** @param domain without a dot at its end, in lower case */
    public OwnZone(String domain, OwnServer server) {
        this.domain = domain;
        this.server = server;
    }

    /** What is there of a line. */
    public enum State {
        THERE,
        /** Something of its kind is there, and says something else. */
        OTHER,
        MISSING,
        /** The DNS does not say. */
        UNKNOWN;

        /** In lower case. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A line of the zone.
     *
     * @param owner with a dot at its end
     * @param data as a zone file has it
     * @param kind how the text of a TXT record begins; empty for other types: all of the data counts
     * @param needed whether mail suffers without it
     */
    public record Line(String owner, String type, String data, String kind, boolean needed) {
        @Override
        public String toString() {
            return owner + " " + type + " " + data;
        }
    }

    /**
     * A line, and what is there of it.
     *
     * @param now the records of its kind, as a zone file has them
     */
    public record Compared(Line line, State state, List<String> now) {
        public Compared {
            now = List.copyOf(now);
        }
    }

    /** What the domain is to publish. */
    public List<Line> lines() {
        List<Line> lines = new ArrayList<>();
        String mail = "postmaster@" + domain;
        for (String host : server.hosts()) {
            lines.add(new Line(domain + ".", "MX", MX_PREFERENCE + " " + host + ".", "", true));
        }
        lines.add(text(domain, "v=spf1", "v=spf1 mx -all"));
        lines.add(text("_dmarc." + domain, "v=DMARC1", "v=DMARC1; p=none; rua=mailto:" + mail));
        lines.add(text("_mta-sts." + domain, MTA_STS, MTA_STS + "; id=" + policyId()));
        lines.add(text("_smtp._tls." + domain, "v=TLSRPTv1", "v=TLSRPTv1; rua=mailto:" + mail));
        for (String host : server.hosts()) {
            for (X509Certificate certificate : server.certificates()) {
                lines.add(new Line("_25._tcp." + host + ".", "TLSA", "3 1 1 " + digest(certificate), "", false));
            }
        }
        for (Service service : server.services()) {
            String name = CLIENTS.get(service);
            if (name != null && !server.hosts().isEmpty()) {
                lines.add(new Line(
                        name + "._tcp." + domain + ".",
                        "SRV",
                        "0 1 " + service.port() + " " + server.hosts().get(0) + ".",
                        "",
                        false));
            }
        }
        return lines;
    }

    private static Line text(String owner, String kind, String text) {
        return new Line(owner + ".", "TXT", "\"" + text + "\"", kind, false);
    }

    /** Another one for another policy (RFC 8461, section 3.1). */
    private String policyId() {
        return sha256(policy().getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .substring(0, 20);
    }

    /** The MTA-STS policy, for {@code https://mta-sts.DOMAIN/.well-known/mta-sts.txt}. */
    public String policy() {
        return server.mtaSts().orElse(MtaStsPublication.USUAL).text(server.hosts());
    }

    private static String digest(X509Certificate certificate) {
        return sha256(certificate.getPublicKey().getEncoded());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    /** Each line, and what is there of it. */
    public List<Compared> compare(Dns dns) {
        List<Compared> compared = new ArrayList<>();
        for (Line line : lines()) {
            String owner = line.owner().substring(0, line.owner().length() - 1);
            Dns.Answer answer = dns.look(owner, Type.value(line.type()));
            if (answer.status() == Dns.Status.FAILED) {
                compared.add(new Compared(line, State.UNKNOWN, List.of(answer.reason())));
                continue;
            }
            List<Record> alike = answer.records().stream()
                    .filter(record -> record.getType() == Type.value(line.type()))
                    .filter(record -> record instanceof TXTRecord text
                            ? String.join("", text.getStrings())
                                    .toLowerCase(Locale.ROOT)
                                    .startsWith(line.kind().toLowerCase(Locale.ROOT))
                            : true)
                    .toList();
            boolean there = alike.stream().anyMatch(record -> isOwnersMatter(line) || same(record, line));
            compared.add(new Compared(
                    line,
                    there ? State.THERE : alike.isEmpty() ? State.MISSING : State.OTHER,
                    alike.stream().map(Record::rdataToString).toList()));
        }
        return compared;
    }

    /** What a TXT record says; but not the id of a policy that this server serves. */
    private boolean isOwnersMatter(Line line) {
        return !line.kind().isEmpty()
                && !(line.kind().equals(MTA_STS) && server.mtaSts().isPresent());
    }

    /** Preference and weight are the owner's matter. */
    private static boolean same(Record record, Line line) {
        String data = line.data().toLowerCase(Locale.ROOT);
        if (record instanceof MXRecord mx) {
            return data.endsWith(" " + mx.getTarget().toString().toLowerCase(Locale.ROOT));
        }
        if (record instanceof SRVRecord srv) {
            return data.endsWith(
                    " " + srv.getPort() + " " + srv.getTarget().toString().toLowerCase(Locale.ROOT));
        }
        if (record instanceof TLSARecord tlsa) {
            return data.equals(tlsa.getCertificateUsage() + " " + tlsa.getSelector() + " " + tlsa.getMatchingType()
                    + " " + HexFormat.of().formatHex(tlsa.getCertificateAssociationData()));
        }
        return record.rdataToString().equalsIgnoreCase(line.data());
    }

    /**
     * What is wrong with the TLSA records of a host as a whole: senders that check DANE (RFC 7672) bring it no mail when none
     * of them fits.
     */
    public Optional<String> dane(List<Compared> compared) {
        List<Compared> records = compared.stream()
                .filter(each -> each.line().type().equals("TLSA"))
                .toList();
        boolean any = records.stream().anyMatch(each -> !each.now().isEmpty() && each.state() != State.UNKNOWN);
        boolean fits = records.stream().anyMatch(each -> each.state() == State.THERE);
        return any && !fits
                ? Optional.of(
                        "the TLSA records name no certificate of this server: senders that check DANE bring it no mail,"
                                + " unless a record of another form fits; publish the lines above, and remove the old ones")
                : Optional.empty();
    }
}
