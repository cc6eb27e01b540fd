/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.submission.Quantities;
import org.rempart.policy.tls.MtaStsPublication;
import org.rempart.policy.tls.MtaStsPublication.Mode;

/** Reads {@code <mta-sts>}. */
final class MtaStsReader {
    private static final Pattern PLACE =
            Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*]):(\\d{1,5})");
    private static final Pattern HOST =
            Pattern.compile("(\\*\\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+");

    private static final Duration SHORTEST = Duration.ofHours(1);
    private static final Duration USUAL = Duration.ofDays(7);

    private MtaStsReader() {}

    static MtaStsPublication read(XmlElement element) throws PolicyException {
        String right = "write the address and the port of the HTTPS listener, serve=\"0.0.0.0:443\"";
        String serve = element.required("serve", right);
        Matcher place = PLACE.matcher(serve);
        if (!place.matches() || Integer.parseInt(place.group(2)) > 65_535 || Integer.parseInt(place.group(2)) < 1) {
            throw element.fault(Wording.quoted(serve) + " is no address with a port", right);
        }
        Mode mode = element.keyword(
                "mode",
                element.required(
                        "mode",
                        "write mode=\"testing\" until others report no failures, then mode=\"enforce\"; mode=\"none\" takes"
                                + " a policy back"),
                EnumSet.allOf(Mode.class));
        MtaStsPublication publication = MtaStsPublication.of(
                place.group(1).replaceAll("[\\[\\]]", ""),
                Integer.parseInt(place.group(2)),
                mode,
                hosts(element),
                maxAge(element));
        if (element.hasAttribute("certificate") || element.hasAttribute("key")) {
            String both = "certificate and key go together, both PEM files: certificate=\"conf/tls/mta-sts.pem\""
                    + " key=\"conf/tls/mta-sts-key.pem\"";
            return publication.with(element.required("certificate", both), element.required("key", both));
        }
        return publication;
    }

    private static List<String> hosts(XmlElement element) throws PolicyException {
        List<String> hosts = new ArrayList<>();
        Optional<String> written = element.attribute("mx");
        if (written.isPresent()) {
            for (String host : element.list(written.get(), "MX hosts")) {
                String normal = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
                if (!HOST.matcher(normal).matches() || normal.length() > 253) {
                    throw element.fault(
                            Wording.quoted(host) + " is no name of a host",
                            "write mx=\"mail.example.com\", or *.example.com for the hosts one label below");
                }
                hosts.add(normal);
            }
        }
        return hosts;
    }

    private static Duration maxAge(XmlElement element) throws PolicyException {
        Optional<String> written = element.attribute("maxAge");
        if (written.isEmpty()) {
            return USUAL;
        }
        Duration age;
        try {
            age = Quantities.duration(written.get());
        } catch (PolicyException fault) {
            throw element.fault(fault);
        }
        if (age.compareTo(SHORTEST) < 0 || age.compareTo(MtaStsPublication.LONGEST) > 0) {
            throw element.fault(
                    "maxAge=" + Wording.quoted(written.get()) + " is not between an hour and a year",
                    "write maxAge=\"7d\"; weeks keep an attacker from waiting for its end");
        }
        return age;
    }
}
