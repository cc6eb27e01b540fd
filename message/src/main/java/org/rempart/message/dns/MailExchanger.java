/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.util.Locale;

/** A host that takes mail for a domain, as an MX record names it (RFC 5321, section 5.1). */
public final class MailExchanger {
    private final String host;
    private final int preference;

    private MailExchanger(String host, int preference) {
        this.host = host;
        this.preference = preference;
    }

    /**
     * @param host its name; a dot alone is the root, which a null MX names (RFC 7505)
     * @param preference the lower, the sooner it is tried
     */
    public static MailExchanger of(String host, int preference) {
        return new MailExchanger(withoutDot(host), preference);
    }

    /** {@code mx.example.com.} is the same name, written absolutely; in lower case. */
    public static String withoutDot(String name) {
        String lower = name.trim().toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    /** Its name, in lower case, without a dot at its end; empty for the root. */
    public String host() {
        return host;
    }

    /** The lower, the sooner it is tried. */
    public int preference() {
        return preference;
    }

    @Override
    public String toString() {
        return preference + " " + host;
    }
}
