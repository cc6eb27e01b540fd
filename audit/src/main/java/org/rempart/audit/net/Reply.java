/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A reply of SMTP (RFC 5321, section 4.2).
 *
 * @param code its three digits
 * @param lines its text, without codes
 */
public record Reply(int code, List<String> lines) {
    private static final Pattern RATE = Pattern.compile(
            "(?i)\\b(rate|too (many|much|fast|frequent)|slow down|throttl|temporar\\w+ (block|ban|refus"
                    + "|reject|defer)|limit(ed|s)?( is)? (exceeded|reached)|exceeded|blocked|banned|concurren|overload)");
    private static final Pattern GREYLIST = Pattern.compile("(?i)gr[ea]y ?-?list");

    public boolean positive() {
        return code >= 200 && code < 400;
    }

    /** 2xx: what was asked for is done. */
    public boolean completed() {
        return code >= 200 && code < 300;
    }

    public boolean transientFailure() {
        return code >= 400 && code < 500;
    }

    public boolean permanentFailure() {
        return code >= 500 && code < 600;
    }

    public String text() {
        return String.join(" ", lines);
    }

    /** Whether the server says by it that this client comes too often, and will hear nothing else for a while. */
    public boolean holdsOff() {
        return transientFailure()
                && !GREYLIST.matcher(text()).find()
                && RATE.matcher(text()).find();
    }

    /** Whether it speaks of the recipient's or sender's domain as one that can't receive mail: no word on relaying. */
    public boolean blamesDomain() {
        String text = text().toLowerCase(Locale.ROOT);
        return text.contains("5.1.10")
                || text.contains("nullmx")
                || text.contains("null mx")
                || text.contains("domain not found")
                || text.contains("unrouteable address")
                || text.contains("unroutable")
                || text.contains("host or domain name not found")
                || text.contains("domain does not accept mail")
                || text.contains("does not accept mail (nullmx)");
    }

    /** Like {@code 550 5.7.1 Relaying denied}. */
    @Override
    public String toString() {
        return Printable.line(code + " " + text(), 200);
    }
}
