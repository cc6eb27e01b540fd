/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.tls.MtaStsPublication;

/** The MTA-STS policy of our domains, as this server's configuration makes it. */
public final class OwnPolicy {
    private static final int ID = 20;

    private OwnPolicy() {}

    /** The policy file. */
    public static String text(Home home, MtaStsPublication publication) throws FaultException {
        return publication.text(List.copyOf(MailSettings.of(home).mxNames()));
    }

    /** What the DNS is to say of it, another one for another policy (RFC 8461, section 3.1); {@code rempart dns} has the same. */
    static String id(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, ID);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }
}
