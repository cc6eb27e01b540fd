/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.Postfix;

/**
 * Postfix as the system has it, in folders of its own: mail for accounts goes to a maildir each by its virtual(8), all
 * else to the sink. Concurrency, syncing and all other settings are as Postfix has them by default. Needs root, like any
 * start of Postfix.
 */
final class PostfixServer implements Contestant {
    /** Who owns the maildirs; Postfix delivers as him. */
    private static final int OWNER = 65534;

    private static final long PAUSE_MILLIS = 50;

    private final Path home;
    private final Setup setup;
    private final InetSocketAddress smtp;
    private Postfix postfix;

    PostfixServer(Path home, Setup setup) throws IOException {
        this.home = home;
        this.setup = setup;
        this.smtp = FreePort.address();
    }

    @Override
    public String name() {
        return "Postfix";
    }

    @Override
    public void start(int accounts) throws IOException, InterruptedException {
        Map<String, String> addresses = new LinkedHashMap<>();
        for (int i = 0; i < accounts; i++) {
            addresses.put(Mail.account(i), "u" + i);
        }
        Map<String, String> settings = new LinkedHashMap<>(Postfix.delivering(home, Mail.DOMAIN, addresses));
        settings.put(
                "relayhost",
                "[" + setup.sink().getAddress().getHostAddress() + "]:"
                        + setup.sink().getPort());
        postfix = Postfix.start(home, Map.of(smtp, Map.of()), settings);
    }

    private Path maildir(int account) {
        return home.resolve("mail").resolve("u" + account).resolve("new");
    }

    @Override
    public InetSocketAddress smtp() {
        return smtp;
    }

    @Override
    public int count(int account) throws IOException {
        return mails(account).size();
    }

    @Override
    public List<String> names(int account) throws IOException {
        List<String> names = new ArrayList<>();
        for (Path mail : mails(account)) {
            Mail.nameIn(Files.readString(mail, StandardCharsets.ISO_8859_1)).ifPresent(names::add);
        }
        return names;
    }

    /** Postfix makes a maildir with its first mail. */
    private List<Path> mails(int account) throws IOException {
        if (!Files.exists(maildir(account))) {
            return List.of();
        }
        try (Stream<Path> mails = Files.list(maildir(account))) {
            return mails.toList();
        }
    }

    @Override
    public long cpuMillis() throws IOException {
        return Usage.cpuMillis(postfix.processes());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (postfix != null) {
            postfix.close();
        }
    }
}
