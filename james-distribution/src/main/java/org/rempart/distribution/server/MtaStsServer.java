/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.james.protocols.lib.netty.CertificateReloadable;
import org.rempart.distribution.checks.Identity;
import org.rempart.distribution.limits.ConnectionGate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the MTA-STS policy of our domains (RFC 8461, section 3.3): one file over HTTPS, an answer a connection, and nothing else.
 *
 * <p>What a client may take is bounded: {@value #CONNECTIONS} connections in all and {@value #FROM_ONE_NETWORK} from one
 * network, ten seconds from the first byte of the handshake to the last one of the answer, {@value #LARGEST_REQUEST} bytes of
 * request.
 */
final class MtaStsServer implements CertificateReloadable, CertificateReloadable.Factory {
    static final int CONNECTIONS = 100;
    static final int FROM_ONE_NETWORK = 10;
    static final int LARGEST_REQUEST = 8192;

    private static final Logger LOGGER = LoggerFactory.getLogger(MtaStsServer.class);

    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final long PAUSE_NANOS = Duration.ofMillis(100).toNanos();
    private static final int BACKLOG = 100;
    private static final int SESSIONS = 1_000;
    private static final int SESSION_SECONDS = 3_600;

    private static final String PATH = "/.well-known/mta-sts.txt";
    private static final Pattern REQUEST = Pattern.compile("([A-Z]{1,20}) (\\S+) HTTP/1\\.[01]");
    private static final Pattern HOST = Pattern.compile("mta-sts\\.([a-z0-9.-]{1,253}?)\\.?(:\\d{1,5})?");
    private static final Pattern ABSOLUTE = Pattern.compile("(?i)https://([^/]+)(/.*)");

    /** Whether a domain, in lower case, is one of ours. */
    interface Domains {
        boolean contains(String domain) throws Exception;
    }

    private final InetSocketAddress address;
    private final Identity identity;
    private final List<String> protocols;
    private final String policy;
    private final Domains domains;
    private final Duration deadline;
    private final ConnectionGate gate = new ConnectionGate("mta-sts", CONNECTIONS, FROM_ONE_NETWORK, "");
    private final ExecutorService threads = Executors.newCachedThreadPool(daemons());
    private final ScheduledThreadPoolExecutor watch = new ScheduledThreadPoolExecutor(1, daemons());
    private volatile SSLContext tls;
    private volatile ServerSocket listener;

    /**
     * @param identity the certificate and its key
     * @param protocols the TLS versions that it offers
     * @param policy the policy file, in ASCII
     */
    MtaStsServer(InetSocketAddress address, Identity identity, List<String> protocols, String policy, Domains domains) {
        this(address, identity, protocols, policy, domains, DEADLINE);
    }

    MtaStsServer(
            InetSocketAddress address,
            Identity identity,
            List<String> protocols,
            String policy,
            Domains domains,
            Duration deadline) {
        this.address = address;
        this.identity = identity;
        this.protocols = List.copyOf(protocols);
        this.policy = policy;
        this.domains = domains;
        this.deadline = deadline;
        watch.setRemoveOnCancelPolicy(true);
    }

    private static ThreadFactory daemons() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "mta-sts-policy-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Listens, and serves until {@link #stop()}. */
    void start() throws Exception {
        reloadSSLCertificate();
        listener = new ServerSocket();
        listener.setReuseAddress(true);
        listener.bind(address, BACKLOG);
        threads.execute(this::accept);
        LOGGER.info("The MTA-STS policy of our domains is served at port {}", getPort());
    }

    void stop() {
        try {
            if (listener != null) {
                listener.close();
            }
        } catch (IOException left) {
            LOGGER.debug("It ends with the process", left);
        }
        threads.shutdownNow();
        watch.shutdownNow();
    }

    @Override
    public Stream<? extends CertificateReloadable> certificatesReloadable() {
        return Stream.of(this);
    }

    @Override
    public int getPort() {
        return listener == null ? address.getPort() : listener.getLocalPort();
    }

    /** Reads certificate and key; what they were stays when they can't be used. */
    @Override
    public void reloadSSLCertificate() throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(identity.keyStore(), new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        context.getServerSessionContext().setSessionCacheSize(SESSIONS);
        context.getServerSessionContext().setSessionTimeout(SESSION_SECONDS);
        tls = context;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Object network = ConnectionGate.network(client.getInetAddress());
                if (gate.enter(network)) {
                    begin(client, network);
                } else {
                    client.close();
                }
            } catch (IOException | RuntimeException failure) {
                if (!listener.isClosed()) {
                    // Without file descriptors every try would fail at once.
                    LOGGER.warn("The MTA-STS policy can't be served to somebody: {}", failure.toString());
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        }
    }

    private void begin(Socket client, Object network) throws IOException {
        try {
            threads.execute(() -> serve(client, network));
        } catch (RuntimeException | OutOfMemoryError noThread) {
            gate.leave(network);
            close(client);
            throw new IOException("there is no thread for it", noThread);
        }
    }

    private void serve(Socket client, Object network) {
        try (client) {
            Future<?> end = watch.schedule(() -> close(client), deadline.toMillis(), TimeUnit.MILLISECONDS);
            try (SSLSocket socket =
                    (SSLSocket) tls.getSocketFactory().createSocket(client, InputStream.nullInputStream(), true)) {
                socket.setSSLParameters(parameters());
                socket.startHandshake();
                Answer answer = answer(socket.getInputStream());
                socket.getOutputStream().write(answer.bytes());
                socket.getOutputStream().flush();
            } finally {
                end.cancel(false);
            }
        } catch (IOException | RuntimeException gone) {
            LOGGER.debug("A client of the MTA-STS policy is gone", gone);
        } finally {
            gate.leave(network);
        }
    }

    private static void close(Socket client) {
        try {
            client.close();
        } catch (IOException gone) {
            // It is closed either way.
        }
    }

    private SSLParameters parameters() {
        SSLParameters parameters = tls.getDefaultSSLParameters();
        parameters.setProtocols(protocols.toArray(String[]::new));
        parameters.setCipherSuites(Arrays.stream(parameters.getCipherSuites())
                .filter(MtaStsServer::isOfToday)
                .toArray(String[]::new));
        parameters.setUseCipherSuitesOrder(true);
        return parameters;
    }

    /** Those of TLS 1.3, and those with forward secrecy that authenticate as they encrypt. */
    private static boolean isOfToday(String suite) {
        return suite.startsWith("TLS_AES_")
                || suite.startsWith("TLS_CHACHA20_")
                || (suite.startsWith("TLS_ECDHE_") && (suite.contains("_GCM_") || suite.contains("_CHACHA20_")));
    }

    /**
     * An answer.
     *
     * @param sent whether the body is sent, and not its length alone
     */
    private record Answer(String status, String body, boolean sent) {
        private static Answer of(String status) {
            return new Answer(status, "", true);
        }

        private byte[] bytes() {
            return ("HTTP/1.1 " + status + "\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                            + "\r\nConnection: close\r\n\r\n" + (sent ? body : ""))
                    .getBytes(StandardCharsets.US_ASCII);
        }
    }

    private Answer answer(InputStream in) throws IOException {
        String head = head(in);
        if (head == null) {
            return Answer.of("431 Request Header Fields Too Large");
        }
        String[] lines = head.split("\r\n", -1);
        Matcher request = REQUEST.matcher(lines[0]);
        if (!request.matches()) {
            return Answer.of("400 Bad Request");
        }
        String path = request.group(2);
        List<String> hosts = Arrays.stream(lines)
                .filter(line -> line.regionMatches(true, 0, "Host:", 0, 5))
                .map(line -> line.substring(5).strip())
                .toList();
        if (hosts.size() != 1) {
            return Answer.of("400 Bad Request");
        }
        String host = hosts.get(0);
        // RFC 9112, section 3.2.2.
        Matcher absolute = ABSOLUTE.matcher(path);
        if (absolute.matches()) {
            host = absolute.group(1);
            path = absolute.group(2);
        }
        Matcher name = HOST.matcher(host.toLowerCase(Locale.ROOT));
        try {
            if (!path.equals(PATH) || !name.matches() || !domains.contains(name.group(1))) {
                return Answer.of("404 Not Found");
            }
        } catch (IllegalArgumentException noName) {
            return Answer.of("404 Not Found");
        } catch (Exception unknown) {
            LOGGER.debug("Whether {} is a domain of ours can't be told", name.group(1), unknown);
            return Answer.of("503 Service Unavailable");
        }
        return switch (request.group(1)) {
            case "GET" -> new Answer("200 OK", policy, true);
            case "HEAD" -> new Answer("200 OK", policy, false);
            default -> Answer.of("405 Method Not Allowed\r\nAllow: GET, HEAD");
        };
    }

    /** The request without the empty line at its end; null when it is too large. */
    private static String head(InputStream in) throws IOException {
        byte[] head = new byte[LARGEST_REQUEST];
        int length = 0;
        while (length < head.length) {
            int more = in.read(head, length, head.length - length);
            if (more < 0) {
                throw new IOException("the client has left");
            }
            length += more;
            String text = new String(head, 0, length, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end >= 0) {
                return text.substring(0, end);
            }
        }
        return null;
    }

    /** Where a listener is to be. */
    static InetSocketAddress address(String literal, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByName(literal), port);
    }
}
