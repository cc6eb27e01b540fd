/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.netty.resolver.DefaultAddressResolverGroup;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.rempart.policy.Opener;
import org.rempart.policy.shared.SharedPolicy;

/** Opens connections to the store, of whatever kind it is. */
final class Connector implements AutoCloseable {
    private static final String HMAC = "HmacSHA256";
    private static final int LONGEST_PASSWORD = 4096;
    private static final Duration TOPOLOGY = Duration.ofSeconds(30);

    private final String password;
    private final ClientResources resources;
    private final AbstractRedisClient client;
    private final Supplier<Link> opening;

    /** A connection, which many threads use at a time. */
    static final class Link implements AutoCloseable {
        private final StatefulConnection<String, String> connection;
        private final RedisClusterAsyncCommands<String, String> commands;
        private final boolean many;

        private Link(
                StatefulConnection<String, String> connection,
                RedisClusterAsyncCommands<String, String> commands,
                boolean many) {
            this.connection = connection;
            this.commands = commands;
            this.many = many;
        }

        RedisClusterAsyncCommands<String, String> commands() {
            return commands;
        }

        boolean isOpen() {
            return connection.isOpen();
        }

        /** Whether it leads to several servers, of which one may be away while the others serve. */
        boolean isToMany() {
            return many;
        }

        /** Waits for nothing. */
        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        public void close() {
            connection.closeAsync();
        }
    }

    private Connector(String password, ClientResources resources, AbstractRedisClient client, Supplier<Link> opening) {
        this.password = password;
        this.resources = resources;
        this.client = client;
        this.opening = opening;
    }

    /** @throws IOException when a file that the policy names can't be read; the message says what is right */
    static Connector of(SharedPolicy policy, Opener files) throws IOException {
        String password = password(policy, policy.passwordUrl(), files);
        Optional<String> sentinels = policy.sentinelPasswordUrl().isPresent()
                ? Optional.of(password(policy, policy.sentinelPasswordUrl().get(), files))
                : Optional.empty();
        SslOptions tls = tls(policy, files);
        List<RedisURI> servers = policy.servers().stream()
                .map(server -> uri(policy, server, password, sentinels))
                .collect(Collectors.toList());
        ClientResources resources = ClientResources.builder()
                .ioThreadPoolSize(2)
                .computationThreadPoolSize(2)
                // The JVM's, as all else that James looks up.
                .addressResolverGroup(DefaultAddressResolverGroup.INSTANCE)
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .build();
        if (policy.kind() == SharedPolicy.Kind.CLUSTER) {
            RedisClusterClient client = RedisClusterClient.create(resources, servers);
            client.setOptions(clusterOptions(policy, tls));
            return new Connector(password, resources, client, () -> {
                client.refreshPartitions();
                StatefulRedisClusterConnection<String, String> connection = client.connect();
                return new Link(connection, connection.async(), true);
            });
        }
        RedisClient client = RedisClient.create(resources, servers.get(0));
        // It is opened again by who uses it, and checked first: what is in the store may be gone.
        client.setOptions(options(ClientOptions.builder(), policy, tls)
                .autoReconnect(false)
                .build());
        return new Connector(password, resources, client, () -> {
            StatefulRedisConnection<String, String> connection = client.connect();
            return new Link(connection, connection.async(), false);
        });
    }

    private static ClusterClientOptions clusterOptions(SharedPolicy policy, SslOptions tls) {
        ClusterClientOptions.Builder options = ClusterClientOptions.builder()
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(TOPOLOGY)
                        .enableAllAdaptiveRefreshTriggers()
                        .build());
        options(options, policy, tls);
        return options.build();
    }

    private static <B extends ClientOptions.Builder> B options(B options, SharedPolicy policy, SslOptions tls) {
        options.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(policy.timeout())
                        .keepAlive(true)
                        .build())
                .sslOptions(tls);
        return options;
    }

    private static RedisURI uri(
            SharedPolicy policy, InetSocketAddress server, String password, Optional<String> sentinelPassword) {
        RedisURI.Builder uri = RedisURI.builder();
        if (policy.kind() == SharedPolicy.Kind.SENTINEL) {
            uri.withSentinelMasterId(policy.master().orElseThrow());
            // All of them know the same.
            policy.servers().forEach(sentinel -> uri.withSentinel(sentinel(policy, sentinel, sentinelPassword)));
        } else {
            uri.withHost(server.getHostString()).withPort(server.getPort());
        }
        return encrypted(policy, uri)
                .withAuthentication(policy.user().orElse("default"), password.toCharArray())
                .withClientName("rempart")
                .build();
    }

    private static RedisURI sentinel(SharedPolicy policy, InetSocketAddress server, Optional<String> password) {
        RedisURI.Builder uri =
                RedisURI.builder().withHost(server.getHostString()).withPort(server.getPort());
        password.ifPresent(secret -> uri.withPassword(secret.toCharArray()));
        return encrypted(policy, uri).build();
    }

    private static RedisURI.Builder encrypted(SharedPolicy policy, RedisURI.Builder uri) {
        return uri.withSsl(policy.encrypted())
                .withVerifyPeer(SslVerifyMode.FULL)
                .withTimeout(policy.timeout());
    }

    private static SslOptions tls(SharedPolicy policy, Opener files) throws IOException {
        SslOptions.Builder tls = SslOptions.builder()
                .jdkSslProvider()
                .protocols("TLSv1.3", "TLSv1.2")
                .handshakeTimeout(policy.timeout());
        if (policy.trustUrl().isPresent()) {
            byte[] certificates = read(policy, policy.trustUrl().get(), files);
            tls.trustManager((SslOptions.Resource) () -> new ByteArrayInputStream(certificates));
        }
        return tls.build();
    }

    private static String password(SharedPolicy policy, String url, Opener files) throws IOException {
        String password = new String(read(policy, url, files), StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElse("")
                .strip();
        if (password.isEmpty() || password.length() > LONGEST_PASSWORD) {
            throw new IOException(policy.rule() + ": " + url + " holds no password in its first line");
        }
        return password;
    }

    private static byte[] read(SharedPolicy policy, String url, Opener files) throws IOException {
        try (InputStream in = files.open(url)) {
            return in.readAllBytes();
        } catch (IOException unreadable) {
            throw new IOException(
                    policy.rule() + ": " + url + " can't be read (" + unreadable.getMessage()
                            + "); name a file that is there and that the server's user can read",
                    unreadable);
        }
    }

    /**
     * Opens a connection; waits for the store's timeout a few times at most.
     *
     * @throws io.lettuce.core.RedisException when it can't be had
     */
    Link open() {
        return opening.get();
    }

    /** What can be worked out from the password and the purpose alone. */
    byte[] secret(String purpose) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(password.getBytes(StandardCharsets.UTF_8), HMAC));
            return mac.doFinal(purpose.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            // Every Java has HMAC-SHA256.
            throw new AssertionError(impossible);
        }
    }

    // Nothing depends on its end.
    @SuppressWarnings("FutureReturnValueIgnored")
    @Override
    public void close() {
        client.shutdown(0, 1, TimeUnit.SECONDS);
        resources.shutdown(0, 1, TimeUnit.SECONDS);
    }
}
