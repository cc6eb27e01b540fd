/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.rempart.testsupport.FreePort;

/** A James, ours or stock: a Java process that is administered over HTTP, and whose mailboxes are read over IMAP. */
abstract class JamesServer implements Contestant {
    private final String name;
    private final Path home;
    private final InetSocketAddress smtp;
    private final InetSocketAddress webadmin;
    private final InetSocketAddress submissions;
    private final Mailboxes mailboxes;
    private ServerProcess process;

    JamesServer(String name, Path home, Mailboxes.Connector imap) throws IOException {
        this.name = name;
        this.home = home;
        this.smtp = FreePort.address();
        this.webadmin = FreePort.address();
        this.submissions = FreePort.address();
        this.mailboxes = new Mailboxes(imap);
    }

    /**
     * Writes the configuration.
     *
     * @return the command that runs the server
     */
    abstract List<String> prepare() throws IOException, InterruptedException;

    /** What the administration asks for, once the server runs. */
    abstract Optional<String> token() throws IOException;

    @Override
    public String name() {
        return name;
    }

    @Override
    public void start(int accounts) throws IOException, InterruptedException {
        process = new ServerProcess(prepare(), home, home.resolve("console.log"));
        process.awaitListening(smtp);
        process.awaitListening(submissions);
        process.awaitListening(webadmin);
        new WebAdmin(webadmin, token()).addAccounts(accounts);
    }

    Path home() {
        return home;
    }

    InetSocketAddress webadmin() {
        return webadmin;
    }

    @Override
    public InetSocketAddress smtp() {
        return smtp;
    }

    InetSocketAddress submissions() {
        return submissions;
    }

    @Override
    public Optional<Submission> submission() {
        return Optional.of(new Submission(submissions, home.resolve("ca.pem")));
    }

    @Override
    public int count(int account) throws IOException {
        return mailboxes.count(account);
    }

    @Override
    public List<String> names(int account) throws IOException {
        return mailboxes.names(account);
    }

    @Override
    public long cpuMillis() {
        return process.cpuMillis();
    }

    @Override
    public long peakKib() throws IOException {
        return process.peakKib();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        mailboxes.close();
        if (process != null) {
            process.close();
        }
    }
}
