/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;

/** A DNS of lines as a zone file has them, such as {@code example.com TXT v=spf1 -all}; {@code NAME FAIL} is not answered. */
final class Zone implements Dns {
    private final Map<String, List<String>> records = new HashMap<>();

    /** Every question, as {@code example.com TXT}. */
    final List<String> questions = new ArrayList<>();

    static Zone of(String... lines) {
        Zone zone = new Zone();
        for (String line : lines) {
            zone.add(line);
        }
        return zone;
    }

    Zone add(String line) {
        String[] parts = line.split(" ", 3);
        records.computeIfAbsent(key(parts[0], parts[1]), key -> new ArrayList<>())
                .add(parts.length > 2 ? parts[2] : "");
        return this;
    }

    private static String key(String name, String type) {
        return name.toLowerCase(Locale.ROOT) + " " + type;
    }

    private List<String> ask(String name, String type) throws UnansweredException {
        questions.add(name + " " + type);
        if (records.containsKey(key(name, "FAIL"))) {
            throw new UnansweredException(name, new IllegalStateException());
        }
        return records.getOrDefault(key(name, type), List.of());
    }

    @Override
    public List<MailExchanger> exchangers(String domain) throws UnansweredException {
        List<MailExchanger> exchangers = new ArrayList<>();
        ask(domain, "MX").forEach(host -> exchangers.add(MailExchanger.of(host, exchangers.size())));
        return exchangers;
    }

    @Override
    public List<InetAddress> addresses(String host) throws UnansweredException {
        List<InetAddress> addresses = new ArrayList<>();
        for (String type : List.of("A", "AAAA")) {
            for (String literal : ask(host, type)) {
                try {
                    addresses.add(InetAddress.getByName(literal));
                } catch (UnknownHostException none) {
                    throw new IllegalArgumentException(none);
                }
            }
        }
        return addresses;
    }

    @Override
    public List<String> texts(String name) throws UnansweredException {
        return ask(name, "TXT");
    }

    @Override
    public List<String> names(InetAddress address) throws UnansweredException {
        return ask(address.getHostAddress(), "PTR");
    }
}
