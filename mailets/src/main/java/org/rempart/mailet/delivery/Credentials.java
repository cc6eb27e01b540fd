/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;

/** The account that a gateway knows this server by (RFC 4954). It is shown to nobody but the gateway, and only under TLS. */
public final class Credentials {
    private final String user;
    private final String password;

    private Credentials(String user, String password) {
        this.user = Objects.requireNonNull(user);
        this.password = Objects.requireNonNull(password);
    }

    public static Credentials of(String user, String password) {
        return new Credentials(user, password);
    }

    /** The initial response of the mechanism PLAIN (RFC 4616). */
    String plain() {
        return base64("\0" + user + "\0" + password);
    }

    /** The first answer of the mechanism LOGIN. */
    String loginUser() {
        return base64(user);
    }

    /** The second answer of the mechanism LOGIN. */
    String loginPassword() {
        return base64(password);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Credentials
                && user.equals(((Credentials) other).user)
                && password.equals(((Credentials) other).password);
    }

    @Override
    public int hashCode() {
        return Objects.hash(user, password);
    }

    /** The user alone: this may get into a log. */
    @Override
    public String toString() {
        return user;
    }
}
