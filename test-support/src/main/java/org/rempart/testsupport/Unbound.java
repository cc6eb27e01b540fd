/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** NLnet Labs' Unbound on loopback: a resolver that validates what {@link SignedZones} say. */
public final class Unbound implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final InetSocketAddress address;
    private final ServerProcess process;

    private Unbound(InetSocketAddress address, ServerProcess process) {
        this.address = address;
        this.process = process;
    }

    /** Skips the test where there is none, or fails it where every tool has to be there. */
    public static void require() {
        Tools.require(program().isPresent(), "unbound is not installed; on Debian: apt-get install unbound");
    }

    private static Optional<Path> program() {
        return Tools.folderWith(List.of(Path.of("/usr/sbin")), "unbound").map(at -> at.resolve("unbound"));
    }

    /**
     * Starts one that remembers nothing for long.
     *
     * @param folder is there, and empty
     */
    public static Unbound start(Path folder, SignedZones zones) throws IOException, InterruptedException {
        return start(folder, zones, new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.next()));
    }

    /** The same at this address: with port 53, for programs that can't be told another one. */
    public static Unbound start(Path folder, SignedZones zones, InetSocketAddress address)
            throws IOException, InterruptedException {
        Files.writeString(folder.resolve("root.anchor"), zones.anchor(), StandardCharsets.US_ASCII);
        Files.writeString(
                folder.resolve("unbound.conf"),
                """
                server:
                  directory: "%1$s"
                  chroot: ""
                  username: ""
                  pidfile: ""
                  use-syslog: no
                  logfile: ""
                  do-daemonize: no
                  interface: %4$s
                  port: %2$d
                  do-ip6: no
                  do-not-query-localhost: no
                  trust-anchor-file: "%1$s/root.anchor"
                  module-config: "validator iterator"
                  val-log-level: 2
                  cache-max-ttl: 0
                  cache-max-negative-ttl: 0
                  infra-host-ttl: 0
                  aggressive-nsec: no
                  harden-below-nxdomain: no
                  local-zone: "test." nodefault
                  local-zone: "invalid." nodefault
                remote-control:
                  control-enable: no
                forward-zone:
                  name: "."
                  forward-addr: 127.0.0.1@%3$d
                """.formatted(
                                folder,
                                address.getPort(),
                                zones.address().getPort(),
                                address.getAddress().getHostAddress()),
                StandardCharsets.US_ASCII);
        ServerProcess process = ServerProcess.start(
                List.of(program().orElseThrow().toString(), "-d", "-c", "unbound.conf"),
                folder,
                folder.resolve("unbound.log"));
        process.awaitListening(PATIENCE, List.of(address));
        return new Unbound(address, process);
    }

    /** Where it serves, by UDP and TCP. */
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        process.close();
    }
}
