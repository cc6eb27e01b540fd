/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.policy.submission.Quantities;

/** Reads {@code <shared>}. */
final class SharedReader {
    private static final String STORE = "write store=\"rediss://redis.example:6379\"";
    private static final String ENCRYPTED = "rediss";
    private static final String CLEAR = "redis";
    private static final int SERVER_PORT = 6379;
    private static final int SENTINEL_PORT = 26379;
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|::1");
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private SharedReader() {}

    static SharedPolicy read(XmlElement shared) throws PolicyException {
        boolean sentinels = shared.hasAttribute("sentinel");
        boolean cluster = cluster(shared);
        if (sentinels && cluster) {
            throw shared.fault(
                    "<shared> has sentinel and cluster", "keep the one that its servers are; a Redis Cluster has none");
        }
        List<URI> stores = stores(shared);
        boolean encrypted = ENCRYPTED.equals(stores.get(0).getScheme());
        List<InetSocketAddress> servers = new ArrayList<>();
        for (URI store : stores) {
            int port = sentinels ? SENTINEL_PORT : SERVER_PORT;
            servers.add(InetSocketAddress.createUnresolved(host(store), store.getPort() < 0 ? port : store.getPort()));
        }
        if (servers.size() > 1 && !sentinels && !cluster) {
            throw shared.fault(
                    "<shared> names " + servers.size() + " servers",
                    "name one, or write sentinel=\"NAME\" where they are sentinels, or cluster=\"true\" where they are a"
                            + " Redis Cluster");
        }
        SharedPolicy.Builder policy = SharedPolicy.of(
                        servers,
                        encrypted,
                        shared.required("password", "write the file that holds it, password=\"conf/redis.password\""),
                        shared.rule())
                .user(given(shared, "user", "write the user of the store, or remove it")
                        .orElse(null))
                .trust(given(shared, "trust", "write the file with the trusted certificates, or remove it")
                        .orElse(null))
                .timeout(timeout(shared))
                .prefix(prefix(shared));
        if (sentinels) {
            policy.sentinels(
                    shared.required(
                            "sentinel", "write the name that sentinels know the store by, sentinel=\"mymaster\""),
                    given(shared, "sentinelPassword", "write the file that holds it, or remove it")
                            .orElse(null));
        } else if (shared.hasAttribute("sentinelPassword")) {
            throw shared.fault(
                    "<shared> has a sentinelPassword, and no sentinel", "remove it, or write sentinel=\"NAME\"");
        } else if (cluster) {
            policy.cluster();
        }
        if (encrypted) {
            onlyInClear(shared);
        } else {
            clear(shared, servers, policy);
        }
        return policy.build();
    }

    private static boolean cluster(XmlElement shared) throws PolicyException {
        String cluster = shared.attribute("cluster").orElse("false");
        if (!Set.of("true", "false").contains(cluster)) {
            throw shared.fault(
                    Wording.quoted(cluster) + " is unknown as cluster of <shared>",
                    Wording.possible(cluster, List.of("true", "false")));
        }
        return cluster.equals("true");
    }

    private static List<URI> stores(XmlElement shared) throws PolicyException {
        List<URI> stores = new ArrayList<>();
        for (String written : shared.list(shared.required("store", STORE), "servers")) {
            URI store = store(shared, written);
            if (!stores.isEmpty() && !stores.get(0).getScheme().equals(store.getScheme())) {
                throw shared.fault("<shared> names servers with TLS and without", "write rediss:// for all of them");
            }
            stores.add(store);
        }
        return stores;
    }

    private static URI store(XmlElement shared, String written) throws PolicyException {
        if (written.contains("@")) {
            throw shared.fault(
                    "an address of <shared> has a user or a password in it",
                    "write user=\"…\" and password=\"FILE\": this file is read by many");
        }
        URI store;
        try {
            store = new URI(written);
        } catch (URISyntaxException none) {
            throw shared.fault(Wording.quoted(written) + " is no address of a store", STORE);
        }
        if (!ENCRYPTED.equals(store.getScheme()) && !CLEAR.equals(store.getScheme())) {
            throw shared.fault(Wording.quoted(written) + " does not begin with rediss:// or redis://", STORE);
        }
        boolean more = store.getRawQuery() != null
                || store.getRawFragment() != null
                || !Optional.ofNullable(store.getRawPath()).orElse("").isEmpty();
        if (store.getHost() == null || store.getPort() == 0 || store.getPort() > 0xffff || more) {
            throw shared.fault(
                    Wording.quoted(written) + " is more or less than a host and a port",
                    STORE + "; several installations in one store differ by prefix=\"…\"");
        }
        return store;
    }

    /** Without the brackets of an IPv6 address. */
    private static String host(URI store) {
        String host = store.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private static Optional<String> given(XmlElement shared, String attribute, String right) throws PolicyException {
        return shared.hasAttribute(attribute) ? Optional.of(shared.required(attribute, right)) : Optional.empty();
    }

    private static Duration timeout(XmlElement shared) throws PolicyException {
        Optional<String> written = shared.attribute("timeout");
        if (written.isEmpty()) {
            return SharedPolicy.TIMEOUT;
        }
        Duration timeout;
        try {
            timeout = Quantities.duration(written.get());
        } catch (PolicyException fault) {
            throw shared.fault(fault);
        }
        if (timeout.compareTo(LONGEST) > 0) {
            throw shared.fault(
                    "a timeout of " + written.get() + " keeps clients waiting too long",
                    "write " + LONGEST.toSeconds() + "s at most");
        }
        return timeout;
    }

    private static String prefix(XmlElement shared) throws PolicyException {
        String prefix = shared.attribute("prefix").orElse(SharedPolicy.PREFIX);
        if (!PREFIX.matcher(prefix).matches()) {
            throw shared.fault(
                    Wording.quoted(prefix) + " can't be a prefix of <shared>",
                    "write up to 64 letters, digits, dots, hyphens and underscores");
        }
        return prefix;
    }

    private static void onlyInClear(XmlElement shared) throws PolicyException {
        if (shared.hasAttribute("reason")) {
            throw shared.fault("<shared> has a reason, and is encrypted", "remove the reason");
        }
    }

    private static void clear(XmlElement shared, List<InetSocketAddress> servers, SharedPolicy.Builder policy)
            throws PolicyException {
        if (shared.hasAttribute("trust")) {
            throw shared.fault("redis:// has no certificates to trust", "write rediss://, or remove trust");
        }
        boolean network = servers.stream()
                .anyMatch(server -> !LOOPBACK.matcher(server.getHostString()).matches());
        if (network) {
            shared.required("reason", "write rediss://, or reason=\"…\" for passwords and keys in clear text");
            policy.exception();
        } else {
            onlyInClear(shared);
        }
    }
}
