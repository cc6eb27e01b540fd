/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;

/** A key that a server signs the mail of its domain with. */
final class SigningKey {
    private SigningKey() {}

    /** Where the DNS has the public key. */
    static String owner(Variant server) {
        return "s1._domainkey." + server.domain();
    }

    /**
     * Gives a server that has not started yet a new key.
     *
     * @return the text of the key's DNS record
     */
    static String into(Variant server) throws IOException, GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair keys = generator.generateKeyPair();
        Base64.Encoder base64 = Base64.getEncoder();
        server.write(
                "s1.pem",
                "-----BEGIN PRIVATE KEY-----\n"
                        + base64.encodeToString(keys.getPrivate().getEncoded()) + "\n-----END PRIVATE KEY-----\n");
        server.edit(
                "rempart.xml",
                "</policy>",
                "<dkim><sign domain=\"" + server.domain() + "\" selector=\"s1\" key=\"conf/s1.pem\"/></dkim></policy>");
        return "v=DKIM1; k=rsa; p=" + base64.encodeToString(keys.getPublic().getEncoded());
    }
}
