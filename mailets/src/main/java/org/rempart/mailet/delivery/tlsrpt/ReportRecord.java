/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;

/** Where a domain wants its reports (RFC 8460, section 3). */
final class ReportRecord {
    private static final int MOST = 5;
    private static final int HTTPS = 443;

    private final List<MailAddress> addresses;
    private final List<URI> sites;

    private ReportRecord(List<MailAddress> addresses, List<URI> sites) {
        this.addresses = List.copyOf(addresses);
        this.sites = List.copyOf(sites);
    }

    /**
     * What the texts at {@code _smtp._tls.} of a domain say. Of more than five places the first five count; those that can't
     * be read, or are no addresses of mail and no sites of HTTPS at its own port, don't count.
     *
     * @return empty where there is none, or more than one
     */
    static Optional<ReportRecord> of(List<String> texts) {
        List<String> records = texts.stream()
                .filter(text -> text.matches("(?s)v=TLSRPTv1\\s*(;.*)?"))
                .collect(Collectors.toList());
        if (records.size() != 1) {
            return Optional.empty();
        }
        List<MailAddress> addresses = new ArrayList<>();
        List<URI> sites = new ArrayList<>();
        for (String field : records.get(0).split(";", -1)) {
            int equals = field.indexOf('=');
            if (equals < 0 || !field.substring(0, equals).strip().equals("rua")) {
                continue;
            }
            String[] places = field.substring(equals + 1).split(",", -1);
            for (int i = 0; i < places.length && i < MOST; i++) {
                String place = places[i].strip();
                if (place.toLowerCase(Locale.ROOT).startsWith("mailto:")) {
                    address(place.substring("mailto:".length())).ifPresent(addresses::add);
                } else {
                    site(place).ifPresent(sites::add);
                }
            }
        }
        return addresses.isEmpty() && sites.isEmpty()
                ? Optional.empty()
                : Optional.of(new ReportRecord(addresses, sites));
    }

    private static Optional<MailAddress> address(String text) {
        try {
            String decoded = new URI("mailto:" + text.replaceFirst("\\?.*", "")).getSchemeSpecificPart();
            MailAddress address = new MailAddress(decoded);
            return decoded.matches("[!-~&&[^\\[]]+") ? Optional.of(address) : Optional.empty();
        } catch (AddressException | URISyntaxException none) {
            return Optional.empty();
        }
    }

    private static Optional<URI> site(String text) {
        try {
            URI site = new URI(text);
            boolean right = "https".equalsIgnoreCase(site.getScheme())
                    && site.getHost() != null
                    && site.getHost().matches("[A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*")
                    && site.getUserInfo() == null
                    && (site.getPort() == -1 || site.getPort() == HTTPS);
            return right ? Optional.of(site) : Optional.empty();
        } catch (URISyntaxException none) {
            return Optional.empty();
        }
    }

    List<MailAddress> addresses() {
        return addresses;
    }

    List<URI> sites() {
        return sites;
    }
}
