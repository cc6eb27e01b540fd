/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.core.Domain;

/** Tells what belongs to the inside: addresses that no network routes, names that no DNS knows, and our own. */
final class InnerNames {
    /** Special-use and customary names of inner networks: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's .internal. */
    private static final Set<String> INNER_TOP_LEVELS = Set.of(
            "local",
            "localhost",
            "localdomain",
            "lan",
            "internal",
            "intranet",
            "corp",
            "home",
            "private",
            "test",
            "invalid",
            "alt",
            "onion",
            "arpa");

    private static final Pattern IPV4 =
            Pattern.compile("(?<![0-9A-Za-z.])(\\d{1,3}(?:\\.\\d{1,3}){3})(?![0-9A-Za-z.])");
    private static final Pattern IPV6 = Pattern.compile(
            "(?<![0-9A-Za-z.:])([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\\d{1,3}(?:\\.\\d{1,3}){3})?)(?![0-9A-Za-z:])");

    private final Predicate<Domain> ours;
    private final String publicName;

    /**
     * @param ours whether a domain is one that we receive mail for
     * @param publicName the name by which the outside knows this host
     */
    InnerNames(Predicate<Domain> ours, String publicName) {
        this.ours = ours;
        this.publicName = publicName.toLowerCase(Locale.ROOT);
    }

    /** The addresses that the text holds, wherever they stand in it. */
    static List<InetAddress> addresses(String text) {
        List<InetAddress> found = new ArrayList<>();
        collect(IPV4.matcher(text), found);
        collect(IPV6.matcher(text.replaceAll("(?i)IPv6:", " ")), found);
        return found;
    }

    private static void collect(Matcher matcher, List<InetAddress> found) {
        while (matcher.find()) {
            String literal = matcher.group(1);
            // A time such as 10:20:30 has the shape of a short IPv6 address, but is none without "::".
            boolean complete = literal.indexOf('.') >= 0
                    || literal.contains("::")
                    || literal.chars().filter(c -> c == ':').count() == 7;
            if (complete) {
                try {
                    found.add(InetAddress.getByName(literal));
                } catch (UnknownHostException notAnAddress) {
                    // Digits and dots of another meaning, such as a version.
                }
            }
        }
    }

    /** Whether no network outside routes the address: RFC 1918, 3927, 4193, 4291, 6598. */
    static boolean isInner(InetAddress address) {
        if (address.isSiteLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isAnyLocalAddress()) {
            return true;
        }
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xff;
        int second = bytes[1] & 0xff;
        return bytes.length == 4 ? first == 100 && second >= 64 && second < 128 : (first & 0xfe) == 0xfc;
    }

    /** Whether the text holds an address of the inside. */
    static boolean holdsInnerAddress(String text) {
        return addresses(text).stream().anyMatch(InnerNames::isInner);
    }

    /** Whether a host of this name is ours, or of somebody's inside. */
    boolean isInner(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.endsWith(".")) {
            name = name.substring(0, name.length() - 1);
        }
        int dot = name.lastIndexOf('.');
        return name.equals(publicName)
                || dot < 0
                || INNER_TOP_LEVELS.contains(name.substring(dot + 1))
                || isBelowOurs(name);
    }

    private boolean isBelowOurs(String name) {
        String domain = name;
        while (domain.indexOf('.') > 0) {
            if (isOurs(domain)) {
                return true;
            }
            domain = domain.substring(domain.indexOf('.') + 1);
        }
        return false;
    }

    private boolean isOurs(String domain) {
        try {
            return ours.test(Domain.of(domain));
        } catch (IllegalArgumentException noDomain) {
            return false;
        }
    }
}
