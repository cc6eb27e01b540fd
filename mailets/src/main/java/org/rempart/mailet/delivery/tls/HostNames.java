/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Locale;
import java.util.regex.Pattern;
import org.rempart.policy.DomainNames;

/** Names of hosts as the DNS and certificates compare them. */
final class HostNames {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private HostNames() {}

    /** A-labels in lower case, without the final dot of an absolute name and the brackets of an address literal. */
    static String normalise(String host) {
        String name = host.strip();
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
            return name.toLowerCase(Locale.ROOT).startsWith("ipv6:") ? name.substring(5) : name;
        }
        return DomainNames.comparable(name);
    }

    /** Whether this is an address in numbers, not a name. */
    static boolean isAddress(String normalised) {
        return normalised.indexOf(':') >= 0 || IPV4.matcher(normalised).matches();
    }
}
