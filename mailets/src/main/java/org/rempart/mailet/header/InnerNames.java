/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
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

    // Bounded on all sides, so that a search costs the text's length; a full stop may follow an address.
    private static final Pattern IPV4 =
            Pattern.compile("(?<![0-9A-Za-z.])(\\d{1,3}(?:\\.\\d{1,3}){3})(?![0-9A-Za-z]|\\.[0-9A-Za-z])");
    private static final Pattern IPV6 = Pattern.compile("(?<![0-9A-Za-z.:])"
            + "([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\\d{1,3}(?:\\.\\d{1,3}){3})?)"
            + "(?![0-9A-Za-z:])");
    private static final Pattern IPV6_TAG = Pattern.compile("IPv6:", Pattern.CASE_INSENSITIVE);

    /** The longest name that DNS knows (RFC 1035, section 2.3.4). */
    private static final int LONGEST_NAME = 255;

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

    /** The addresses that the text holds, wherever they stand in it. No name is looked up. */
    static List<InetAddress> addresses(String text) {
        List<InetAddress> found = new ArrayList<>();
        Matcher ipv4 = IPV4.matcher(text);
        while (ipv4.find()) {
            byte[] address = ipv4(ipv4.group(1));
            if (address != null) {
                found.add(of(address));
            }
        }
        if (text.indexOf(':') >= 0) {
            Matcher ipv6 = IPV6.matcher(IPV6_TAG.matcher(text).replaceAll(" "));
            while (ipv6.find()) {
                // Null for colons of another meaning, such as the time.
                IPAddress address = new IPAddressString(ipv6.group(1)).getAddress();
                if (address != null) {
                    found.add(of(address.getBytes()));
                }
            }
        }
        return found;
    }

    /** Four numbers below 256; null for digits and dots of another meaning, such as a version. */
    private static byte[] ipv4(String literal) {
        byte[] address = new byte[4];
        int number = 0;
        int count = 0;
        for (int i = 0; i <= literal.length(); i++) {
            if (i < literal.length() && literal.charAt(i) != '.') {
                number = number * 10 + literal.charAt(i) - '0';
            } else if (number > 255) {
                return null;
            } else {
                address[count++] = (byte) number;
                number = 0;
            }
        }
        return address;
    }

    private static InetAddress of(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Whether no network outside routes the address: this host and this network (RFC 1122), private (RFC 1918), shared (RFC
     * 6598), link-local (RFC 3927, RFC 4291), site-local (RFC 3879), unique local (RFC 4193).
     */
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
        return bytes.length == 4
                ? first == 0 || (first == 100 && second >= 64 && second < 128)
                : (first & 0xfe) == 0xfc;
    }

    /** Whether the text holds an address of the inside. */
    static boolean holdsInnerAddress(String text) {
        return addresses(text).stream().anyMatch(InnerNames::isInner);
    }

    /** Whether a host of this name is ours: the public name, or a domain of ours, or below one. */
    boolean isOurs(String host) {
        String name = normalised(host);
        return name.equals(publicName) || (name.length() <= LONGEST_NAME && isBelowOurs(name));
    }

    /** Whether a host of this name is ours, or of somebody's inside; so is what is no name at all. */
    boolean isInner(String host) {
        String name = normalised(host);
        int dot = name.lastIndexOf('.');
        return dot < 0
                || name.length() > LONGEST_NAME
                || INNER_TOP_LEVELS.contains(name.substring(dot + 1))
                || isOurs(name);
    }

    private static String normalised(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private boolean isBelowOurs(String name) {
        String domain = name;
        while (domain.indexOf('.') > 0) {
            if (isOurDomain(domain)) {
                return true;
            }
            domain = domain.substring(domain.indexOf('.') + 1);
        }
        return false;
    }

    private boolean isOurDomain(String name) {
        Domain domain;
        try {
            domain = Domain.of(name);
        } catch (IllegalArgumentException noDomain) {
            return false;
        }
        return ours.test(domain);
    }
}
