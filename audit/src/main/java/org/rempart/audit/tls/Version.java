/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

/** A version of TLS, and what it was before it had that name. */
public enum Version {
    SSL2(0x0002, "SSLv2"),
    SSL3(0x0300, "SSLv3"),
    TLS10(0x0301, "TLSv1"),
    TLS11(0x0302, "TLSv1.1"),
    TLS12(0x0303, "TLSv1.2"),
    TLS13(0x0304, "TLSv1.3");

    private final int code;
    private final String label;

    Version(int code, String label) {
        this.code = code;
        this.label = label;
    }

    public int code() {
        return code;
    }

    /** As Java names it. */
    public String label() {
        return label;
    }

    /** Whether it is one that must not be used (RFC 6176, 7568, 8996). */
    public boolean old() {
        return compareTo(TLS12) < 0;
    }

    /** The version with this number, or null. */
    public static Version of(int code) {
        for (Version version : values()) {
            if (version.code == code) {
                return version;
            }
        }
        return null;
    }
}
