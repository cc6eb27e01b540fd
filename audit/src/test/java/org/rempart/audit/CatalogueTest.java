/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.rempart.audit.dns.Dns;
import org.rempart.audit.probe.Probes;

class CatalogueTest {
    private static final Set<String> PRODUCTS = Set.of("Rempart/James", "Postfix", "Exim", "Exchange", "Stalwart");

    @Test
    void everyCheckIsLookedAtBySomething() {
        Set<String> looked = new TreeSet<>();
        Probes.live(
                        (name, type) -> new Dns.Answer(Dns.Status.FAILED, List.of(), false, ""),
                        name -> "",
                        Clock.systemUTC(),
                        budget -> budget)
                .forEach(probe -> looked.addAll(probe.checks()));
        Set<String> live = Catalogue.packaged().all().stream()
                .map(Check::id)
                .filter(id -> !id.startsWith("conf."))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(looked).isEqualTo(live);
    }

    @Test
    void everyCheckSaysHowToMendIt() {
        for (Check check : Catalogue.packaged().all()) {
            assertThat(check.area()).isNotNull();
            if (check.id().startsWith("dns.")) {
                assertThat(check.fixes()).as(check.id()).containsOnlyKeys("DNS");
            } else if (check.id().startsWith("conf.")) {
                assertThat(check.fixes()).as(check.id()).containsOnlyKeys("Rempart/James");
            } else {
                assertThat(check.fixes().keySet()).as(check.id()).containsAll(PRODUCTS);
            }
        }
    }

    /** What is to be pasted names classes that are there. */
    @Test
    void classesOfOursThatAreNamedExist() throws IOException {
        Set<String> there = new HashSet<>();
        for (String module : List.of("smtp-hooks", "mailets", "matchers")) {
            Path sources = Path.of("..", module, "src", "main", "java");
            try (Stream<Path> files = Files.walk(sources)) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .forEach(file -> there.add(sources.relativize(file)
                                .toString()
                                .replace('/', '.')
                                .replaceAll("\\.java$", "")));
            }
        }
        Pattern name = Pattern.compile("org\\.rempart(?:\\.[a-z]+)+\\.[A-Z]\\w+");
        for (Check check : Catalogue.packaged().all()) {
            for (String fix : check.fixes().values()) {
                Matcher matcher = name.matcher(fix);
                while (matcher.find()) {
                    assertThat(there).as(check.id()).contains(matcher.group());
                }
            }
        }
    }
}
