/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The MTA-STS policy of our own domains (RFC 8461), and where this server serves it: {@code <mta-sts>}. */
public final class MtaStsPublication {
    /** The longest age; RFC 8461, section 3.2, has a quarter of a day more. */
    public static final Duration LONGEST = Duration.ofDays(365);

    private static final String CERTIFICATE = "conf/tls/certificate.pem";
    private static final String KEY = "conf/tls/private-key.pem";

    /** What others are to do with mail that can't be sent as the policy says (RFC 8461, section 5). */
    public enum Mode {
        ENFORCE,
        TESTING,
        NONE;

        /** In lower case. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final String address;
    private final int port;
    private final Mode mode;
    private final List<String> hosts;
    private final Duration maxAge;
    private final String certificate;
    private final String key;

    private MtaStsPublication(
            String address, int port, Mode mode, List<String> hosts, Duration maxAge, String certificate, String key) {
        this.address = Objects.requireNonNull(address);
        this.port = port;
        this.mode = Objects.requireNonNull(mode);
        this.hosts = List.copyOf(hosts);
        this.maxAge = Objects.requireNonNull(maxAge);
        this.certificate = Objects.requireNonNull(certificate);
        this.key = Objects.requireNonNull(key);
    }

    /**
     * A policy that is served with the certificate of the mail listeners.
     *
     * @param address of this machine, an IPv4 or IPv6 address without brackets
     * @param port where it listens; others ask at 443 alone
     * @param hosts that take mail, in lower case, or {@code *.} and a domain; empty: those that the SMTP listeners call
     *     themselves
     * @param maxAge how long others may keep the policy, {@link #LONGEST} at most
     */
    public static MtaStsPublication of(String address, int port, Mode mode, List<String> hosts, Duration maxAge) {
        return new MtaStsPublication(address, port, mode, hosts, maxAge, CERTIFICATE, KEY);
    }

    /** The same with a certificate and key of its own, PEM files from the server's folder. */
    public MtaStsPublication with(String ownCertificate, String ownKey) {
        return new MtaStsPublication(address, port, mode, hosts, maxAge, ownCertificate, ownKey);
    }

    public String address() {
        return address;
    }

    public int port() {
        return port;
    }

    /** The file of the certificate, from the server's folder. */
    public String certificate() {
        return certificate;
    }

    /** The file of its key. */
    public String key() {
        return key;
    }

    /**
     * The policy file (RFC 8461, section 3.2).
     *
     * @param listeners what the SMTP listeners call themselves, for a policy that names no hosts
     */
    public String text(List<String> listeners) {
        StringBuilder text = new StringBuilder("version: STSv1\nmode: ")
                .append(mode.keyword())
                .append('\n');
        if (mode != Mode.NONE) {
            (hosts.isEmpty() ? listeners : hosts)
                    .forEach(host -> text.append("mx: ").append(host).append('\n'));
        }
        return text.append("max_age: ").append(maxAge.toSeconds()).append('\n').toString();
    }
}
