/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.api.TemporaryResolutionException;

/**
 * The DNS by whatever service James has. That orders MX hosts without telling their preferences: each counts as preferred to
 * those behind it. Where it does not say whether it got no answer or this one, it is taken for this one.
 */
final class JamesDns implements Dns {
    private static final Pattern QUOTED = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"", Pattern.DOTALL);
    private static final Pattern ESCAPED = Pattern.compile("\\\\(\\d{3}|.)", Pattern.DOTALL);

    private final DNSService dns;

    JamesDns(DNSService dns) {
        this.dns = dns;
    }

    @Override
    public List<MailExchanger> exchangers(String domain) throws UnansweredException {
        List<MailExchanger> exchangers = new ArrayList<>();
        try {
            Collection<String> found = dns.findMXRecords(domain);
            if (found != null) {
                found.forEach(name -> exchangers.add(MailExchanger.of(name, exchangers.size())));
            }
        } catch (TemporaryResolutionException unanswered) {
            throw new UnansweredException(domain, unanswered);
        }
        return exchangers;
    }

    @Override
    public List<InetAddress> addresses(String host) {
        try {
            return List.copyOf(dns.getAllByName(host));
        } catch (UnknownHostException unknown) {
            return List.of();
        }
    }

    @Override
    public List<String> texts(String name) {
        return dns.findTXTRecords(name).stream().map(JamesDns::joined).collect(Collectors.toList());
    }

    @Override
    public List<String> names(InetAddress address) {
        String name = dns.getHostName(address);
        return name == null || name.equals(address.getHostAddress()) ? List.of() : List.of(name);
    }

    /** James's service gives a record as a zone file has it: strings in quotation marks, with a space between. */
    private static String joined(String record) {
        if (!record.startsWith("\"")) {
            return record;
        }
        StringBuilder joined = new StringBuilder();
        Matcher strings = QUOTED.matcher(record);
        while (strings.find()) {
            joined.append(ESCAPED.matcher(strings.group(1)).replaceAll(JamesDns::unescaped));
        }
        return joined.toString();
    }

    private static String unescaped(MatchResult escaped) {
        String code = escaped.group(1);
        return Matcher.quoteReplacement(code.length() == 3 ? String.valueOf((char) Integer.parseInt(code)) : code);
    }
}
