/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.rempart.audit.Catalogue;

/**
 * A cipher suite: its number and IANA's name.
 */
public record Suite(int number, String name) {
    private static final Map<Integer, Suite> REGISTERED = read();

    /** How good it is. */
    public enum Grade {
        /** Forward secret and authenticated encryption: what RFC 9325 asks for. */
        GOOD,
        /** Without forward secrecy, or CBC: to be given up. */
        FADING,
        /** Breakable, or no protection at all. */
        BROKEN
    }

    /** All that are registered, but the one that may never be chosen. */
    public static List<Suite> all() {
        return REGISTERED.values().stream().filter(suite -> suite.number != 0).toList();
    }

    /** The suite of a number, registered or not. */
    public static Suite of(int number) {
        Suite known = REGISTERED.get(number);
        return known == null ? new Suite(number, String.format("0x%04X", number)) : known;
    }

    /** Whether it is one of TLS 1.3 (RFC 8446, appendix B.4), whose names have no key exchange. */
    public boolean ofTls13() {
        return number >> 8 == 0x13;
    }

    public boolean nullEncryption() {
        return name.contains("_WITH_NULL") || number == 0xC0B4 || number == 0xC0B5;
    }

    public boolean anonymous() {
        return name.contains("_anon_");
    }

    public boolean export() {
        return name.contains("EXPORT");
    }

    public boolean rc4() {
        return name.contains("RC4");
    }

    /** Whether keys are made again for each connection. */
    public boolean forwardSecret() {
        return ofTls13() || name.startsWith("TLS_ECDHE_") || name.startsWith("TLS_DHE_") || name.contains("PWD");
    }

    public boolean finiteFieldDhe() {
        return name.startsWith("TLS_DHE_") || name.startsWith("TLS_DH_anon");
    }

    public Grade grade() {
        if (ofTls13()) {
            return nullEncryption() ? Grade.BROKEN : Grade.GOOD;
        }
        if (nullEncryption()
                || anonymous()
                || export()
                || rc4()
                || name.contains("_RC2_")
                || name.contains("DES_CBC")
                || name.contains("DES40")
                || name.contains("3DES")
                || name.contains("_IDEA_")
                || name.contains("_28147_")
                || name.endsWith("_MD5")
                || !name.startsWith("TLS_")) {
            return Grade.BROKEN;
        }
        boolean authenticated =
                name.contains("GCM") || name.contains("CCM") || name.contains("POLY1305") || name.contains("_MGM_");
        return forwardSecret() && authenticated ? Grade.GOOD : Grade.FADING;
    }

    @Override
    public String toString() {
        return name;
    }

    private static Map<Integer, Suite> read() {
        Map<Integer, Suite> suites = new TreeMap<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(Catalogue.class.getResourceAsStream("suites.txt"), StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("#")) {
                    int number = Integer.parseInt(line.substring(0, 4), 16);
                    suites.put(number, new Suite(number, line.substring(5)));
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("suites.txt can't be read", e);
        }
        return Collections.unmodifiableMap(suites);
    }
}
