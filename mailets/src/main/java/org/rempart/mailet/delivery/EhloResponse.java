/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a server offers: its answer to EHLO (RFC 5321, section 4.1.1.1), or nothing after HELO. */
final class EhloResponse {
    private final Map<String, String> keywords;

    private EhloResponse(Map<String, String> keywords) {
        this.keywords = keywords;
    }

    /** The keywords of a reply; its first line is a greeting. */
    static EhloResponse of(SmtpReply reply) {
        Map<String, String> keywords = new TreeMap<>();
        for (String line : reply.lines().subList(1, reply.lines().size())) {
            String[] words = line.trim().split(" +", 2);
            keywords.put(words[0].toUpperCase(Locale.ROOT), words.length > 1 ? words[1].trim() : "");
        }
        return new EhloResponse(keywords);
    }

    /** A server that only knows HELO. */
    static EhloResponse none() {
        return new EhloResponse(Map.of());
    }

    boolean offers(String keyword) {
        return keywords.containsKey(keyword);
    }

    /** The SASL mechanisms (RFC 4954, section 3), in capitals. */
    Set<String> authMechanisms() {
        String mechanisms = keywords.getOrDefault("AUTH", "").toUpperCase(Locale.ROOT);
        return Set.copyOf(List.of(mechanisms.split(" +")));
    }

    /** Whether a message of so many bytes is larger than the server takes (RFC 1870); not when it names no limit. */
    boolean isTooLarge(long size) {
        try {
            long limit = Long.parseLong(keywords.getOrDefault("SIZE", "0"));
            return limit > 0 && size > limit;
        } catch (NumberFormatException noLimit) {
            return false;
        }
    }
}
