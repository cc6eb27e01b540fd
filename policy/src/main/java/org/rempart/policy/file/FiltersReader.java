/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.filter.AwayHandling;
import org.rempart.policy.filter.Filter;
import org.rempart.policy.filter.FilterHandling;
import org.rempart.policy.filter.FilterPolicy;
import org.rempart.policy.filter.FilteredMail;
import org.rempart.policy.submission.Quantities;

/** Reads {@code <filters>}. */
final class FiltersReader {
    /** Each is waited for, one after the other, while the client waits. */
    private static final int MOST = 5;

    /** RFC 5321, section 4.5.3.2.6: a client waits ten minutes for the answer to a message. All filters share half of it. */
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private static final String EXAMPLE =
            "write at=\"http://127.0.0.1:11333\" for rspamd, or at=\"milter://127.0.0.1:7357\" for a milter";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern PLACE =
            Pattern.compile("(http|milter)://([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]):([0-9]{1,5})/?");
    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,5})([KM])");

    private FiltersReader() {}

    static FilterPolicy read(XmlElement filters, NetworksReader networks) throws PolicyException {
        List<Filter> read = new ArrayList<>();
        Map<String, XmlElement> names = new HashMap<>();
        Duration all = Duration.ZERO;
        for (XmlElement filter : filters.children("filter")) {
            Filter one = filter(filter, networks);
            XmlElement before = names.putIfAbsent(one.name(), filter);
            if (before != null) {
                throw filter.fault(
                        "a second filter " + Wording.quoted(one.name()) + ", the first is at " + before.location(),
                        "give this one another name");
            }
            read.add(one);
            all = all.plus(one.timeout());
            if (read.size() > MOST) {
                throw filter.fault("more than " + MOST + " filters", "leave some out: a client waits for each of them");
            }
            if (all.compareTo(LONGEST) > 0) {
                throw filter.fault(
                        "the filters have " + all.toSeconds() + " s together, and the client gives up",
                        "write timeouts that are no more than " + LONGEST.toSeconds() + "s together");
            }
        }
        return FilterPolicy.of(read);
    }

    private static Filter filter(XmlElement filter, NetworksReader networks) throws PolicyException {
        String name = filter.required("name", "write name=\"rspamd\" or the like; the audit trail names it so");
        if (!NAME.matcher(name).matches()) {
            throw filter.fault(
                    Wording.quoted(name) + " can't be the name of a filter",
                    "write letters, digits, and . _ - behind them");
        }
        String at = filter.required("at", EXAMPLE);
        Matcher place = PLACE.matcher(at);
        if (!place.matches()) {
            throw filter.fault(Wording.quoted(at) + " is no place of a filter", EXAMPLE);
        }
        int port = Integer.parseInt(place.group(3));
        if (port < 1 || port > 65_535) {
            throw filter.fault(Wording.quoted(place.group(3)) + " is no port", "write one from 1 to 65535");
        }
        Filter.Protocol protocol = place.group(1).equals("http") ? Filter.Protocol.HTTP : Filter.Protocol.MILTER;
        String host = place.group(2).replaceAll("[\\[\\]]", "");
        Filter.Builder builder = Filter.builder(name, protocol, host, port, filter.rule())
                .mail(filter.keyword(
                        "mail", filter.attribute("mail").orElse("outside"), EnumSet.allOf(FilteredMail.class)))
                .reject(handling(filter, "reject", "refuse"))
                .quarantine(handling(filter, "quarantine", "quarantine"))
                .spam(handling(filter, "spam", "junk"))
                .away(filter.keyword(
                        "unanswered",
                        filter.attribute("unanswered").orElse("defer"),
                        EnumSet.allOf(AwayHandling.class)))
                .except(networks.networks(), ExceptReader.read(filter, networks));
        Optional<String> timeout = filter.attribute("timeout");
        if (timeout.isPresent()) {
            builder.timeout(duration(filter, timeout.get()));
        }
        Optional<String> largest = filter.attribute("largest");
        if (largest.isPresent()) {
            builder.largest(size(filter, largest.get()));
        }
        return builder.build();
    }

    private static FilterHandling handling(XmlElement filter, String attribute, String otherwise)
            throws PolicyException {
        return filter.keyword(
                attribute, filter.attribute(attribute).orElse(otherwise), EnumSet.allOf(FilterHandling.class));
    }

    private static Duration duration(XmlElement filter, String written) throws PolicyException {
        try {
            return Quantities.duration(written);
        } catch (PolicyException fault) {
            throw filter.fault(fault);
        }
    }

    private static long size(XmlElement filter, String written) throws PolicyException {
        Matcher size = SIZE.matcher(written);
        if (!size.matches()) {
            throw filter.fault(Wording.quoted(written) + " is no size", "write a number and K or M: largest=\"10M\"");
        }
        return Long.parseLong(size.group(1)) * (size.group(2).equals("K") ? 1024 : 1024 * 1024);
    }
}
