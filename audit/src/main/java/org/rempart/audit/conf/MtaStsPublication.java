/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The MTA-STS policy that a Rempart serves for its domains: {@code <mta-sts>} of rempart.xml.
 *
 * @param mode as the policy file has it
 * @param hosts that take mail; empty: those of the listeners
 * @param maxAge in seconds
 */
public record MtaStsPublication(String mode, List<String> hosts, long maxAge) {
    /** What is advised where nothing is said. */
    public static final MtaStsPublication USUAL = new MtaStsPublication("enforce", List.of(), 604_800);

    private static final Pattern AGE = Pattern.compile("(\\d{1,9})([smhd])");
    private static final Map<String, Integer> SECONDS = Map.of("s", 1, "m", 60, "h", 3_600, "d", 86_400);

    public MtaStsPublication {
        hosts = List.copyOf(hosts);
    }

    /** Reads it; whether it is right, {@code bin/rempart check-config} says. */
    static Optional<MtaStsPublication> read(Path conf) throws IOException {
        Path file = conf.resolve("rempart.xml");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return XmlNode.read(file).children("tls").stream()
                .flatMap(tls -> tls.children("mta-sts").stream())
                .findFirst()
                .map(MtaStsPublication::of);
    }

    private static MtaStsPublication of(XmlNode element) {
        Matcher age = AGE.matcher(element.attribute("maxAge"));
        String mx = element.attribute("mx");
        return new MtaStsPublication(
                element.attribute("mode"),
                mx.isBlank()
                        ? List.of()
                        : Arrays.stream(mx.split(",", -1))
                                .map(host ->
                                        host.strip().toLowerCase(Locale.ROOT).replaceFirst("\\.$", ""))
                                .toList(),
                age.matches() ? Long.parseLong(age.group(1)) * SECONDS.get(age.group(2)) : USUAL.maxAge());
    }

    /** The policy file, as the server makes it. */
    public String text(List<String> listeners) {
        StringBuilder text = new StringBuilder("version: STSv1\nmode: " + mode + "\n");
        if (!mode.equals("none")) {
            (hosts.isEmpty() ? listeners.stream().sorted().toList() : hosts)
                    .forEach(host -> text.append("mx: ").append(host).append('\n'));
        }
        return text.append("max_age: ").append(maxAge).append('\n').toString();
    }
}
