/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Finds the listeners of a host. */
final class ListenerSearch {
    private static final int AT_ONCE = 8;

    private final CommandLine line;
    private final String host;
    private final List<String> named;
    private final Duration patience;

    /**
     * A search.
     *
     * @param line for complaints about what was named
     * @param named like {@code submission=587}; empty for the usual ports
     * @param patience for a connection
     */
    ListenerSearch(CommandLine line, String host, List<String> named, Duration patience) {
        this.line = line;
        this.host = host;
        this.named = List.copyOf(named);
        this.patience = patience;
    }

    /** What may listen: what was named, or all services on their usual ports, at one address of each family. */
    List<Listener> candidates() throws IOException {
        List<InetAddress> addresses = addresses();
        List<Listener> all = new ArrayList<>();
        Set<String> wanted = new LinkedHashSet<>(named);
        for (InetAddress address : addresses) {
            if (wanted.isEmpty()) {
                for (Service service : Service.values()) {
                    all.add(new Listener(service, host, address, service.port()));
                }
            }
            for (String text : wanted) {
                Matcher matcher = Pattern.compile("([a-z0-9]+)[=:](\\d{1,5})").matcher(text.toLowerCase(Locale.ROOT));
                if (!matcher.matches()) {
                    throw new ParameterException(line, "'" + text + "' is not like submission=587");
                }
                Service service;
                try {
                    service = Service.valueOf(matcher.group(1).toUpperCase(Locale.ROOT));
                } catch (IllegalArgumentException e) {
                    throw new ParameterException(
                            line,
                            "there is no service '" + matcher.group(1)
                                    + "'; smtp, submission, submissions, imap, imaps, pop3, pop3s and sieve are known",
                            e);
                }
                int port = Integer.parseInt(matcher.group(2));
                if (port < 1 || port > 65535) {
                    throw new ParameterException(line, port + " is no port");
                }
                all.add(new Listener(service, host, address, port));
            }
        }
        return all;
    }

    /** One address of each family. */
    private List<InetAddress> addresses() throws IOException {
        InetAddress[] all;
        try {
            all = InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw new IOException("there is no host " + host, e);
        }
        List<InetAddress> chosen = new ArrayList<>();
        for (Class<?> family : List.of(Inet4Address.class, Inet6Address.class)) {
            for (InetAddress address : all) {
                if (family.isInstance(address)) {
                    chosen.add(address);
                    break;
                }
            }
        }
        return chosen;
    }

    /**
     * Those of them that take a connection.
     *
     * @throws IOException also if one that was named does not
     */
    List<Listener> listening(List<Listener> candidates, Optional<InetAddress> source) throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, task -> {
            Thread thread = new Thread(task, "ports");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<Boolean>> answers = new ArrayList<>();
            for (Listener candidate : candidates) {
                answers.add(threads.submit(() -> listens(candidate, source)));
            }
            List<Listener> found = new ArrayList<>();
            for (int i = 0; i < candidates.size(); i++) {
                boolean asked = !named.isEmpty() && candidates.get(i).address() instanceof Inet4Address;
                if (answers.get(i).get()) {
                    found.add(candidates.get(i));
                } else if (asked) {
                    throw new IOException("nothing answers on " + host + " at " + candidates.get(i));
                }
            }
            return found;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private boolean listens(Listener listener, Optional<InetAddress> source) {
        try (Socket socket = new Socket()) {
            if (source.isPresent()) {
                socket.bind(new InetSocketAddress(source.get(), 0));
            }
            socket.connect(listener.socketAddress(), (int) patience.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
