/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Base64;
import java.util.Locale;

/** Signs messages as another domain would (RFC 6376). Whether it does so rightly is for the verifier to say. */
final class Signer {
    private final KeyPair keys;

    Signer() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        // Short enough for one string of a TXT record.
        generator.initialize(1024);
        keys = generator.generateKeyPair();
    }

    /** The record that verifiers look up. */
    String record() {
        return "v=DKIM1; k=rsa; p="
                + Base64.getEncoder().encodeToString(keys.getPublic().getEncoded());
    }

    /**
     * The message with a signature on top.
     *
     * @param message with CRLF at its lines' ends
     * @param canonicalisation of header and body, such as {@code relaxed/simple}
     * @param names the fields to cover, with colons between them; each stands at most once in the message
     */
    String sign(String message, String domain, String canonicalisation, String names) throws GeneralSecurityException {
        boolean relaxedHeader = canonicalisation.startsWith("relaxed/");
        int end = message.indexOf("\r\n\r\n") + 2;
        String body = body(message.substring(end + 2), canonicalisation.endsWith("/relaxed"));
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(body.getBytes(ISO_8859_1));
        String unsigned = "DKIM-Signature: v=1; a=rsa-sha256; c=" + canonicalisation + "; d=" + domain
                + "; s=s1;\r\n\th=" + names + ";\r\n\tbh=" + Base64.getEncoder().encodeToString(hash) + ";\r\n\tb=";
        StringBuilder signed = new StringBuilder();
        String[] fields = message.substring(0, end).split("\r\n(?![ \t])", -1);
        for (String name : names.split(":", -1)) {
            for (String field : fields) {
                if (field.regionMatches(true, 0, name + ":", 0, name.length() + 1)) {
                    signed.append(field(field, relaxedHeader)).append("\r\n");
                }
            }
        }
        signed.append(field(unsigned, relaxedHeader));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(signed.toString().getBytes(ISO_8859_1));
        return unsigned + Base64.getEncoder().encodeToString(signature.sign()) + "\r\n" + message;
    }

    /** Sections 3.4.1 and 3.4.2. */
    private static String field(String field, boolean relaxed) {
        if (!relaxed) {
            return field;
        }
        int colon = field.indexOf(':');
        return field.substring(0, colon).trim().toLowerCase(Locale.ROOT)
                + ":"
                + field.substring(colon + 1)
                        .replace("\r\n", "")
                        .replaceAll("[ \t]+", " ")
                        .trim();
    }

    /** Sections 3.4.3 and 3.4.4. */
    private static String body(String body, boolean relaxed) {
        String lines = relaxed ? body.replaceAll("[ \t]+", " ").replaceAll(" \r\n", "\r\n") : body;
        return lines.replaceFirst("(?:\r\n)*\\z", "\r\n");
    }
}
