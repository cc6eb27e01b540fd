/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A sink as a process of its own, on loopback, until it is ended by a signal. */
@Command(name = "sink", description = "Accepts every mail and keeps it as a file.", mixinStandardHelpOptions = true)
public final class SinkMain implements Callable<Integer> {
    @Option(names = "--port", required = true, description = "Where to listen on 127.0.0.1.")
    private int port;

    @Option(names = "--directory", required = true, description = "Where mails go.")
    private Path directory;

    @Option(names = "--name", required = true, description = "The host name of the greeting.")
    private String name;

    @Option(names = "--certificate", required = true, description = "PEM file for STARTTLS.")
    private Path certificate;

    @Option(names = "--key", required = true, description = "PEM file (PKCS#8) for STARTTLS.")
    private Path key;

    private SinkMain() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new SinkMain()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        try (Sink sink =
                Sink.start(address, directory, name, Optional.of(PemKeyPair.serverContext(certificate, key)))) {
            System.out.println("Listening on " + sink.address());
            // The process is ended from outside.
            new CountDownLatch(1).await();
            return 0;
        }
    }
}
