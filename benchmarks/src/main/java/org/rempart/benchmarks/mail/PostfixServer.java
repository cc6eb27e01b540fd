/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
    private final Path conf;
    private final Setup setup;
    private final InetSocketAddress smtp;

    PostfixServer(Path home, Setup setup) throws IOException {
        this.home = home;
        this.conf = home.resolve("conf");
        this.setup = setup;
        this.smtp = ServerProcess.freeAddress();
    }

    /** Why it can't take part here, if it can't. */
    static Optional<String> missing() {
        if (!Files.isExecutable(Path.of("/usr/sbin/postfix"))) {
            return Optional.of("Postfix is not installed");
        }
        if (!System.getProperty("user.name").equals("root")) {
            return Optional.of("Postfix starts only as root");
        }
        return Optional.empty();
    }

    @Override
    public String name() {
        return "Postfix";
    }

    @Override
    public void start(int accounts) throws IOException, InterruptedException {
        Files.createDirectories(conf);
        Files.createDirectories(home.resolve("queue"));
        Path data = Files.createDirectories(home.resolve("data"));
        ServerProcess.run(List.of("chown", "postfix", data.toString()), home);
        for (int i = 0; i < accounts; i++) {
            Path maildir = maildir(i);
            for (String part : List.of("new", "cur", "tmp")) {
                Files.createDirectories(maildir.resolve(part));
            }
        }
        ServerProcess.run(
                List.of("chown", "-R", OWNER + ":" + OWNER, home.resolve("mail").toString()), home);
        Files.writeString(conf.resolve("main.cf"), main(accounts));
        Files.writeString(conf.resolve("master.cf"), master());
        postfix("start");
        long end = System.nanoTime() + 60_000_000_000L;
        while (!ServerProcess.listens(smtp)) {
            if (System.nanoTime() > end) {
                throw new IOException("Postfix does not listen on " + smtp + "; see " + home.resolve("postfix.log"));
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private String main(int accounts) {
        String mailboxes = IntStream.range(0, accounts)
                .mapToObj(i -> "{ " + Mail.account(i) + " = u" + i + "/ }")
                .collect(Collectors.joining(" "));
        return String.join(
                "\n",
                "compatibility_level = 3.6",
                "queue_directory = " + home.resolve("queue"),
                "data_directory = " + home.resolve("data"),
                "maillog_file = " + home.resolve("postfix.log"),
                "maillog_file_prefixes = " + home,
                "myhostname = mail.example.com",
                "mydestination =",
                "inet_interfaces = 127.0.0.1",
                "inet_protocols = ipv4",
                "mynetworks = 127.0.0.0/8",
                "alias_maps =",
                "alias_database =",
                "local_recipient_maps =",
                "smtpd_relay_restrictions = permit_mynetworks, reject",
                "relayhost = [" + setup.sink().getAddress().getHostAddress() + "]:"
                        + setup.sink().getPort(),
                "virtual_mailbox_domains = " + Mail.DOMAIN,
                "virtual_mailbox_base = " + home.resolve("mail"),
                "virtual_mailbox_maps = inline:{ " + mailboxes + " }",
                "virtual_uid_maps = static:" + OWNER,
                "virtual_gid_maps = static:" + OWNER,
                "");
    }

    private String master() {
        String listener = smtp.getAddress().getHostAddress() + ":" + smtp.getPort();
        return String.join(
                "\n",
                listener + " inet n - n - - smtpd",
                "pickup unix n - n 60 1 pickup",
                "cleanup unix n - n - 0 cleanup",
                "qmgr unix n - n 300 1 qmgr",
                "tlsmgr unix - - n 1000? 1 tlsmgr",
                "rewrite unix - - n - - trivial-rewrite",
                "bounce unix - - n - 0 bounce",
                "defer unix - - n - 0 bounce",
                "trace unix - - n - 0 bounce",
                "verify unix - - n - 1 verify",
                "flush unix n - n 1000? 0 flush",
                "proxymap unix - - n - - proxymap",
                "proxywrite unix - - n - 1 proxymap",
                "smtp unix - - n - - smtp",
                "relay unix - - n - - smtp",
                "showq unix n - n - - showq",
                "error unix - - n - - error",
                "retry unix - - n - - error",
                "discard unix - - n - - discard",
                "local unix - n n - - local",
                "virtual unix - n n - - virtual",
                "lmtp unix - - n - - lmtp",
                "anvil unix - - n - 1 anvil",
                "scache unix - - n - 1 scache",
                "postlog unix-dgram n - n - 1 postlogd",
                "");
    }

    private void postfix(String command) throws IOException, InterruptedException {
        // Its master outlives the command and would hold a pipe open.
        Process program = new ProcessBuilder("/usr/sbin/postfix", "-c", conf.toString(), command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("command.log").toFile())
                .start();
        if (program.waitFor() != 0) {
            throw new IOException("postfix " + command + " failed: "
                    + Files.readString(home.resolve("command.log")).strip());
        }
    }

    private Path maildir(int account) {
        return home.resolve("mail").resolve("u" + account);
    }

    @Override
    public InetSocketAddress smtp() {
        return smtp;
    }

    @Override
    public int count(int account) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> mails =
                Files.newDirectoryStream(maildir(account).resolve("new"))) {
            for (Path ignored : mails) {
                count++;
            }
        }
        return count;
    }

    @Override
    public List<String> names(int account) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> mails =
                Files.newDirectoryStream(maildir(account).resolve("new"))) {
            for (Path mail : mails) {
                Mail.nameIn(Files.readString(mail, StandardCharsets.ISO_8859_1)).ifPresent(names::add);
            }
        }
        return names;
    }

    /** CPU time of the master, of its living children, and of those that have ended. */
    @Override
    public long cpuMillis() throws IOException {
        long master = pid();
        Set<Long> family = new HashSet<>(Set.of(master));
        ProcessHandle.of(master).ifPresent(handle -> handle.descendants().forEach(child -> family.add(child.pid())));
        long ticks = 0;
        for (long pid : family) {
            ticks += ticks(pid);
        }
        return ticks * 10;
    }

    /** CPU time of a process and of its children that have ended, in hundredths of a second: proc(5), fields 14 to 17. */
    private static long ticks(long pid) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long ticks = 0;
            for (int i = 11; i <= 14; i++) {
                ticks += Long.parseLong(fields[i]);
            }
            return ticks;
        } catch (NoSuchFileException ended) {
            return 0;
        }
    }

    private long pid() throws IOException {
        return Long.parseLong(
                Files.readString(home.resolve("queue/pid/master.pid")).trim());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (Files.exists(home.resolve("queue/pid/master.pid"))
                && ProcessHandle.of(pid()).isPresent()) {
            postfix("stop");
        }
    }
}
