/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.DomainNames;

/** Where a domain wants the reports about mail in its name (RFC 7489, sections 6.2 and 7.1). */
public final class ReportPlaces {
    /** Of more places the first ones count. */
    private static final int MOST = 5;

    private static final Pattern PLACE =
            Pattern.compile("(?i)mailto:([^!?]{3,320})(?:\\?[^!]*)?(?:!([0-9]{1,9})([kmgt]?))?");

    private ReportPlaces() {}

    /**
     * The addresses that a domain names, each with the largest report that it takes, in bytes. One of another organisation counts
     * only where that one says that it takes reports about this domain.
     *
     * @param domain that has the record
     * @throws UnansweredException when the DNS does not say
     */
    public static Map<MailAddress, OptionalLong> of(Dns dns, String domain) throws UnansweredException {
        Map<MailAddress, OptionalLong> places = new LinkedHashMap<>();
        Optional<Map<String, String>> record = DmarcRecord.tags(dns.texts("_dmarc." + domain));
        if (record.isEmpty()) {
            return places;
        }
        for (String written : places(record.get())) {
            Matcher place = PLACE.matcher(written);
            Optional<MailAddress> address = place.matches() ? address(place.group(1)) : Optional.empty();
            if (address.isEmpty()) {
                continue;
            }
            for (MailAddress taken : taken(dns, domain, address.get())) {
                places.putIfAbsent(taken, largest(place));
            }
        }
        return places;
    }

    private static List<String> places(Map<String, String> tags) {
        List<String> places = new ArrayList<>();
        for (String place : tags.getOrDefault("rua", "").split(",", MOST + 1)) {
            if (places.size() < MOST && !place.isBlank()) {
                places.add(place.strip());
            }
        }
        return places;
    }

    private static OptionalLong largest(Matcher place) {
        if (place.group(2) == null) {
            return OptionalLong.empty();
        }
        int power =
                " kmgt".indexOf(place.group(3).isEmpty() ? " " : place.group(3).toLowerCase(Locale.ROOT));
        return OptionalLong.of(Long.parseLong(place.group(2)) << (10 * power));
    }

    /** Section 7.1: the address, or the one that its own domain names in its place; none where that domain does not agree. */
    private static List<MailAddress> taken(Dns dns, String domain, MailAddress address) throws UnansweredException {
        String there = DomainNames.comparable(address.getDomain().asString());
        if (DmarcRecord.registrable(there).equals(DmarcRecord.registrable(domain))) {
            return List.of(address);
        }
        Optional<Map<String, String>> agrees = DmarcRecord.tags(dns.texts(domain + "._report._dmarc." + there));
        if (agrees.isEmpty()) {
            return List.of();
        }
        if (!agrees.get().containsKey("rua")) {
            return List.of(address);
        }
        List<MailAddress> others = new ArrayList<>();
        for (String written : places(agrees.get())) {
            Matcher place = PLACE.matcher(written);
            Optional<MailAddress> other = place.matches() ? address(place.group(1)) : Optional.empty();
            // At the same host, as the section demands.
            other.filter(one ->
                            DomainNames.comparable(one.getDomain().asString()).equals(there))
                    .ifPresent(others::add);
        }
        return others;
    }

    private static Optional<MailAddress> address(String text) {
        try {
            String decoded = new URI("mailto:" + text).getSchemeSpecificPart();
            return decoded.matches("[!-~&&[^\\[]]+") ? Optional.of(new MailAddress(decoded)) : Optional.empty();
        } catch (AddressException | URISyntaxException none) {
            return Optional.empty();
        }
    }
}
