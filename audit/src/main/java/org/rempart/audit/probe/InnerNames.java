/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds private addresses and names of inner hosts in text. */
final class InnerNames {
    /** RFC 1918, 6598, 3927 and 5735. */
    private static final Pattern IPV4 = Pattern.compile("(?<![\\d.])(?:10(?:\\.\\d{1,3}){3}|192\\.168(?:\\.\\d{1,3}){2}"
            + "|172\\.(?:1[6-9]|2\\d|3[01])(?:\\.\\d{1,3}){2}|100\\.(?:6[4-9]|[7-9]\\d|1[01]\\d|12[0-7])(?:\\.\\d{1,3}){2}"
            + "|169\\.254(?:\\.\\d{1,3}){2}|127(?:\\.\\d{1,3}){3})(?![\\d.]*\\d)");

    /** RFC 4193 and 4291: unique local, link local, loopback. */
    private static final Pattern IPV6 = Pattern.compile(
            "(?i)(?<![\\w:.])(?:f[cd][0-9a-f]{2}:[0-9a-f:]+|fe[89ab][0-9a-f]:[0-9a-f:]+|::1)(?![\\w:])");

    /** Top-level names that are used inside only (RFC 2606, 6762, 8375, and what Active Directory sites call themselves). */
    private static final Pattern NAME = Pattern.compile(
            "(?i)\\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+"
                    + "(?:local|localdomain|lan|internal|intranet|intern|corp|home|home\\.arpa|private|localhost|ad|priv|dmz)\\b");

    private static final Pattern BARE = Pattern.compile("(?i)\\b(?:localhost|ip-\\d+-\\d+-\\d+-\\d+\\S*"
            + "|(?:srv|vm|host|node|dc|mx|exch|exchange|mail|desktop|laptop|pc|ws)-[a-z0-9]{2,}[a-z0-9-]*(?![\\w.-]))");

    private InnerNames() {}

    /**
     * The first that a text has.
     *
     * @param known names and addresses that are no secret, lower case: what the server was called by
     */
    static Optional<String> in(String text, Set<String> known) {
        for (Pattern pattern : new Pattern[] {IPV4, IPV6, NAME, BARE}) {
            Matcher matcher = pattern.matcher(text);
            while (matcher.find()) {
                if (!known.contains(matcher.group().toLowerCase(Locale.ROOT))) {
                    return Optional.of(matcher.group());
                }
            }
        }
        return Optional.empty();
    }
}
