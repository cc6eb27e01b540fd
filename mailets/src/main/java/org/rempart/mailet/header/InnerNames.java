/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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

    /** An IPv6 address where it stands, the tag before it or behind it left alone (RFC 5321, section 4.1.3). */
    private static final Pattern IPV6_IN_PLACE = Pattern.compile(
            "(?:(?<=IPv6:)|(?<![0-9A-Za-z.:]))([0-9A-F]{0,4}(?::[0-9A-F]{0,4}){2,7}(?:\\d{1,3}(?:\\.\\d{1,3}){3})?)"
                    + "(?=IPv6:|(?![0-9A-Za-z:]))",
            Pattern.CASE_INSENSITIVE);

    /** What may be a host name, with characters of other alphabets as their bytes. */
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_.\\x80-\\xff-]++");

    /** Addresses for documentation, which nobody has (RFC 5737, RFC 3849). */
    private static final String NEUTRAL_IPV4 = "192.0.2.1";

    /** RFC 6761, section 6.4. */
    private static final String NOBODY = "unknown.invalid";

    private static final String NEUTRAL_IPV6 = "2001:db8::1";

    /** More domains than the header of any mail names. Anyone who names more is not looked up any more. */
    private static final int MOST_DOMAINS = 500;

    /** IPv6 addresses that are read; a header may hold hundreds of thousands. What stands behind them counts as inner. */
    private static final int MOST_LITERALS = 2_000;

    /** No field that tells a recipient anything is longer. */
    static final int LONGEST_TEXT = 65_536;

    /** More than the fields of a header hold together that are worth looking into. */
    static final int MOST_TEXT = 131_072;

    /** The longest name that DNS knows (RFC 1035, section 2.3.4). */
    private static final int LONGEST_NAME = 255;

    private final Predicate<Domain> ours;
    private final String publicName;
    private final List<String> innerDomains;
    private final Set<String> machine;
    /** The list of ours may be a look-up in a directory. */
    private final Map<Domain, Boolean> known = new HashMap<>();

    private boolean tooMany;
    private int literals;
    private int textLeft = MOST_TEXT;

    /**
     * The names of one header.
     *
     * @param ours whether a domain is one that we receive mail for
     * @param publicName the name by which the outside knows this host
     * @param innerDomains domains of our inside, each with all below it, in lower case
     * @param machine the names of this machine, in lower case. Only they themselves are inner ones, since below {@code mx}
     *     there is a country; and only those with a dot, since a name without one is inner anyhow
     */
    InnerNames(Predicate<Domain> ours, String publicName, Collection<String> innerDomains, Collection<String> machine) {
        this.ours = ours;
        this.publicName = publicName.toLowerCase(Locale.ROOT);
        this.innerDomains = List.copyOf(innerDomains);
        this.machine = Set.copyOf(machine);
    }

    /** The addresses that the text holds, wherever they stand in it. No name is looked up. */
    List<InetAddress> addresses(String text) {
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
                if (!hasFormOfIpv6(ipv6.group(1))) {
                    continue;
                }
                if (++literals > MOST_LITERALS) {
                    found.add(InetAddress.getLoopbackAddress());
                    break;
                }
                ipv6(ipv6.group(1)).ifPresent(found::add);
            }
        }
        return found;
    }

    /** Whether there are as many groups as there must be (RFC 4291, section 2.2): the time of day has fewer. */
    private static boolean hasFormOfIpv6(String literal) {
        long colons = literal.chars().filter(c -> c == ':').count();
        return literal.contains("::") || colons == 7 || (colons == 6 && literal.indexOf('.') >= 0);
    }

    /**
     * An address of that form; empty where its groups are wrong. What holds a colon is no name, so that nothing is looked up.
     */
    private static Optional<InetAddress> ipv6(String literal) {
        try {
            return Optional.of(InetAddress.getByName(literal));
        } catch (UnknownHostException none) {
            return Optional.empty();
        }
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

    /** Whether the text holds an internal address. */
    boolean holdsInnerAddress(String text) {
        return addresses(text).stream().anyMatch(InnerNames::isInner);
    }

    /** Whether a host of this name is ours: the public name, or a domain of ours, or below one. */
    boolean isOurs(String host) {
        String name = normalised(host);
        return name.equals(publicName)
                || (name.length() <= LONGEST_NAME && (isWithinInnerDomains(name) || isBelowOurs(name)));
    }

    /**
     * Whether the name is that of an inner host of ours: below one of our domains or within an inner one. Our domains
     * themselves and the public name are known to all.
     */
    boolean isOwnInnerHost(String host) {
        String name = normalised(host);
        return name.length() <= LONGEST_NAME
                && !name.equals(publicName)
                && (isWithinInnerDomains(name) || (!isOurDomain(name) && isBelowOurs(name)) || tooMany);
    }

    /** Whether the name is that of an inner host of ours, or of anybody's, or none that the outside can know. */
    boolean isInnerHost(String host) {
        String name = normalised(host);
        int dot = name.lastIndexOf('.');
        return !name.equals(publicName)
                && (dot < 0
                        || name.length() > LONGEST_NAME
                        || INNER_TOP_LEVELS.contains(name.substring(dot + 1))
                        || isOwnInnerHost(name));
    }

    private boolean isWithinInnerDomains(String name) {
        if (name.indexOf('.') > 0 && machine.contains(name)) {
            return true;
        }
        for (String inner : innerDomains) {
            if (name.endsWith(inner)
                    && (name.length() == inner.length() || name.charAt(name.length() - inner.length() - 1) == '.')) {
                return true;
            }
        }
        return false;
    }

    /** The text with neutral addresses in the place of inner ones, and the public name in that of inner host names. */
    String neutralise(String text) {
        return neutralise(text, publicName);
    }

    /**
     * The same, where the text is somebody else's.
     *
     * @return the text in which inner hosts that are not ours have a name that nobody has
     */
    String neutraliseOfOthers(String text) {
        return neutralise(text, NOBODY);
    }

    /**
     * Takes a field's length from what may be looked into of a header. All that the other methods do with the field costs
     * time in proportion to it.
     *
     * @return whether the field may be looked into; else nothing of it may leave
     */
    boolean mayLookInto(int length) {
        if (length > LONGEST_TEXT || length > textLeft) {
            return false;
        }
        textLeft -= length;
        return true;
    }

    /**
     * Whether a text holds an inner address, or the name of an inner host with a dot in it; also when it may not be looked
     * into.
     */
    boolean tellsOfTheInside(String text) {
        if (text.indexOf('.') < 0 && text.indexOf(':') < 0) {
            return text.length() > LONGEST_TEXT;
        }
        return !mayLookInto(text.length()) || !neutralise(text).equals(text);
    }

    private String neutralise(String text, String other) {
        String result = text;
        if (text.indexOf(':') >= 0) {
            result = IPV6_IN_PLACE
                    .matcher(result)
                    .replaceAll(found -> Matcher.quoteReplacement(neutralIpv6(found.group())));
        }
        result = IPV4.matcher(result).replaceAll(found -> Matcher.quoteReplacement(neutralIpv4(found.group())));
        return WORD.matcher(result).replaceAll(found -> Matcher.quoteReplacement(neutralHost(found.group(), other)));
    }

    private String neutralIpv6(String literal) {
        if (!hasFormOfIpv6(literal)) {
            return literal;
        }
        if (++literals > MOST_LITERALS) {
            return NEUTRAL_IPV6;
        }
        return ipv6(literal).filter(InnerNames::isInner).isPresent() ? NEUTRAL_IPV6 : literal;
    }

    private static String neutralIpv4(String literal) {
        byte[] address = ipv4(literal);
        return address != null && isInner(of(address)) ? NEUTRAL_IPV4 : literal;
    }

    private String neutralHost(String word, String other) {
        int start = 0;
        int end = word.length();
        while (start < end && word.charAt(start) == '.') {
            start++;
        }
        while (end > start && word.charAt(end - 1) == '.') {
            end--;
        }
        String host = word.substring(start, end);
        return host.indexOf('.') >= 0 && isInnerHost(host)
                ? word.substring(0, start) + (isOwnInnerHost(host) ? publicName : other) + word.substring(end)
                : word;
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
        try {
            return isOurDomain(Domain.of(name));
        } catch (IllegalArgumentException noDomain) {
            return false;
        }
    }

    /** Whether we receive mail for the domain; also when there are too many to ask for. */
    boolean isOurDomain(Domain domain) {
        Boolean answer = known.get(domain);
        if (answer == null) {
            if (known.size() >= MOST_DOMAINS) {
                tooMany = true;
                return true;
            }
            answer = ours.test(domain);
            known.put(domain, answer);
        }
        return answer;
    }
}
