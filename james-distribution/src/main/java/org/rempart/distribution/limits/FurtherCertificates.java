/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import java.io.InputStream;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import nl.altindag.ssl.util.PemUtils;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ClientAuth;
import org.apache.james.protocols.netty.Encryption;

/**
 * A listener's TLS with more than one certificate, where {@code <tls>} has {@code <privateKey>} and {@code <certificates>} more
 * than once. James takes the first of each: with ECDSA alone, those who know only RSA are left out.
 */
public final class FurtherCertificates {
    private static final List<String> KEY_TYPES = List.of("RSA", "RSASSA-PSS", "EC", "EdDSA");
    private static final char[] NONE = new char[0];

    private FurtherCertificates() {}

    /**
     * The same TLS with all certificates; as it was where there is but one, or none.
     *
     * @param tls what James made of the configuration; null where there is no TLS
     * @throws ConfigurationException when there are not as many keys as certificates
     */
    public static Encryption of(Encryption tls, Configuration config, FileSystem files) throws Exception {
        List<String> keys = config.getList(String.class, "tls.privateKey", List.of());
        List<String> certificates = config.getList(String.class, "tls.certificates", List.of());
        if (tls == null || !tls.supportsEncryption() || (keys.size() < 2 && certificates.size() < 2)) {
            return tls;
        }
        if (keys.size() != certificates.size()) {
            throw new ConfigurationException("<tls> has " + certificates.size() + " <certificates> and " + keys.size()
                    + " <privateKey>; write one <privateKey> for each <certificates>, in the same order");
        }
        if (tls.getClientAuth() != ClientAuth.NONE) {
            throw new ConfigurationException(
                    "<clientAuth> goes with one certificate; leave one <privateKey> and one <certificates>");
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < keys.size(); i++) {
            add(store, i, certificates.get(i), keys.get(i), config, files);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        managers.init(store, NONE);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        String[] protocols = config.getStringArray("tls.supportedProtocols.protocol");
        return tls.isStartTLS()
                ? Encryption.createStartTls(context, tls.getEnabledCipherSuites(), protocols, ClientAuth.NONE)
                : Encryption.createTls(context, tls.getEnabledCipherSuites(), protocols, ClientAuth.NONE);
    }

    private static void add(
            KeyStore store, int number, String certificate, String key, Configuration config, FileSystem files)
            throws Exception {
        X509ExtendedKeyManager pair;
        try (InputStream chain = files.getResource(certificate);
                InputStream own = files.getResource(key)) {
            pair = PemUtils.loadIdentityMaterial(
                    chain,
                    own,
                    Optional.ofNullable(config.getString("tls.secret", null))
                            .map(String::toCharArray)
                            .orElse(null));
        }
        for (String type : KEY_TYPES) {
            String[] aliases = pair.getServerAliases(type, null);
            if (aliases != null && aliases.length > 0) {
                store.setKeyEntry(
                        "certificate-" + number,
                        pair.getPrivateKey(aliases[0]),
                        NONE,
                        pair.getCertificateChain(aliases[0]));
                return;
            }
        }
        throw new ConfigurationException(key + " holds no key of RSA, ECDSA or Ed25519");
    }
}
