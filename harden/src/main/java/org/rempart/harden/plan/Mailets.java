/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.rempart.harden.xml.XmlElement;

/** What is said of a mailet: its class, its matcher, where it sends mail. */
final class Mailets {
    private static final Set<String> PACKAGES =
            Set.of("org.apache.james.", "org.rempart.mailet.", "org.rempart.matcher.", "org.rempart.smtp.");

    private Mailets() {}

    /** The name of a class of James or of ours without its package; another's name whole. */
    static String simple(String name) {
        return PACKAGES.stream().anyMatch(name::startsWith) ? name.substring(name.lastIndexOf('.') + 1) : name;
    }

    static boolean is(XmlElement mailet, String simpleClass) {
        return simple(mailet.attribute("class")).equals(simpleClass);
    }

    /** Whether its matcher is this one; with a condition, or in front of one. */
    static boolean matches(XmlElement mailet, String matcher) {
        String match = mailet.attribute("match");
        String condition = match.contains("=") ? match.substring(match.indexOf('=')) : "";
        String name = simple(match.substring(0, match.length() - condition.length()));
        return matcher.contains("=") ? matcher.equals(name + condition) : matcher.equals(name);
    }

    /** The processor that it sends mail to, if it is a ToProcessor. */
    static Optional<String> goesTo(XmlElement mailet) {
        return is(mailet, "ToProcessor") ? Optional.of(mailet.text("processor")) : Optional.empty();
    }

    static List<String> list(String text) {
        return Arrays.stream(text.split(",", -1)).map(String::strip).collect(Collectors.toList());
    }

    static boolean delivers(XmlElement mailet) {
        return is(mailet, "RemoteDelivery") || is(mailet, "SecureRemoteDelivery");
    }
}
