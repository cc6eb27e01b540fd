/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.dns.LiveDns;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Who is asked of the DNS, and what its signatures are checked with. */
final class DnsOptions {
    private static final int DNS_PORT = 53;
    private static final Pattern HOST_AND_PORT = Pattern.compile(
            "(?:\\[([0-9a-fA-F:.%]+)]|([^:\\[\\]]+|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*))(?::(\\d{1,5}))?");

    @Option(
            names = "--resolver",
            paramLabel = "HOST[:PORT]",
            description = "The resolver to ask (default: the system's).")
    private String resolver;

    @Option(
            names = "--trust-anchor",
            paramLabel = "FILE",
            description = "The root's DS records, for DNSSEC (default: IANA's).")
    private Path anchor;

    /**
     * The DNS as the options want it asked.
     *
     * @param timeout for an answer
     * @throws IOException when the resolver has no address, or the trust anchor can't be read
     * @throws ParameterException when the resolver is written wrongly
     */
    Dns dns(CommandLine command, Duration timeout) throws IOException {
        Optional<InetSocketAddress> server = resolver == null
                ? Optional.empty()
                : Optional.of(hostAndPort(resolver, DNS_PORT)
                        .orElseThrow(
                                () -> new ParameterException(command, "'" + resolver + "' is no HOST or HOST:PORT")));
        if (server.isPresent() && server.get().isUnresolved()) {
            throw new UnknownHostException("the resolver " + resolver + " has no address");
        }
        Optional<String> anchors = anchor == null ? Optional.empty() : Optional.of(Files.readString(anchor));
        return LiveDns.at(server, anchors, timeout);
    }

    /**
     * Reads {@code HOST:PORT}; an IPv6 address with a port stands in square brackets.
     *
     * @param usual the port when none is written, or 0 where one has to be
     * @return empty when the text has another form
     */
    static Optional<InetSocketAddress> hostAndPort(String text, int usual) {
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.matches() || (matcher.group(3) == null && usual == 0)) {
            return Optional.empty();
        }
        int port = matcher.group(3) == null ? usual : Integer.parseInt(matcher.group(3));
        return port > 65_535
                ? Optional.empty()
                : Optional.of(
                        new InetSocketAddress(matcher.group(1) != null ? matcher.group(1) : matcher.group(2), port));
    }
}
