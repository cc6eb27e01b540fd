/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * An SMTP server that accepts every mail for every recipient and stores it: the raw message as {@code <n>.eml}, the
 * envelope and the facts of the connection as {@code <n>.json} ({@link SinkMail}), numbered from 1 in the order of
 * arrival. It offers PIPELINING, 8BITMIME, SIZE and, with a certificate, STARTTLS (TLS 1.3 and 1.2), and serves any
 * number of connections at a time.
 *
 * <p>The message is exactly what came after DATA, with the dots of RFC 5321, section 4.5.2 taken away; no trace field is
 * added. It ends at CRLF.CRLF and at nothing else. A mail gets its 250 once both files lie there.
 */
public final class Sink implements AutoCloseable {
    /** The largest message that is accepted, in bytes; what SIZE announces. */
    public static final long MAX_SIZE = 64L << 20;

    private static final Logger LOGGER = System.getLogger(Sink.class.getName());
    private static final Duration IDLE_LIMIT = Duration.ofMinutes(5);

    private final ServerSocket listener;
    private final Path directory;
    private final String name;
    private final Optional<SSLContext> tls;
    private final Clock clock;
    private final AtomicLong lastNumber;
    private final AtomicInteger connectionCount = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "sink-" + connectionCount.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    });
    private volatile boolean closed;

    private Sink(
            ServerSocket listener,
            Path directory,
            String name,
            Optional<SSLContext> tls,
            Clock clock,
            long lastNumber) {
        this.listener = listener;
        this.directory = directory;
        this.name = name;
        this.tls = tls;
        this.clock = clock;
        this.lastNumber = new AtomicLong(lastNumber);
    }

    /**
     * Listens and serves until {@link #close()}.
     *
     * @param address where to listen; port 0 takes a free one, see {@link #address()}
     * @param directory where mails go; made if missing. Numbering goes on after what lies there
     * @param name the host name of the greeting
     * @param tls the certificate's context; empty offers no STARTTLS
     * @throws IOException if the port is taken or the directory can't be made
     */
    public static Sink start(InetSocketAddress address, Path directory, String name, Optional<SSLContext> tls)
            throws IOException {
        Files.createDirectories(directory);
        long last = SinkMail.all(directory).stream()
                .mapToLong(SinkMail::number)
                .max()
                .orElse(0);
        ServerSocket listener = new ServerSocket();
        try {
            // A sink that is started again finds its port in TIME_WAIT.
            listener.setReuseAddress(true);
            listener.bind(address, 200);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        Sink sink = new Sink(listener, directory, name, tls, Clock.systemUTC(), last);
        sink.threads.execute(sink::accept);
        return sink;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /** Where mails go. */
    public Path directory() {
        return directory;
    }

    /** All mails so far, oldest first. */
    public List<SinkMail> mails() {
        try {
            return SinkMail.all(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("The sink's directory " + directory + " can't be read.", e);
        }
    }

    /** Waits for a mail; see {@link SinkMail#await}. */
    public Optional<SinkMail> await(Predicate<SinkMail> wanted, Duration limit)
            throws IOException, InterruptedException {
        return SinkMail.await(directory, wanted, limit);
    }

    /** Stops listening and cuts the open connections. Mails that got their 250 stay. */
    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
        threads.shutdown();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                open.add(socket);
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                if (!closed) {
                    LOGGER.log(Level.WARNING, "A connection could not be accepted: {0}", e.getMessage());
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout((int) IDLE_LIMIT.toMillis());
            socket.setTcpNoDelay(true);
            new SinkSession(socket, name, tls, this::store).run();
        } catch (IOException e) {
            if (!closed) {
                LOGGER.log(
                        Level.INFO,
                        "The connection of {0} ended: {1}",
                        socket.getRemoteSocketAddress(),
                        e.getMessage());
            }
        } finally {
            open.remove(socket);
        }
    }

    private SinkMail store(SinkMail.Draft draft, byte[] message) throws IOException {
        SinkMail mail = SinkMail.store(directory, lastNumber.incrementAndGet(), draft, clock.instant(), message);
        LOGGER.log(
                Level.INFO,
                "Mail {0}: from <{1}> to {2}, {3} bytes, {4}",
                mail.number(),
                mail.mailFrom(),
                mail.rcptTo(),
                mail.size(),
                mail.tls().map(SinkMail.Tls::protocol).orElse("no TLS"));
        return mail;
    }
}
